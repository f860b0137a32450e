from __future__ import annotations

import dataclasses

import pytest

from graph.model import NodeRecord
from graph.store import Neighbourhood
from tests.viz.made import AS_AT, MADE_AT, neighbourhood
from viz.elements import MapDocument, map_document


def document_of(found: Neighbourhood, **changes: object) -> MapDocument:
    facts: dict[str, object] = {
        "title": "Around Oakfield School",
        "audience": "analyst (police)",
        "purpose": "mapping session",
        "marking": "OFFICIAL-SENSITIVE",
        "as_at": AS_AT,
        "known_at": None,
        "made_at": MADE_AT,
    }
    return map_document(found, **(facts | changes))  # type: ignore[arg-type]


def with_record(found: Neighbourhood, row: int, record: NodeRecord) -> Neighbourhood:
    """The same neighbourhood with another record at a row (same id)."""
    nodes = list(found.nodes)
    nodes[row] = dataclasses.replace(nodes[row], record=record)
    return dataclasses.replace(found, nodes=tuple(nodes))


@pytest.fixture(scope="session")
def found() -> Neighbourhood:
    return neighbourhood(90)


@pytest.fixture(scope="session")
def document(found: Neighbourhood) -> MapDocument:
    return document_of(found)
