"""Over HTTP, whoever has no need to know is told the same whether or not the secret exists (security.md, promise 5).

Two whole applications stand over two stores that differ in the secret only; the same requests go to both and the
answers (status, headers, every byte of the body but what is random) are compared.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from api.loading import load_files
from graph.access.actors import OPERATOR
from tests.conformance.factories import blocks, person, tie
from tests.safety.asking import ANALYSTS, Pair, compared, flag_ids, outside, sample_of
from tests.safety.drawing import CLOAKS, Drawn, everything, protected_address, worlds
from tests.safety.hubs import Clock, make_hub
from tests.safety.questions import about_node, about_word, asked_routes, everything_about

#: those who look for patterns have an account in every hub
ASKING = frozenset(ANALYSTS)
ALL_CLOAKS = {**{cloak.name: cloak for cloak in CLOAKS}, "protected address": None}


@contextmanager
def both(drawn: Drawn, people: str | None = None) -> Iterator[Pair]:
    """The two worlds, analysed by the same two people; ``people``: with an account for this person besides them only.

    In memory where the machine has such a folder: durability is tested elsewhere.
    """
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    names = None if people is None else frozenset({people, *ANALYSTS})
    with tempfile.TemporaryDirectory(dir=memory) as folder:
        one, other = Path(folder, "with"), Path(folder, "without")
        one.mkdir()
        other.mkdir()
        with (
            make_hub(one, drawn.with_secret.loads, Clock(), people=names) as with_secret,
            make_hub(other, drawn.without.loads, Clock(), people=names) as without,
        ):
            pair = Pair(with_secret, without)
            pair.analyse()
            yield pair


#: a difference names its route, and an example costs a second: no time is spent on making it smaller
PHASES = (Phase.explicit, Phase.reuse, Phase.generate)


@pytest.mark.slow
@pytest.mark.timeout(900)
@settings(
    max_examples=25,
    phases=PHASES,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    deadline=None,
)
@given(data=st.data())
def test_drawn_worlds_are_told_alike(data: st.DataObject) -> None:
    drawn = worlds(data.draw)
    name = data.draw(st.sampled_from(sorted(outside(drawn))))
    with both(drawn, people=name) as pair:
        questions = sample_of(data.draw, drawn, flag_ids(pair.with_secret))
        told = compared(pair, name, questions)
        assert not told, "\n".join(told[:5])


def drawn_under(cloak: str) -> Drawn:
    found = ALL_CLOAKS[cloak]
    return protected_address() if found is None else everything(found)


#: who is asked everything in the ordinary run; ``bench/safety.py`` asks everybody
ASKED = {
    "operation": ("analyst", "socialworker", "panel", "governance", "admin", "late"),
    "operation without code": ("police",),
    "agency": ("member",),
    "agency and operation": ("nurse",),
    "closed": ("panel",),
    "not readable": ("teacher",),
    "past its day": ("member",),
    "protected address": ("analyst",),
}


@pytest.fixture(scope="module", params=sorted(ALL_CLOAKS))
def told(request: pytest.FixtureRequest) -> Iterator[tuple[Drawn, Pair]]:
    drawn = drawn_under(request.param)
    with both(drawn) as pair:
        yield drawn, pair


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_every_question_of_outsiders(told: tuple[Drawn, Pair]) -> None:
    drawn, pair = told
    questions = list(everything_about(drawn, flag_ids(pair.with_secret)))
    assert {question.route for question in questions} == asked_routes()
    for name in ASKED[drawn.cloak]:
        assert name not in drawn.entitled
        differences = compared(pair, name, questions)
        assert not differences, "\n".join(differences[:5])


def test_those_cleared_are_told_of_it_beside_an_open_record(told: tuple[Drawn, Pair]) -> None:
    """The comparison would pass for an application that shows nothing."""
    drawn, pair = told
    for name in sorted(drawn.entitled):
        answer = pair.with_secret.ask(name, "GET", f"/api/v1/entities/{drawn.witness}")
        assert drawn.secret_mark.encode() in answer.content


def test_somebody_cleared_sees_the_secret_person(told: tuple[Drawn, Pair]) -> None:
    drawn, pair = told
    if not drawn.secret_node:
        pytest.skip("this secret is no record of its own")
    cleared = sorted(drawn.entitled)[0]
    assert pair.with_secret.ask(cleared, "GET", f"/api/v1/entities/{drawn.secret_node}").status_code == 200
    assert pair.without.ask(cleared, "GET", f"/api/v1/entities/{drawn.secret_node}").status_code == 404


@pytest.mark.parametrize("name", ["analyst", "police", "panel", "late"])
def test_a_secret_correction_of_an_open_record(tmp_path: Path, name: str) -> None:
    """A load kept to the members of an operation gives an open child another name and a tie; a record that only this
    load brings is in both worlds, so that both have had the load."""
    drawn = everything(CLOAKS[0])
    decoy = [person("late-decoy", given_name="Nobody")]
    changed = [
        person("0", given_name="Zephyrina", family_name="Wrenfield", sex="F"),
        tie("s-late", "person:0", "person:3"),
    ]
    hubs = []
    for folder, records in (("with", [*decoy, *changed]), ("without", decoy)):
        (tmp_path / folder).mkdir()
        world = drawn.without.loads
        hubs.append(
            make_hub(tmp_path / folder, world, Clock(), hidden=blocks(records, file=None), people=ASKING | {name})
        )
    with hubs[0] as with_secret, hubs[1] as without:
        pair = Pair(with_secret, without)
        pair.analyse()
        questions = [question for number, question in enumerate(everything_about(drawn, ())) if number % 3 == 0]
        differences = compared(pair, name, questions)
        assert not differences, "\n".join(differences[:5])
        told = [hub.ask("chief", "GET", "/api/v1/entities/person:0").text for hub in hubs]
        assert ["Wrenfield" in text for text in told] == [True, False]


@pytest.mark.parametrize("name", ["police", "analyst"])
def test_loaded_from_files(tmp_path: Path, name: str) -> None:
    """The same through the loader: people.csv, reports.csv and links.csv with and without the rows of the secret."""
    hubs = []
    for folder, secret in (("with", True), ("without", False)):
        bundle = tmp_path / folder / "files"
        bundle.mkdir(parents=True)
        people, reports, links = ["person_id,given_name", "1,Osmunda", "2,Zephyrine"], [], []
        reports = ["report_id,agency,handling,conditions", "open,police,P,"]
        links = ["link_id,source_id,target_id,link_type,report", "l1,person:1,person:2,friend_of,open"]
        if secret:
            people.append("3,Osmunda")
            reports.append("hidden,police,C,operation:OP2")
            links += ["l2,person:3,person:1,friend_of,hidden", "l3,person:1,person:2,targets,hidden"]
        for table, lines in (("people", people), ("reports", reports), ("links", links)):
            (bundle / f"{table}.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
        hub = make_hub(tmp_path / folder, [], Clock(), people=ASKING | {name, "member"})
        load_files(hub.wiring.gate(OPERATOR), [bundle])
        hubs.append(hub)
    with hubs[0] as with_secret, hubs[1] as without:
        pair = Pair(with_secret, without)
        pair.analyse()
        drawn = everything(CLOAKS[0])
        questions = [question for number, question in enumerate(everything_about(drawn, ())) if number % 4 == 0]
        questions += [*about_node("person:1"), *about_node("person:3"), *about_word("osmunda")]
        differences = compared(pair, name, questions)
        assert not differences, "\n".join(differences[:5])
        assert with_secret.ask("member", "GET", "/api/v1/entities/person:3").status_code == 200
