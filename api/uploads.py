"""Files that come in over HTTP: kept in a private folder while they are read, under names of our making."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.requests import Request

from api.errors import RequestRefused
from api.settings import Settings
from graph.access.gate import Gate
from graph.access.policy import Action
from graph.errors import UsageError

#: at most this many files at once; the bundle has fourteen
MOST_FILES, MOST_FIELDS = 32, 16

#: endings the loader reads; everything else keeps none
_ENDINGS = frozenset({".csv", ".geojson", ".json", ".xlsx", ".zip", ".yaml", ".yml"})
_PLAIN_NAME = re.compile(r"[a-z][a-z0-9_-]{0,60}")


@dataclass(frozen=True, slots=True)
class Upload:
    """What came in."""

    #: data files
    paths: tuple[Path, ...]
    #: mapping files
    mappings: tuple[Path, ...]
    #: plain fields of the form
    fields: dict[str, str]


@asynccontextmanager
async def receive(request: Request, gate: Gate, settings: Settings) -> AsyncIterator[Upload]:
    """The files of a multipart form. The role is checked before the body is read; afterwards the files are gone.

    Form fields: ``files`` (data, several), ``mapping`` (YAML, several), ``agency``, ``reason``. Raises Refused,
    UsageError, RequestRefused (415).
    """
    await run_in_threadpool(gate.require, Action.LOAD, "load")
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "multipart/form-data":
        raise RequestRefused(415, "unsupported_media_type", "a load is a form of files (multipart/form-data)")
    if settings.spool is not None:
        settings.spool.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="kith-load-", dir=settings.spool))
    try:
        # The parser spools each part to an unnamed file that only this process can open.
        async with request.form(max_files=MOST_FILES, max_fields=MOST_FIELDS) as form:
            paths: list[Path] = []
            mappings: list[Path] = []
            fields: dict[str, str] = {}
            for number, (name, value) in enumerate(form.multi_items(), 1):
                if not isinstance(value, UploadFile):
                    fields[name] = value
                elif value.filename:
                    path = folder / str(number) / stored_name(value.filename, number)
                    await run_in_threadpool(_keep, value, path)
                    (mappings if name == "mapping" else paths).append(path)
        if not paths:
            raise UsageError("send at least one file in the field files")
        yield Upload(tuple(paths), tuple(mappings), fields)
    finally:
        await run_in_threadpool(shutil.rmtree, folder, ignore_errors=True)


def stored_name(given: str, number: int) -> str:
    """A name for a file: the plain one it was sent with, which says what table it is, else one of our making."""
    last = re.split(r"[/\\]", given)[-1].lower()
    stem, dot, ending = last.rpartition(".")
    ending = dot + ending
    if ending not in _ENDINGS:
        ending = ""
    return (stem if ending and _PLAIN_NAME.fullmatch(stem) else f"upload-{number}") + ending


def _keep(upload: UploadFile, path: Path) -> None:
    path.parent.mkdir(mode=0o700)
    with path.open("xb") as target:
        shutil.copyfileobj(upload.file, target, 1 << 20)
