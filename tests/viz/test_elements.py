from __future__ import annotations

import dataclasses
import datetime as dt
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph.model import (
    Event,
    NodeId,
    NodeRecord,
    Operation,
    PartialDate,
    Person,
    Place,
    Precision,
    Report,
    ReportId,
    School,
    TracedObject,
)
from graph.store import Neighbourhood
from tests.viz.conftest import document_of, with_record
from tests.viz.made import AS_AT
from viz.elements import MapDocument, detail_of, grade_of, label_of, period_in_words, plain, support_in_words

BORN = PartialDate(dt.date(2011, 5, 2), Precision.DAY)


@pytest.mark.parametrize(
    ("record", "label"),
    [
        (Person(NodeId("person:1"), "Amara", "Ashwell"), "Amara Ashwell"),
        (Person(NodeId("person:1"), "Amara"), "Amara"),
        (Person(NodeId("person:1")), "Person 1"),
        (Place(NodeId("place:2")), "Place 2"),
        (School(NodeId("school:3"), "Oakfield School"), "Oakfield School"),
        (TracedObject(NodeId("vehicle:4"), "AB12 CDE"), "AB12 CDE"),
        (TracedObject(NodeId("phone:5")), "Phone 5"),
        (Operation(NodeId("operation:6"), "Alder"), "Alder"),
        (
            Event(NodeId("event:7"), "missing_episode", started_at=dt.datetime(2026, 3, 9, 22, tzinfo=dt.UTC)),
            "Missing episode, 9 March 2026",
        ),
    ],
)
def test_a_node_is_called_by_what_may_be_shown(record: NodeRecord, label: str) -> None:
    assert label_of(record) == label


@pytest.mark.parametrize(
    ("record", "detail"),
    [
        (Person(NodeId("person:1"), date_of_birth=BORN), "Child, aged 15"),
        (
            Person(NodeId("person:1"), date_of_birth=PartialDate(dt.date(1990, 1, 1), Precision.YEAR)),
            "Adult, aged 35 or 36",
        ),
        (Person(NodeId("person:1")), "Age not known"),
        (Person(NodeId("person:1"), date_of_birth=BORN, died_on=dt.date(2026, 1, 1)), "Died"),
        (Place(NodeId("place:2"), place_type="park", postcode="M1 1AA"), "Park or open space, M1 1AA"),
        (Place(NodeId("place:2"), place_type="not_a_word"), ""),
    ],
)
def test_a_node_has_one_line_about_it(record: NodeRecord, detail: str) -> None:
    assert detail_of(record, AS_AT) == detail


@pytest.mark.parametrize(
    ("report", "grade"),
    [
        (
            Report(ReportId("R1"), "police", grading_scheme="3x5x2", source_evaluation="1", information_assessment="B"),
            "3x5x2 1 B",
        ),
        (
            Report(ReportId("R1"), "police", grading_scheme="5x5x5", source_evaluation="B", information_assessment="2"),
            "5x5x5 B 2",
        ),
        (Report(ReportId("R1"), "health"), "not graded by police"),
    ],
)
def test_a_grade_is_said_in_its_own_scheme(report: Report, grade: str) -> None:
    assert grade_of(report) == grade


def test_columns_of_nodes_and_ties_are_aligned(document: MapDocument) -> None:
    for columns in (document.nodes, document.ties):
        assert len({len(getattr(columns, field.name)) for field in dataclasses.fields(columns)}) == 1


def test_the_json_has_the_fields_of_the_contract(document: MapDocument) -> None:
    body = json.loads(document.to_json_bytes())
    assert set(body) >= {
        "id", "title", "kind", "seeds", "marking", "audience", "purpose", "as_at", "known_at", "made_at", "nodes",
        "ties", "sets", "type_labels", "kind_labels", "cut", "truncated", "hidden",
    }  # fmt: skip
    assert set(body["nodes"]) == {
        "id", "kind", "label", "x", "y", "hop", "degree", "group", "age_band", "detail", "url", "hub",
    }  # fmt: skip
    assert (body["as_at"], body["made_at"], body["known_at"]) == ("2026-10-01", "2026-11-23T10:00:00Z", None)


def test_ends_are_the_last_day(found: Neighbourhood, document: MapDocument) -> None:
    row, end = next((i, t.tie.period.end) for i, t in enumerate(found.ties) if t.tie.period.end is not None)
    assert document.ties.end[row] == (end - dt.timedelta(days=1)).isoformat()


def test_every_tie_states_its_claim_with_both_names(document: MapDocument) -> None:
    ties, nodes = document.ties, document.nodes
    for t, sentence in enumerate(ties.sentence):
        assert nodes.label[ties.source[t]] in sentence
        assert nodes.label[ties.target[t]] in sentence


def test_a_role_in_an_event_is_said(document: MapDocument) -> None:
    said = [document.ties.sentence[t] for t, kind in enumerate(document.ties.type) if kind == "took_part_in"]
    assert said
    assert all(sentence.endswith(("as missing person.", "as in their company.")) for sentence in said)


def test_an_arrow_is_drawn_where_a_claim_could_be_read_the_wrong_way(found: Neighbourhood) -> None:
    tie = found.ties[0]
    for other, tie_type, arrow in (
        ("person:900", "parent_of", 1),
        ("person:900", "friend_of", 0),
        ("school:901", "attends", 0),
        ("school:901", "targets", 0),
    ):
        end = Person(NodeId(other), "Ada", None) if other.startswith("person") else School(NodeId(other), "Elm School")
        two = dataclasses.replace(found.nodes[1], record=Person(NodeId("person:899"), "Bo", None))
        claim = dataclasses.replace(tie.tie, source=NodeId("person:899"), target=NodeId(other), tie_type=tie_type)
        nodes = (two, dataclasses.replace(found.nodes[1], record=end))
        pair = dataclasses.replace(
            found, nodes=nodes, hops=(0, 1), cut=(), seeds=(), ties=(dataclasses.replace(tie, tie=claim),)
        )
        assert list(document_of(pair).ties.directed) == [arrow]


def test_hubs_are_marked(found: Neighbourhood, document: MapDocument) -> None:
    assert [document.nodes.id[i] for i in document.cut] == list(found.cut)
    assert [i for i, hub in enumerate(document.nodes.hub) if hub] == list(document.cut)


def test_peer_groups_are_sets_of_those_who_spend_time_in_them(document: MapDocument) -> None:
    members = {
        (document.nodes.id[document.ties.target[t]], document.ties.source[t])
        for t, kind in enumerate(document.ties.type)
        if kind == "member_of"
    }
    assert {(group.id, row) for group in document.sets for row in group.members} == members


def test_positions_given_are_kept(found: Neighbourhood, document: MapDocument) -> None:
    positions = {
        node_id: (x + 5, y) for node_id, x, y in zip(document.nodes.id, document.nodes.x, document.nodes.y, strict=True)
    }
    again = document_of(found, positions=positions)
    assert list(again.nodes.x) == [x + 5 for x in document.nodes.x]


def test_a_person_without_a_name_brings_none_into_the_document(found: Neighbourhood) -> None:
    row = next(i for i, node in enumerate(found.nodes) if isinstance(node.record, Person))
    record = found.nodes[row].record
    assert isinstance(record, Person)
    canary = dataclasses.replace(record, given_name="Zzcanary")
    hidden = dataclasses.replace(record, given_name=None, family_name=None)
    assert b"Zzcanary" in document_of(with_record(found, row, canary)).to_json_bytes()
    document = document_of(with_record(found, row, hidden))
    assert document.nodes.label[row] == f"Person {record.id.partition(':')[2]}"


@given(st.text())
def test_plain_text_turns_nothing_around_and_breaks_no_line(text: str) -> None:
    result = plain(text)
    assert not set(result) & set(
        "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u2028\u2029\n\r\t\0"
    )
    assert plain(result) == result


def test_plain_text_keeps_names_of_all_scripts() -> None:
    assert plain("Zoë  Ní Dhomhnaill محمد") == "Zoë Ní Dhomhnaill محمد"


@pytest.mark.parametrize(
    ("start", "end", "words"),
    [
        ("2026-01-03", "2026-03-04", "from 3 January 2026 to 4 March 2026"),
        ("2026-01-03", "2026-01-03", "on 3 January 2026"),
        (None, "2026-03-04", "until 4 March 2026"),
        ("2026-01-03", None, "since 3 January 2026"),
        (None, None, "dates not known"),
    ],
)
def test_periods_in_words(start: str | None, end: str | None, words: str) -> None:
    assert period_in_words(start, end) == words


def test_a_tie_whose_reports_are_hidden_says_so(found: Neighbourhood) -> None:
    ties = (dataclasses.replace(found.ties[0], reports=()), *found.ties[1:])
    document = document_of(dataclasses.replace(found, ties=ties))
    assert support_in_words(document, 0) == "no report that may be seen"
