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
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.safety.asking import OUTSIDE, Pair, compared, flag_ids, sample_of
from tests.safety.drawing import CLOAKS, Drawn, everything, protected_address, worlds
from tests.safety.hubs import PEOPLE, Clock, make_hub
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


@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large], deadline=None)
@given(data=st.data())
def test_drawn_worlds_are_told_alike(data: st.DataObject) -> None:
    drawn = worlds(data.draw)
    name = data.draw(st.sampled_from(sorted(OUTSIDE(drawn))))
    with both(drawn) as pair:
        questions = sample_of(data.draw, drawn, flag_ids(pair.with_secret))
        assert compared(pair, name, questions) == []


def drawn_under(cloak: str) -> Drawn:
    found = ALL_CLOAKS[cloak]
    return protected_address() if found is None else everything(found)


@pytest.fixture(scope="module", params=sorted(ALL_CLOAKS))
def told(request: pytest.FixtureRequest) -> Iterator[tuple[Drawn, Pair]]:
    drawn = drawn_under(request.param)
    with both(drawn) as pair:
        yield drawn, pair


@pytest.mark.parametrize("name", sorted(PEOPLE))
def test_every_question_of_everybody(told: tuple[Drawn, Pair], name: str) -> None:
    drawn, pair = told
    if name in drawn.entitled:
        answer = pair.with_secret.ask(name, "GET", f"/api/v1/entities/{drawn.witness}")
        assert drawn.secret_mark.encode() in answer.content
        return
    questions = list(everything_about(drawn, flag_ids(pair.with_secret)))
    assert {question.route for question in questions} == asked_routes()
    assert compared(pair, name, questions) == []


def test_somebody_cleared_sees_the_secret_person(told: tuple[Drawn, Pair]) -> None:
    drawn, pair = told
    if not drawn.secret_node:
        pytest.skip("this secret is no record of its own")
    cleared = sorted(drawn.entitled)[0]
    assert pair.with_secret.ask(cleared, "GET", f"/api/v1/entities/{drawn.secret_node}").status_code == 200
    assert pair.without.ask(cleared, "GET", f"/api/v1/entities/{drawn.secret_node}").status_code == 404
