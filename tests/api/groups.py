"""Children of two groups, many enough to compare: invented, with names found nowhere else."""

from __future__ import annotations

from api.analysing import AnalysisRequest, analyse
from api.bootstrap import Wiring
from graph.access.actors import Actor
from graph.flags import Band, Flag, Reason, Run
from graph.model import FlagId, NodeId
from graph.records import Block, RecordKind, Row
from graph.store import AuditEntry
from tests.api.conftest import TODAY
from tests.conformance.factories import blocks, day, event, note, participation, person, population, report, second

#: ethnicity -> (children, of whom so many referred)
OPEN = {"WBRI": (80, 40), "APKN": (60, 15), "BCRB": (12, 3)}
#: referrals that operation OP2 alone knows of
SECRET = ("BCRB", 9)
FAMILY_NAME = "Wintergreenish"
SEES_FLAGS = frozenset({"analyst", "police", "socialworker"})


def children(code: str) -> list[str]:
    return [f"person:{code}{number}" for number in range(OPEN[code][0])]


def open_groups() -> list[Block]:
    """What everybody at the hub may know."""
    records = [report("r-groups", agency="police", handling="P", recorded_at=second("2026-05-01T12:00:00"))]
    for code, (_, referred) in OPEN.items():
        for number, child in enumerate(children(code)):
            records.append(
                person(child.partition(":")[2], given_name="Ada", family_name=FAMILY_NAME, ethnicity=code, sex="F",
                       birth_day=day("2012-03-04"), birth_precision="day")
            )  # fmt: skip
            if number < referred:
                records += _referral(f"{code}{number}", child, "r-groups")
        records.append(population(f"p{code}", "L1", 500.0, age_band="10-17", sex="F", ethnicity=code))
    return blocks(records, file="groups.csv")


def secret_groups() -> list[Block]:
    code, many = SECRET
    records = [
        report("r-secret-groups", agency="police", handling="C", conditions="operation:OP2",
               recorded_at=second("2026-05-04T12:00:00"))
    ]  # fmt: skip
    for child in children(code)[-many:]:
        records += _referral(f"secret{child[7:]}", child, "r-secret-groups")
    return blocks(records, file="secret-groups.csv")


def _referral(key: str, child: str, report_id: str) -> list[tuple[RecordKind, Row]]:
    started = second("2026-04-01T12:00:00")
    return [
        event(key, event_type="referral", started_at=started, report_id=report_id),
        participation(f"event:{key}", child, "subject", report_id=report_id),
    ]


def add_groups(wiring: Wiring, *, secret: bool = True) -> None:
    wiring.store.write(open_groups(), note())
    if secret:
        wiring.store.write(secret_groups(), note())


def actor_of(wiring: Wiring, name: str) -> Actor:
    account = wiring.accounts.get(name)
    return Actor(account.name, account.role, account.agency, account.memberships, "a test of groups")


def compare(wiring: Wiring, name: str = "analyst") -> None:
    """Somebody runs the detector."""
    analyse(
        wiring.gate(actor_of(wiring, name)), AnalysisRequest(("disproportionality",), parameters={"stability_runs": 0})
    )


def flag_children(wiring: Wiring, code: str, many: int, *, restrictions: frozenset[str] = frozenset()) -> list[str]:
    """A run that flags the first children of a group; returns the ids of its flags."""
    secret = "secret-" if restrictions else ""
    flags = tuple(
        Flag(
            FlagId(f"{secret}{child[7:]}"), "peripheral_children", (NodeId(child),), 0.5, Band.STRONG, rank, None,
            (Reason(f"{{{child}}} is near", 0.5),), "Nothing.", (), TODAY.replace(month=12), {"score": 0.5},
        )
        for rank, child in enumerate(children(code)[:many], 1)
    )  # fmt: skip
    run = Run(
        f"{secret}run-{code}", "peripheral_children", "1", TODAY, None, "everything", {}, 1, "none", 0.1, flags,
        restrictions, SEES_FLAGS,
    )  # fmt: skip
    wiring.store.save_run(run, AuditEntry("analyst", "analyse", (run.id,)))
    return [flag.id for flag in flags]
