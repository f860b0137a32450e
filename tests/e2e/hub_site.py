"""A small hub served by the real application on a port of its own, with a user of each role and hostile names."""

from __future__ import annotations

import datetime as dt
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import uvicorn

from api.app import create_app
from api.bootstrap import Wiring
from graph.flags import Band, Flag, Plain, Reason, Run
from graph.model import FlagId, NodeId, TieId
from graph.store import AuditEntry
from tests.api.conftest import TODAY, Clock, make_hub
from tests.conformance.factories import blocks, day, episode, note, person, place, tie

#: what somebody could put into a name; each would change a page that does not escape it
SCRIPT_NAME = "<script>window.hostile=1</script>"
IMAGE_NAME = "\"'><img src=x onerror=window.hostile=1>"
TURNED_NAME = "\u202egnihton\u2066 {person:1}"

#: names of people, homes and closed operations; nothing of them may reach a panel's browser
HIDDEN_FROM_PANEL = ("Quillfeather", "Zephyrine", "Thistlewick", "Osmunda", "window.hostile", "gnihton", "07000000000")

NAMED = frozenset({"analyst", "police", "socialworker"})

#: path by name, for those who see named records
NAMED_PAGES = {
    "start": "/",
    "prompts": "/flags",
    "prompts of one kind": "/flags?detector=peripheral_children&state=any",
    "prompt": "/flags/prompt-child",
    "prompt about an area": "/flags/prompt-area",
    "picture of a prompt": "/flags/prompt-child/map",
    "hotspots": "/hotspots",
    "find": "/search",
    "schools": "/lists/school",
    "places": "/lists/place",
    "peer groups": "/lists/group",
    "operations": "/lists/operation",
    "child": "/entities/person:1",
    "adult": "/entities/person:2",
    "hostile": "/entities/person:h1",
    "place": "/entities/place:park",
    "school": "/entities/school:100",
    "peer group": "/entities/group:1",
    "operation": "/entities/operation:OP1",
    "event": "/entities/event:1",
    "phone": "/entities/phone:1",
    "evidence": "/ties/t4",
    "map": "/maps/person/1",
    "localities": "/localities",
    "about": "/about",
    "methods": "/methods",
    "method": "/methods/hotspot_places",
    "weights": "/methods/weights",
}
PAGES: dict[str, dict[str, str]] = {
    "analyst": {**NAMED_PAGES, "loads": "/loads"},
    "police": NAMED_PAGES,
    "socialworker": NAMED_PAGES,
    "panel": {
        "start": "/",
        "hotspots": "/hotspots",
        "find": "/search",
        "schools": "/lists/school",
        "places": "/lists/place",
        "place": "/entities/place:park",
        "school": "/entities/school:100",
        "map": "/maps/school/100",
        "localities": "/localities",
        "about": "/about",
        "methods": "/methods",
        "method": "/methods/near_repeats",
    },
    "governance": {
        "start": "/",
        "loads": "/loads",
        "audit": "/audit?check=1",
        "about": "/about",
        "methods": "/methods",
        "method": "/methods/disproportionality",
    },
    "admin": {"start": "/", "accounts": "/accounts", "about": "/about", "methods": "/methods"},
}


@dataclass(frozen=True, slots=True)
class Site:
    """Where the hub answers, and what a test may turn."""

    address: str
    wiring: Wiring
    clock: Clock


@contextmanager
def serve(folder: Path) -> Iterator[Site]:
    """The hub while it is served."""
    clock = Clock()
    with make_hub(folder, clock) as wiring:
        _add_hostile_names(wiring)
        _add_prompts(wiring)
        server = uvicorn.Server(uvicorn.Config(create_app(wiring), log_config=None, access_log=False, ws="none"))
        with socket.socket() as bound:
            bound.bind(("127.0.0.1", 0))
            thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]}, daemon=True)
            thread.start()
            try:
                yield Site(f"http://127.0.0.1:{bound.getsockname()[1]}", wiring, clock)
            finally:
                server.should_exit = True
                thread.join(10)


def _add_hostile_names(wiring: Wiring) -> None:
    born = {"birth_day": day("2011-05-06"), "birth_precision": "day"}
    wiring.store.write(
        blocks(
            [
                person("h1", given_name=SCRIPT_NAME, family_name=IMAGE_NAME, **born),
                person("h2", given_name=TURNED_NAME, family_name="Plain", **born),
                place("h", name=SCRIPT_NAME + " Park", place_type="home_address"),
                episode("eh", "person:h1", start_day=day("2026-01-01"), report_id="r2", detail=IMAGE_NAME),
                tie("th1", "person:1", "person:h1", "r2"),
                tie("th2", "person:h1", "person:h2", "r2", qualifier=IMAGE_NAME),
            ],
            file="hostile.csv",
        ),
        note(),
    )


def _add_prompts(wiring: Wiring) -> None:
    flags = tuple(
        Flag(
            id=FlagId(f"prompt-{name}"),
            detector="peripheral_children",
            subjects=(NodeId(subject),),
            strength=0.7,
            band=Band.STRONG,
            rank=rank,
            stability=0.9,
            reasons=(
                Reason(
                    f"{{{subject}}} and {{person:2}} are recorded together (Police, 30 April 2026, graded 1B (3x5x2))",
                    0.6,
                    ties=(TieId("t4"),),
                    events=(NodeId("event:1"),),
                ),
                Reason(f"{{{subject}}} lives among people nobody asked about, which speaks against", -0.1),
            ),
            would_clear="A conversation that explains it.",
            cautions=("A prompt to ask, not a finding.",),
            expires_on=TODAY + dt.timedelta(days=90),
            details={"score": 0.5},
        )
        for rank, (name, subject) in enumerate((("child", "person:1"), ("hostile", "person:h1")), 1)
    )
    run = Run("run", "peripheral_children", "1", TODAY, None, "everything", {}, 1, "none", 0.1, flags, may_see=NAMED)
    wiring.store.save_run(run, AuditEntry("analyst", "analyse", ("run",)))
    for detector, subject in (("hotspot_areas", "locality:L1"), ("hotspot_places", "place:park")):
        wiring.store.save_run(_context_run(detector, subject), AuditEntry("analyst", "analyse", (detector,)))


def _context_run(detector: str, subject: str) -> Run:
    """One prompt about an area or a place, for panels too; its words name a person."""
    layer: list[Plain] = [{"locality": "L1", "z": 3.1, "ratio": 2.5, "band": "high"}]
    details: dict[str, Plain] = {"observed": 8, "expected": 2.5, "relative_risk": 3.2, "locality_ids": ["L1"]}
    flag = Flag(
        id=FlagId("prompt-area" if detector == "hotspot_areas" else "prompt-place"),
        detector=detector,
        subjects=(NodeId(subject),),
        strength=0.6,
        band=Band.MODERATE,
        rank=1,
        stability=None,
        reasons=(Reason(f"{{person:1}} was found in {{{subject}}}", 0.6, events=(NodeId("event:1"),)),),
        would_clear="A conversation that explains it.",
        cautions=("Recorded, not all harm.",),
        expires_on=TODAY + dt.timedelta(days=90),
        details={"score": 0.6, "layer": layer, **details}
        if detector == "hotspot_areas"
        else {"score": 0.6, "observed": 3},
    )
    return Run(f"run-{detector}", detector, "1", TODAY, None, "everything", {}, 1, "none", 0.1, (flag,),
               may_see=NAMED | {"panel"})  # fmt: skip
