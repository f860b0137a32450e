"""The commands of ``kith`` but those of accounts and the demo: each opens the store and asks through a gate."""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import platform
import shutil
from pathlib import Path
from typing import Any

import orjson

from api.analysing import AnalysisRequest, read_day, read_instant, read_parameters, runs_json
from api.analysing import analyse as run_detectors
from api.bootstrap import Wiring, wire
from api.console import Console
from api.loading import load_files
from api.schemas import audit_json
from api.services import MapRequest, export_map, map_of, tie_filter
from api.serving import address_of, listening_socket
from api.serving import serve as serve_until_interrupted
from api.settings import Settings
from graph.access.actors import OPERATOR, Actor
from graph.errors import KithError, NotFound, Refused, StoreError, UsageError
from graph.model import NodeId, kind_of
from graph.store import Lens
from ingest.findings import LoadRejected
from ingest.load import Progress
from ingest.schemas import describe_formats

#: flags of one detector shown on a terminal; --json and --out have all
_SHOWN = 20


def init(_: argparse.Namespace, settings: Settings, console: Console) -> None:
    with wire(settings, migrate=True) as wiring:
        console.result(
            {"store": wiring.store.url, "change_counter": wiring.store.change_counter}, f"Ready: {wiring.store.url}"
        )


def load(options: argparse.Namespace, settings: Settings, console: Console) -> None:
    if options.format is not None and options.format not in {known.name for known in describe_formats()}:
        raise UsageError("there is no such format; kith formats lists them")
    if options.format == "mapping" and not options.mapping:
        raise UsageError("the format mapping needs --mapping FILE.yaml")

    def tell(progress: Progress) -> None:
        console.progress(f"{progress.stage} {progress.file}: {progress.rows:,} rows")

    with wire(settings, migrate=True) as wiring:
        try:
            report = load_files(
                wiring.gate(OPERATOR),
                options.paths,
                mappings=options.mapping,
                agency=options.agency,
                reason=options.reason,
                dry_run=options.dry_run,
                rejects=options.rejects,
                progress=tell,
            )
        except LoadRejected as error:
            _write_json(options.report, error.report.as_json())
            if console.as_json:
                raise
            console.say(error.report.as_text())
            raise
    _write_json(options.report, report.as_json())
    console.result({"report": report.as_json()}, report.as_text())


def formats(_: argparse.Namespace, __: Settings, console: Console) -> None:
    found = describe_formats()
    lines: list[str] = []
    for known in found:
        lines += [f"{known.name}: {known.meaning}", ""]
        for file in known.files:
            lines.append(f"  {file.file}: {file.meaning}")
            for column in file.columns:
                mark = "*" if column.required else " "
                words = f" [{' '.join(column.words)}]" if column.words else ""
                lines.append(f"   {mark} {column.name} ({column.kind}): {column.meaning}{words}")
            lines.append("")
    lines.append("* required")
    content = {
        "formats": [
            {
                "name": known.name,
                "meaning": known.meaning,
                "files": [
                    {
                        "file": file.file,
                        "meaning": file.meaning,
                        "columns": [
                            {
                                "name": column.name,
                                "required": column.required,
                                "kind": column.kind,
                                "meaning": column.meaning,
                                "words": list(column.words),
                            }
                            for column in file.columns
                        ],
                    }
                    for file in known.files
                ],
            }
            for known in found
        ]
    }
    console.result(content, "\n".join(lines))


def analyse(options: argparse.Namespace, settings: Settings, console: Console) -> None:
    asked = AnalysisRequest(
        tuple(dict.fromkeys(options.detectors)),
        _lens(options),
        None if options.scope is None else NodeId(options.scope),
        read_parameters(options.param),
        options.seed,
    )
    with wire(settings) as wiring:
        gate = wiring.gate(OPERATOR)
        runs = run_detectors(gate, asked, progress=lambda share, what: console.progress(f"{share:4.0%} {what}"))
        found = runs_json(gate, runs, asked.lens)
    _write_json(options.out, found[0] if len(found) == 1 else {"runs": found})
    console.result(found[0] if len(found) == 1 else {"runs": found}, "\n\n".join(_run_text(run) for run in found))


def _run_text(run: dict[str, Any]) -> str:
    flags = run["flags"]
    lines = [
        f"{run['run']['detector']}: {len(flags)} flags as at {run['run']['as_at']} ({run['run']['seconds']:.1f} s)"
    ]
    for flag in flags[:_SHOWN]:
        lines.append(f"  {flag['band']:9} {' '.join(flag['subjects'])}")
        lines += [f"            {reason['text']}" for reason in flag["reasons"][:3]]
    if len(flags) > _SHOWN:
        lines.append(f"  and {len(flags) - _SHOWN} more; --json or --out has all")
    return "\n".join(lines)


def network_map(options: argparse.Namespace, settings: Settings, console: Console) -> None:
    try:
        kind_of(options.about)
    except ValueError:
        raise UsageError("what the map is about reads KIND:ID, such as school:106167") from None
    lens = _lens(options)
    where = tie_filter(start=read_day(options.first_day, "--from"), last=read_day(options.last_day, "--to"))
    asked = MapRequest((NodeId(options.about),), lens, options.hops, where, options.limit)
    with wire(settings) as wiring:
        actor = acting_as(wiring, options.account, options.purpose)
        gate, now = wiring.gate(actor), wiring.clock()
        if options.out is None:
            document = map_of(gate, asked, marking=settings.marking, now=now)
            console.result(orjson.loads(document.to_json_bytes()), document.to_json_bytes().decode())
            return
        ending = options.out.suffix.removeprefix(".").lower()
        recipient = options.recipient or actor.account
        made = export_map(gate, asked, ending, recipient, marking=settings.marking, now=now)
        options.out.write_bytes(made.content)
    content = {"file": str(options.out), "serial": made.serial, "recipient": recipient, "bytes": len(made.content)}
    console.result(content, f"Wrote {options.out} (serial {made.serial}, for {recipient}).")


def acting_as(wiring: Wiring, name: str, purpose: str) -> Actor:
    """The actor of an account. Raises Refused for an account that is not there or is disabled, UsageError for a
    purpose that says nothing."""
    if not 3 <= len(purpose.strip()) <= 500:
        raise UsageError("a purpose has 3 to 500 characters")
    try:
        account = wiring.accounts.get(name)
    except NotFound:
        raise Refused("no such account, or it is disabled") from None
    if account.disabled:
        raise Refused("no such account, or it is disabled")
    return Actor(account.name, account.role, account.agency, account.memberships, purpose.strip())


def serve(options: argparse.Namespace, settings: Settings, console: Console) -> None:
    host, port = options.host or settings.host, settings.port if options.port is None else options.port
    with listening_socket(host, port) as bound, wire(settings) as wiring:
        address = address_of(bound)

        def ready() -> None:
            console.say(f"Kith is at {settings.origin or address} (store {wiring.store.url}); Ctrl+C stops it.")

        serve_until_interrupted(wiring, bound, ready=ready)


def audit_verify(options: argparse.Namespace, settings: Settings, console: Console) -> None:
    with wire(settings) as wiring:
        verdict = wiring.gate(OPERATOR).verify_audit(dict(_head(text) for text in options.head))
    content = {
        "intact": verdict.intact,
        "rows": dict(verdict.rows),
        "heads": dict(verdict.heads),
        "broken_at": list(verdict.broken_at) if verdict.broken_at else None,
        "what": verdict.what,
    }
    rows = ", ".join(f"{chain} {count}" for chain, count in verdict.rows.items())
    heads = "\n".join(f"  {chain}:{verdict.rows[chain]}:{head}" for chain, head in verdict.heads.items())
    if verdict.intact:
        console.result(content, f"Intact ({rows} rows). Heads to keep elsewhere:\n{heads}")
        return
    console.result(content, f"Not intact at {verdict.broken_at}: {verdict.what}")
    raise StoreError("the audit is not intact")


def _head(text: str) -> tuple[str, tuple[int, str]]:
    chain, _, rest = text.partition(":")
    number, _, digest = rest.partition(":")
    if chain not in {"changes", "views"} or not number.isdigit() or len(digest) != 64:
        raise UsageError("a head reads changes:NUMBER:DIGEST or views:NUMBER:DIGEST")
    return chain, (int(number), digest)


def audit_export(options: argparse.Namespace, settings: Settings, console: Console) -> None:
    with wire(settings) as wiring:
        gate = wiring.gate(OPERATOR)
        count = 0
        target = options.out.open("w", encoding="utf-8") if options.out else console.output
        try:
            for chain in ("changes", "views"):
                after = 0
                while rows := gate.audit_rows(chain=chain, after=after, limit=1000):
                    for row in rows:
                        target.write(json.dumps(audit_json(row), ensure_ascii=False) + "\n")
                    after, count = rows[-1].number, count + len(rows)
                    if len(rows) < 1000:
                        break
        finally:
            if options.out:
                target.close()
    if options.out:
        console.result({"file": str(options.out), "rows": count}, f"Wrote {count} rows to {options.out}.")


def doctor(_: argparse.Namespace, settings: Settings, console: Console) -> None:
    """Says everything it finds; ends with 4 when the store cannot be used."""
    content: dict[str, Any] = {
        "kith": importlib.metadata.version("kith"),
        "python": platform.python_version(),
        "packages": {name: _version(name) for name in ("fastapi", "uvicorn", "numpy", "scipy", "shapely", "neo4j")},
        "settings": {
            "https": settings.is_https,
            "origin": settings.origin,
            "body_limit": settings.body_limit,
            "load_limit": settings.load_limit,
            "session_idle_minutes": settings.session_idle_minutes,
        },
        "free_disk_bytes": _free(settings.data_folder),
    }
    warnings = []
    if not settings.is_https:
        warnings.append("KITH_ORIGIN is not an https address: fit for this machine only, not for a network")
    problem: KithError | None = None
    try:
        with wire(settings) as wiring:
            content["store"] = {
                "url": wiring.store.url,
                **wiring.store.health(thorough=True),
                "records": {kind.value: count for kind, count in wiring.store.counts().items()},
                "accounts": len(wiring.accounts.all()),
            }
    except KithError as error:
        problem = error
        content["store"] = {"problem": str(error), "code": error.code}
    content["warnings"] = warnings
    console.result(content, _doctor_text(content))
    if problem is not None:
        raise problem


def _doctor_text(content: dict[str, Any]) -> str:
    lines = [f"kith {content['kith']} on Python {content['python']}"]
    lines += [f"  {name} {version}" for name, version in content["packages"].items()]
    lines.append("settings")
    lines += [f"  {name}: {value}" for name, value in content["settings"].items()]
    lines.append("store")
    lines += [f"  {name}: {value}" for name, value in content["store"].items()]
    lines += [f"warning: {text}" for text in content["warnings"]]
    return "\n".join(lines)


def _version(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def _free(folder: Path) -> int:
    """Bytes free where the data folder is or will be."""
    existing = next(part for part in (folder, *folder.parents) if part.exists())
    return shutil.disk_usage(existing).free


def _lens(options: argparse.Namespace) -> Lens:
    return Lens(read_day(options.as_at, "--as-at"), read_instant(options.known_at, "--known-at"))


def _write_json(path: Path | None, content: Any) -> None:
    if path is not None:
        path.write_text(json.dumps(content, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
