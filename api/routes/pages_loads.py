"""Pages of loads: what came in, and loading or checking a file with its report."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from api.deps import CurrentGate, CurrentSession, CurrentWiring
from api.loading import load_files
from api.routes.pages_common import page
from api.routes.pages_entry import Message
from api.uploads import receive
from api.views.words import instant_words, term
from graph.errors import UsageError
from graph.store import Load
from ingest.findings import LoadRejected, LoadReport, Notice

router = APIRouter(include_in_schema=False)

PAGE = 30
#: problems listed on the page; the file is put right in rounds anyway
MOST_PROBLEMS = 300


@dataclass(frozen=True, slots=True)
class LoadRow:
    when: str
    author: str
    agency: str
    action: str
    files: str
    tallies: str


@dataclass(frozen=True, slots=True)
class TallyRow:
    kind: str
    new: int
    changed: int
    unchanged: int


_TITLES = {
    "loaded": ("Loaded", "Everything in the files is now in Kith, in one step."),
    "unchanged": ("Nothing new", "Kith holds all of this already; nothing was changed."),
    "checked": ("Checked, nothing loaded", "The files are in order and can be loaded."),
    "rejected": ("Nothing was loaded", "Put right what is listed below and load the files again."),
}


@router.get("/loads")
def loads(
    request: Request,
    wiring: CurrentWiring,
    session: CurrentSession,
    gate: CurrentGate,
    before: Annotated[int | None, Query(ge=1, le=10**15)] = None,
) -> Response:
    found = gate.loads(limit=PAGE, before=before)
    older = f"/loads?before={found[-1].sequence}" if len(found) == PAGE else None
    rows = [_row(load) for load in found]
    return page(request, "pages/loads.html", wiring, session, title="Loads", problems=[], rows=rows, older=older)


@router.post("/loads")
async def load(request: Request, wiring: CurrentWiring, session: CurrentSession, gate: CurrentGate) -> Response:
    try:
        async with receive(request, gate, wiring.settings) as upload:
            dry_run = upload.fields.get("dry_run") == "1"
            try:
                report = await run_in_threadpool(
                    load_files, gate, upload.paths, mappings=upload.mappings, dry_run=dry_run
                )
            except LoadRejected as rejected:
                report = rejected.report
    except UsageError as error:
        found = await run_in_threadpool(gate.loads, limit=PAGE)
        words = str(error)
        nothing = "at least one file" in words
        problems = [Message("Choose a file" if nothing else words[:1].upper() + words[1:], "file")]
        return page(
            request,
            "pages/loads.html",
            wiring,
            session,
            status=422,
            title="Loads",
            problems=problems,
            rows=[_row(load) for load in found],
            older=None,
        )
    return _report(request, wiring, session, report)


def _report(request: Request, wiring: CurrentWiring, session: CurrentSession, report: LoadReport) -> Response:
    title, lede = _TITLES[report.outcome]
    shown = report.problems[:MOST_PROBLEMS]
    return page(
        request,
        "pages/load_report.html",
        wiring,
        session,
        status=422 if report.outcome == "rejected" else 200,
        title=title,
        lede=lede,
        files=report.files,
        tallies=[
            TallyRow(kind.value.capitalize(), tally.new, tally.changed, tally.unchanged)
            for kind, tally in report.tallies.items()
        ],
        problems=shown,
        more=max(0, report.problem_count - len(shown)),
        notices=[_notice(notice) for notice in report.notices],
    )


def _notice(notice: Notice) -> str:
    where = ", ".join(part for part in (notice.file, notice.column and f"column {notice.column}") if part)
    rows = f" ({notice.rows} rows)" if notice.rows else ""
    return f"{where}: {notice.message}{rows}"


def _row(load: Load) -> LoadRow:
    files = ", ".join(f"{name} ({rows})" for name, rows, _ in load.files[:4])
    if len(load.files) > 4:
        files += f" and {len(load.files) - 4} more"
    tallies = ", ".join(
        f"{kind.value} {tally.new} new" + (f", {tally.changed} changed" if tally.changed else "")
        for kind, tally in load.tallies.items()
        if tally.new or tally.changed
    )
    agency = term("agency", load.agency)
    return LoadRow(instant_words(load.committed_at), load.author, agency, load.action, files, tallies or "–")
