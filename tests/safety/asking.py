"""Asking two hubs the same and saying where they differ."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from tests.safety.drawing import Drawn
from tests.safety.hubs import PEOPLE, Hub, normal
from tests.safety.questions import (
    FORMS,
    Question,
    about_export,
    about_flag,
    about_node,
    about_nothing,
    about_pair,
    about_word,
    analysing,
    deciding,
    get,
)

#: who looks for patterns first: a member of the operation, then somebody who is none
ANALYSTS = ("chief", "analyst")

_SECONDS = re.compile(rb'"seconds":[0-9.e+-]+')


@dataclass(frozen=True, slots=True)
class Pair:
    """The world with the secret, and the one without."""

    with_secret: Hub
    without: Hub

    def analyse(self) -> None:
        """The member first, then an analyst who is no member: flags at every level of sight."""
        for hub in (self.with_secret, self.without):
            for name in ANALYSTS:
                question = analysing()
                answer = hub.ask(name, question.method, question.path, **dict(question.given))
                assert answer.status_code == 201, answer.text


def outside(drawn: Drawn) -> frozenset[str]:
    """Accounts that may not know of the secret."""
    return frozenset(PEOPLE) - drawn.entitled


def flag_ids(hub: Hub) -> tuple[str, ...]:
    """Ids of every flag of every run, as the operator of the machine finds them."""
    with hub.wiring.store._reading() as reader:  # type: ignore[attr-defined]
        rows = reader.reading.connection.execute("SELECT DISTINCT id FROM flag ORDER BY id").fetchall()
    return tuple(row[0] for row in rows)


def compared(pair: Pair, name: str, questions: Iterable[Question]) -> list[str]:
    """What differs, a line each; empty when this account is told the same."""
    found = []
    for question in questions:
        answers = [
            normal(hub.ask(name, question.method, question.path, **dict(question.given)))
            for hub in (pair.with_secret, pair.without)
        ]
        (status, headers, body), (other_status, other_headers, other_body) = answers
        body, other_body = _SECONDS.sub(b"", body), _SECONDS.sub(b"", other_body)
        if status >= 500 or other_status >= 500:
            found.append(f"{name} {question.method} {question.path}: {status} {other_status}")
        if (status, body) != (other_status, other_body):
            found.append(
                f"{name} {question.method} {question.path}: {_difference(status, body, other_status, other_body)}"
            )
        elif not re.search(rb'"seconds"', answers[0][2]) and headers != other_headers:
            found.append(f"{name} {question.method} {question.path}: headers {set(headers) ^ set(other_headers)}")
    return found


def _difference(status: int, body: bytes, other_status: int, other_body: bytes) -> str:
    at = next(
        (i for i, (a, b) in enumerate(zip(body, other_body, strict=False)) if a != b), min(len(body), len(other_body))
    )
    cut = slice(max(0, at - 120), at + 120)
    return f"{status}/{other_status} at byte {at}: {body[cut]!r} / {other_body[cut]!r}"


def sample_of(draw: Callable[..., Any], drawn: Drawn, flags: tuple[str, ...]) -> list[Question]:
    """About thirty questions, at least one of every kind."""
    nodes, ties, words = st.sampled_from(drawn.nodes), st.sampled_from(drawn.ties), st.sampled_from(drawn.words)
    node = draw(nodes)
    some = [*about_node(drawn.witness), *about_node(node), *about_export(draw(nodes), draw(st.sampled_from(FORMS)))]
    some += [*about_pair(drawn.witness, draw(nodes)), *about_word(draw(words)), *about_nothing()]
    tie = draw(ties)
    some += [get("/api/v1/ties/{tie_id:path}", f"/api/v1/ties/{tie}"), get("/ties/{tie_id:path}", f"/ties/{tie}")]
    flag = draw(st.sampled_from((*flags, "0" * 24)))
    some += [*about_flag(flag), *deciding(flag), analysing()]
    report = draw(st.sampled_from(drawn.reports))
    some.append(get("/api/v1/reports/{report_id:path}", f"/api/v1/reports/{report}"))
    chosen = draw(st.lists(st.sampled_from(range(len(some))), min_size=20, max_size=40, unique=True))
    return [some[number] for number in sorted(chosen)]
