"""Over HTTP, whoever has no need to know is told the same whether or not the secret exists (security.md, promise 5).

Two whole applications stand over two stores that differ in the secret only; the same requests go to both and the
answers (status, headers, every byte of the body but what is random) are compared.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.safety.asking import OUTSIDE, Pair, compared, flag_ids, sample_of
from tests.safety.drawing import CLOAKS, Drawn, everything, protected_address, worlds
from tests.safety.hubs import Clock, make_hub
from tests.safety.questions import asked_routes, everything_about

ALL_CLOAKS = {**{cloak.name: cloak for cloak in CLOAKS}, "protected address": None}


@contextmanager
def both(drawn: Drawn) -> Iterator[Pair]:
    """The two worlds, analysed by the same two people."""
    with tempfile.TemporaryDirectory() as folder:
        one, other = Path(folder, "with"), Path(folder, "without")
        one.mkdir(), other.mkdir()
        with (
            make_hub(one, drawn.with_secret.loads, Clock()) as with_secret,
            make_hub(other, drawn.without.loads, Clock()) as without,
        ):
            pair = Pair(with_secret, without)
            pair.analyse()
            yield pair


#: a difference names its route, and an example costs a second: no time is spent on making it smaller
PHASES = (Phase.explicit, Phase.reuse, Phase.generate)


@settings(
    max_examples=25,
    phases=PHASES,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    deadline=None,
)
@given(data=st.data())
def test_drawn_worlds_are_told_alike(data: st.DataObject) -> None:
    drawn = worlds(data.draw)
    name = data.draw(st.sampled_from(sorted(OUTSIDE(drawn))))
    with both(drawn) as pair:
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
