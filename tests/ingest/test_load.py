"""A bundle becomes records: all of them, or none with all problems said."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from graph.records import RecordKind
from ingest.findings import LoadRejected
from ingest.load import LoadOptions, load
from tests.ingest.recording_store import RecordingStore

Folder = Callable[[Mapping[str, str | bytes]], Path]

PEOPLE = "person_id,given_name,date_of_birth,sex\n1,Ada,2010-02-03,F\n2,Ben,2009,M\n"
LINKS = (
    "link_id,source_id,target_id,link_type,started_on,ended_on,agency,grading_scheme,source_evaluation,"
    "information_assessment,handling\n"
    "L1,person:1,person:2,friend_of,2024-01-01,2024-01-31,police,3x5x2,1,A,P\n"
)


def problems(rejected: pytest.ExceptionInfo[LoadRejected]) -> list[tuple[str, int | None, str | None, str]]:
    return [(p.file, p.row, p.column, p.kind) for p in rejected.value.problems]


def test_a_bundle_is_loaded(folder: Folder, store: RecordingStore) -> None:
    result = load([folder({"people.csv": PEOPLE, "links.csv": LINKS})], store.contract())
    assert store.one(RecordKind.PERSON, "person:1")["given_name"] == "Ada"
    tie = store.one(RecordKind.TIE, "L1")
    assert (tie["source_id"], tie["report_ids"], tie["polarity"]) == ("person:1", ("links:L1:police",), "neutral")
    assert store.one(RecordKind.REPORT, "links:L1:police")["source_evaluation"] == "1"
    assert result.report.outcome == "loaded"


def test_both_days_of_a_period_count(folder: Folder, store: RecordingStore) -> None:
    load([folder({"people.csv": PEOPLE, "links.csv": LINKS})], store.contract())
    tie = store.one(RecordKind.TIE, "L1")
    assert tie["end_day"] == 31 + int(str(tie["start_day"]))


def test_the_same_files_twice_change_nothing(folder: Folder, store: RecordingStore) -> None:
    path = folder({"people.csv": PEOPLE, "links.csv": LINKS})
    load([path], store.contract())
    assert load([path], store.contract()).report.outcome == "unchanged"
    assert store.notes[0].content_digest == store.notes[1].content_digest


def test_all_problems_of_all_files_are_said_and_nothing_is_loaded(folder: Folder, store: RecordingStore) -> None:
    path = folder(
        {
            "people.csv": PEOPLE + "3,Cy,2010-02-30,X\n",
            "links.csv": LINKS + "L2,person:1,person:9,freind_of,,,police,3x5x2,A,1,P\n",
        }
    )
    with pytest.raises(LoadRejected) as rejected:
        load([path], store.contract())
    assert problems(rejected) == [
        ("links.csv", 3, "link_type", "unknown_word"),
        ("links.csv", 3, "source_evaluation", "wrong_grade"),
        ("links.csv", 3, "target_id", "unknown_reference"),
        ("people.csv", 4, "date_of_birth", "bad_date"),
        ("people.csv", 4, "sex", "unknown_word"),
    ]
    assert not store.notes


def test_good_rows_are_loaded_and_the_others_written_out(folder: Folder, store: RecordingStore, tmp_path: Path) -> None:
    path = folder(
        {
            "people.csv": PEOPLE + "3,Cy,2010-02-30,F\n",
            "links.csv": LINKS + "L2,person:1,person:3,friend_of,,,police,,,,P\n",
        }
    )
    result = load([path], store.contract(), LoadOptions(rejects=tmp_path / "rejects"))
    assert set(store.records[RecordKind.PERSON]) == {"person:1", "person:2"}
    assert set(store.records[RecordKind.TIE]) == {"L1"}
    assert result.report.rejects == ("links.csv", "people.csv")
    written = tmp_path / "rejects" / "people.csv"
    written.write_text(written.read_text().replace("2010-02-30", "2010-02-28"))
    load([tmp_path / "rejects"], store.contract())
    assert set(store.records[RecordKind.TIE]) == {"L1", "L2"}
