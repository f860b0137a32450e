"""Columns and snapshots as .npy files in a folder per change counter, memory-mapped when opened again.

A folder is written under another name and renamed, so that nobody opens half of one. Folders of older counters are
removed by whoever writes a newer one; whoever still maps their files keeps them until done. Only the owner may read.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterable, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import orjson

from graph.model import Restriction
from graph.snapshot import AreaTables, EpisodeArrays, NodeArrays, ReportArrays, Snapshot, Strings, TieArrays
from graph.stores.snapshots import Columns

#: layout of the files; another number is another folder
LAYOUT = 1
#: snapshots kept for one change counter
MOST_SNAPSHOTS = 8
_PARTS: dict[str, Any] = {"nodes": NodeArrays, "ties": TieArrays, "reports": ReportArrays, "episodes": EpisodeArrays}


class SnapshotFiles:
    """The files of one change counter of one store."""

    def __init__(self, root: Path, sequence: int, committed_at: int) -> None:
        """``committed_at`` (microseconds) tells a restored store from the one it replaced."""
        self.root, self.sequence = root, sequence
        self.folder = root / f"{LAYOUT}-{sequence}-{committed_at}"

    def key(self, allowed: Iterable[int], known_at: dt.datetime | None, as_at: dt.date, scope: str | None) -> str:
        """Name of the snapshot that this lens and scope give."""
        parts = [sorted(allowed), None if known_at is None else known_at.isoformat(), as_at.isoformat(), scope]
        return hashlib.blake2b(orjson.dumps(parts), digest_size=12).hexdigest()

    # -- columns -----------------------------------------------------------------------------------------------
    def columns(self) -> Columns | None:
        """The columns of this change counter, when they have been kept."""
        found = _opened(self.folder / "columns")
        if found is None:
            return None
        plain, arrays = found
        values = {name: _value(name, plain, arrays) for name in _names(Columns)}
        return Columns(**values)

    def keep_columns(self, columns: Columns) -> None:
        plain = {
            "sequence": columns.sequence,
            "restrictions": list(columns.restrictions),
            "agencies": list(columns.agencies),
        }
        self._keep("columns", plain, {name: getattr(columns, name) for name in _names(Columns)})

    # -- snapshots ---------------------------------------------------------------------------------------------
    def snapshot(self, key: str) -> Snapshot | None:
        found = _opened(self.folder / key)
        if found is None:
            return None
        plain, arrays = found
        parts = {
            part: kind(**{name: _value(f"{part}.{name}", plain, arrays) for name in _names(kind)})
            for part, kind in _PARTS.items()
        }
        boundaries = arrays["areas.boundaries"]
        areas = AreaTables(
            tuple(plain["areas.ids"]),
            tuple(boundaries.data[start:end].tobytes() for start, end in _spans(boundaries)),
            tuple((row, amount, start, end) for row, amount, start, end in plain["areas.exposure"]),
            tuple(
                (row, band, sex, ethnicity, amount) for row, band, sex, ethnicity, amount in plain["areas.population"]
            ),
        )
        return Snapshot(
            plain["sequence"],
            dt.date.fromisoformat(plain["as_at"]),
            None if plain["known_at"] is None else dt.datetime.fromisoformat(plain["known_at"]),
            plain["scope"],
            **parts,
            areas=areas,
            restrictions=frozenset(Restriction.from_key(each) for each in plain["restrictions"]),
        )

    def keep_snapshot(self, key: str, snapshot: Snapshot) -> None:
        plain: dict[str, Any] = {
            "sequence": snapshot.sequence,
            "as_at": snapshot.as_at.isoformat(),
            "known_at": None if snapshot.known_at is None else snapshot.known_at.isoformat(),
            "scope": snapshot.scope,
            "restrictions": sorted(each.key for each in snapshot.restrictions),
            "reports.agencies": list(snapshot.reports.agencies),
            "areas.ids": list(snapshot.areas.ids),
            "areas.exposure": [list(each) for each in snapshot.areas.exposure],
            "areas.population": [list(each) for each in snapshot.areas.population],
        }
        arrays: dict[str, Any] = {}
        for part, kind in _PARTS.items():
            for name in _names(kind):
                arrays[f"{part}.{name}"] = getattr(getattr(snapshot, part), name)
        arrays["areas.boundaries"] = _bytes_joined(snapshot.areas.boundaries)
        self._keep(key, plain, arrays)
        self._forget_old_snapshots()

    # -- files -------------------------------------------------------------------------------------------------
    def _keep(self, name: str, plain: Mapping[str, Any], values: Mapping[str, Any]) -> None:
        """Write a folder whole or not at all. A disk that is full or read-only costs the next reader time only."""
        try:
            self.root.mkdir(mode=0o700, exist_ok=True)
            self._remove_older()
            self.folder.mkdir(mode=0o700, exist_ok=True)
            work = Path(tempfile.mkdtemp(dir=self.root, prefix="writing-"))
        except OSError:
            return
        try:
            for key, value in values.items():
                if isinstance(value, Strings):
                    _save(work / f"{key}.data.npy", value.data)
                    _save(work / f"{key}.offsets.npy", value.offsets)
                elif isinstance(value, np.ndarray):
                    _save(work / f"{key}.npy", value)
            with _private(work / "plain.json") as file:
                file.write(orjson.dumps(plain))
            work.rename(self.folder / name)
        except OSError:
            shutil.rmtree(work, ignore_errors=True)

    def _remove_older(self) -> None:
        for other in self.root.iterdir():
            if other == self.folder or (other.name.startswith("writing-") and _young(other)):
                continue
            sequence = other.name.split("-")[1] if other.name.startswith(f"{LAYOUT}-") else ""
            if not sequence.isdigit() or int(sequence) <= self.sequence:
                shutil.rmtree(other, ignore_errors=True)

    def _forget_old_snapshots(self) -> None:
        try:
            made = [each for each in self.folder.iterdir() if each.name != "columns"]
            made.sort(key=lambda each: each.stat().st_mtime)
        except OSError:
            return
        for each in made[:-MOST_SNAPSHOTS]:
            shutil.rmtree(each, ignore_errors=True)


def _young(folder: Path) -> bool:
    """Whether somebody may still be writing there."""
    try:
        return dt.datetime.now(dt.UTC).timestamp() - folder.stat().st_mtime < 3600
    except OSError:
        return False


def _names(kind: Any) -> tuple[str, ...]:
    return tuple(field.name for field in dataclasses.fields(kind))


def _value(name: str, plain: Mapping[str, Any], arrays: Mapping[str, Any]) -> Any:
    if name in plain:
        value = plain[name]
        return tuple(value) if isinstance(value, list) else value
    return arrays[name]


def _opened(folder: Path) -> tuple[dict[str, Any], dict[str, Any]] | None:
    """Plain values and memory-mapped arrays of a folder; None when it is not there (any more)."""
    try:
        plain: dict[str, Any] = orjson.loads((folder / "plain.json").read_bytes())
        arrays: dict[str, Any] = {}
        for file in folder.glob("*.npy"):
            arrays[file.name.removesuffix(".npy")] = _mapped(file)
    except (OSError, ValueError):
        return None
    for name in [name for name in arrays if name.endswith(".data")]:
        stem = name.removesuffix(".data")
        arrays[stem] = Strings(arrays.pop(name), arrays.pop(f"{stem}.offsets"))
    return plain, arrays


def _mapped(file: Path) -> Any:
    """A read-only array over the file; np.load cannot map an empty one."""
    try:
        return np.asarray(np.load(file, mmap_mode="r", allow_pickle=False))
    except ValueError:
        return np.load(file, allow_pickle=False)


def _private(file: Path) -> Any:
    return os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")


def _save(file: Path, values: Any) -> None:
    with _private(file) as handle:
        np.save(handle, values, allow_pickle=False)


def _bytes_joined(values: Iterable[bytes]) -> Strings:
    parts = list(values)
    offsets = np.zeros(len(parts) + 1, dtype=np.int64)
    np.cumsum([len(part) for part in parts], out=offsets[1:])
    return Strings(np.frombuffer(b"".join(parts), dtype=np.uint8), offsets)


def _spans(strings: Strings) -> Iterable[tuple[int, int]]:
    return pairwise(strings.offsets.tolist())
