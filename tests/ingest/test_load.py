"""A bundle becomes records: all of them, or none with all problems said."""

from __future__ import annotations

import datetime as dt
import gc
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import openpyxl
import pytest
import shapely

from graph.errors import UsageError
from graph.records import RecordKind
from ingest.findings import LoadRejected
from ingest.load import LoadOptions, LoadResult, Progress, load
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


HEAD = "link_id,source_id,target_id,link_type,started_on,agency,report_id\n"
REPORTS = "report_id,agency\nR1,police\nR2,health\n"


def loaded(folder: Folder, store: RecordingStore, files: Mapping[str, str], **options: object) -> LoadResult:
    return load([folder({"people.csv": PEOPLE} | dict(files))], store.contract(), LoadOptions(**options))  # type: ignore[arg-type]


def refused(
    folder: Folder, store: RecordingStore, files: Mapping[str, str]
) -> list[tuple[int | None, str | None, str]]:
    with pytest.raises(LoadRejected) as rejected:
        loaded(folder, store, files)
    return [(p.row, p.column, p.kind) for p in rejected.value.problems]


def test_rows_of_one_link_make_one_tie_with_several_reports(folder: Folder, store: RecordingStore) -> None:
    rows = "L1,person:1,person:2,friend_of,2024-01-01,,R1\nL1,person:1,person:2,friend_of,2024-01-01,,R2\n"
    loaded(folder, store, {"reports.csv": REPORTS, "links.csv": HEAD + rows})
    assert store.one(RecordKind.TIE, "L1")["report_ids"] == ("R1", "R2")


def test_a_row_may_name_several_reports(folder: Folder, store: RecordingStore) -> None:
    rows = "L1,person:1,person:2,friend_of,,,R1; R2\n"
    loaded(folder, store, {"reports.csv": REPORTS, "links.csv": HEAD + rows})
    assert store.one(RecordKind.TIE, "L1")["report_ids"] == ("R1", "R2")


def test_rows_without_id_that_claim_the_same_make_one_tie(folder: Folder, store: RecordingStore) -> None:
    rows = ",person:1,person:2,friend_of,2024-01-01,police,\n,person:1,person:2,friend_of,2024-01-01,health,\n"
    loaded(folder, store, {"links.csv": HEAD + rows})
    (tie,) = store.records[RecordKind.TIE].values()
    assert isinstance(tie[8], tuple)
    assert len(tie[8]) == 2


def test_the_same_claim_in_a_later_load_adds_its_report(folder: Folder, store: RecordingStore) -> None:
    for agency in ("police", "health"):
        loaded(folder, store, {"links.csv": f"{HEAD},person:1,person:2,friend_of,2024-01-01,{agency},\n"})
    (tie,) = store.records[RecordKind.TIE].values()
    assert isinstance(tie[8], tuple)
    assert [report.rpartition(":")[2] for report in tie[8]] == ["police", "health"]


def test_one_link_cannot_claim_two_things(folder: Folder, store: RecordingStore) -> None:
    rows = "L1,person:1,person:2,friend_of,,police,\nL1,person:1,person:2,sibling_of,,health,\n"
    assert refused(folder, store, {"links.csv": HEAD + rows}) == [(3, "link_id", "duplicate_key")]


def test_a_link_needs_a_report(folder: Folder, store: RecordingStore) -> None:
    rows = "L1,person:1,person:2,friend_of,,,\n"
    assert refused(folder, store, {"links.csv": HEAD + rows}) == [(2, "report_id", "missing")]


def test_the_agency_of_the_load_stands_for_that_of_its_links(folder: Folder, store: RecordingStore) -> None:
    loaded(folder, store, {"links.csv": HEAD + "L1,person:1,person:2,friend_of,,,\n"}, agency="police")
    assert store.one(RecordKind.REPORT, "links:L1:police")["grading_scheme"] == "none"


@pytest.mark.parametrize(
    ("scheme", "source", "assessment", "sound"),
    [("3x5x2", "1", "A", True), ("5x5x5", "A", "1", True), ("3x5x2", "A", "1", False), ("5x5x5", "1", "A", False),
     ("", "1", "A", False), ("none", "1", "", False), ("none", "", "", True), ("3x5x2", "2", "", True)],
)  # fmt: skip
def test_grades_belong_to_their_own_scheme(
    folder: Folder, store: RecordingStore, scheme: str, source: str, assessment: str, sound: bool
) -> None:
    header = "report_id,agency,grading_scheme,source_evaluation,information_assessment\n"
    text = f"{header}R1,police,{scheme},{source},{assessment}\n"
    if sound:
        loaded(folder, store, {"reports.csv": text})
        assert store.one(RecordKind.REPORT, "R1")["source_evaluation"] == (source or None)
    else:
        assert len(refused(folder, store, {"reports.csv": text})) == 1


@pytest.mark.parametrize(
    ("source", "target", "kind", "problem"),
    [
        ("1", "person:2", "friend_of", (2, "source_id", "bad_id")),
        ("person:1", "person:1", "friend_of", (2, "target_id", "self_link")),
        ("person:1", "person:2", "attends", (2, "target_id", "wrong_kind")),
        ("person:1", "", "friend_of", (2, "target_id", "missing")),
        ("person:1", "person:2", "took_part_in", (2, "link_type", "unknown_word")),
    ],
)
def test_ends_of_links_are_checked(
    folder: Folder,
    store: RecordingStore,
    source: str,
    target: str,
    kind: str,
    problem: tuple[int, str, str],
) -> None:
    assert refused(folder, store, {"links.csv": f"{HEAD}L1,{source},{target},{kind},,police,\n"}) == [problem]


def test_the_nearest_valid_word_is_said(folder: Folder, store: RecordingStore) -> None:
    with pytest.raises(LoadRejected) as rejected:
        loaded(folder, store, {"links.csv": HEAD + "L1,person:1,person:2,freind_of,,police,\n"})
    assert '"friend_of"' in rejected.value.problems[0].message


def test_a_repeated_row_is_read_once_and_said(folder: Folder, store: RecordingStore) -> None:
    result = load([folder({"people.csv": PEOPLE + "1,Ada,2010-02-03,F\n"})], store.contract())
    assert [notice.rows for notice in result.report.notices] == [1]


def test_one_id_cannot_be_two_people(folder: Folder, store: RecordingStore) -> None:
    with pytest.raises(LoadRejected) as rejected:
        load([folder({"people.csv": PEOPLE + "1,Eve,2010-02-03,F\n"})], store.contract())
    assert problems(rejected) == [("people.csv", 4, None, "duplicate_key")]


def test_references_may_lead_into_the_store(folder: Folder, store: RecordingStore) -> None:
    load([folder({"people.csv": PEOPLE})], store.contract())
    (folder({}) / "people.csv").unlink()
    load([folder({"links.csv": HEAD + "L1,person:1,person:2,friend_of,,police,\n"})], store.contract())
    assert "L1" in store.records[RecordKind.TIE]


def test_bare_and_typed_ids_are_the_same(folder: Folder, store: RecordingStore) -> None:
    files = {
        "places.csv": "place_id\nP1\n",
        "schools.csv": "urn\n100001\n",
        "people.csv": "person_id,address_place_id\n1,P1\nperson:2,place:P1\n3,school:100001\n",
    }
    load([folder(files)], store.contract())
    addresses = [store.one(RecordKind.PERSON, f"person:{n}")["address_place_id"] for n in (1, 2, 3)]
    assert addresses == ["place:P1", "place:P1", "school:100001"]


def test_positions_in_degrees_are_converted(folder: Folder, store: RecordingStore) -> None:
    text = "place_id,longitude,latitude\nP1,-2.2446,53.4779\n"
    load([folder({"places.csv": text})], store.contract())
    place = store.one(RecordKind.PLACE, "place:P1")
    assert place["easting"] == pytest.approx(383_850, abs=60)
    assert place["northing"] == pytest.approx(398_000, abs=300)


def test_exchanged_coordinates_are_found(folder: Folder, store: RecordingStore) -> None:
    text = "place_id,longitude,latitude\nP1,53.4779,-2.2446\n"
    assert refused(folder, store, {"places.csv": text}) == [(2, "longitude", "out_of_range")]


def test_an_unknown_column_is_said_and_not_read(folder: Folder, store: RecordingStore) -> None:
    result = load([folder({"people.csv": "person_id,givn_name\n1,Ada\n"})], store.contract())
    assert "is given_name meant" in result.report.notices[0].message


def test_a_required_column_must_be_there(folder: Folder, store: RecordingStore) -> None:
    with pytest.raises(LoadRejected) as rejected:
        load([folder({"people.csv": "id,given_name\n1,Ada\n"})], store.contract())
    assert problems(rejected) == [("people.csv", 1, "person_id", "missing_column")]


@pytest.mark.parametrize(
    ("encoding", "said"), [("utf-8-sig", "UTF-8"), ("utf-16", "UTF-16"), ("cp1252", "Windows-1252")]
)
def test_encodings_are_found_and_said(folder: Folder, store: RecordingStore, encoding: str, said: str) -> None:
    text = "person_id,given_name\n1,Zoë\n"
    result = load([folder({"people.csv": text.encode(encoding)})], store.contract())
    assert store.one(RecordKind.PERSON, "person:1")["given_name"] == "Zoë"
    assert result.report.files[0].encoding == said


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("quote", ["", '"'])
def test_line_ends_and_quotes_make_no_difference(folder: Folder, store: RecordingStore, end: str, quote: str) -> None:
    text = f"person_id,given_name{end}1,{quote}Ada{quote}{end}{end}2,Ben{end}"
    load([folder({"people.csv": text})], store.contract())
    assert store.sources[RecordKind.PERSON, "person:2"] == ("people.csv", 4)
    assert store.one(RecordKind.PERSON, "person:1")["given_name"] == "Ada"


def test_a_zip_is_read_in_place(folder: Folder, store: RecordingStore, tmp_path: Path) -> None:
    path = tmp_path / "bundle.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("bundle/people.csv", PEOPLE)
        archive.writestr("bundle/links.csv", LINKS)
    load([path], store.contract())
    assert "L1" in store.records[RecordKind.TIE]


def test_a_dry_run_checks_and_loads_nothing(folder: Folder, store: RecordingStore) -> None:
    result = loaded(folder, store, {"links.csv": LINKS}, dry_run=True)
    assert (result.report.outcome, result.commit, store.notes) == ("checked", None, [])


def test_rows_of_other_links_are_loaded_when_one_row_of_a_link_is_not(
    folder: Folder, store: RecordingStore, tmp_path: Path
) -> None:
    rows = (
        "L1,person:1,person:2,friend_of,,police,\nL1,person:1,person:2,friend_of,bad,health,\n"
        "L2,person:1,person:2,sibling_of,,police,\nL3,person:2,person:1,kin_of,,police,\nL3,person:2\n"
    )
    loaded(folder, store, {"links.csv": HEAD + rows}, rejects=tmp_path / "rejects")
    assert set(store.records[RecordKind.TIE]) == {"L2"}
    # all rows of the two links come back, so that loading them later does not lose a report
    assert (tmp_path / "rejects" / "links.csv").read_text().count("\n") == 5


def test_nothing_is_loaded_from_an_empty_folder(folder: Folder, store: RecordingStore) -> None:
    with pytest.raises(UsageError):
        load([folder({})], store.contract())


def test_areas_of_any_vintage_are_read(folder: Folder, store: RecordingStore) -> None:
    ring = "[[[380000,390000],[381000,390000],[381000,391000],[380000,391000],[380000,390000]]]"
    text = (
        '{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"WD23CD":"E1","WD23NM":"North",'
        f'"LAD23CD":"E2"}},"geometry":{{"type":"Polygon","coordinates":{ring}}}}}]}}'
    )
    load([folder({"wards.geojson": text})], store.contract())
    area = store.one(RecordKind.LOCALITY, "E1")
    assert [area[name] for name in ("name", "locality_type", "authority_code", "vintage")] == [
        "North",
        "ward",
        "E2",
        "2023",
    ]
    shape = shapely.from_wkb(area["boundary_wkb"])
    assert (shape.geom_type, shape.area) == ("MultiPolygon", 1_000_000)


def test_an_outline_that_crosses_itself_is_made_valid_and_said(folder: Folder, store: RecordingStore) -> None:
    bow = "[[[380000,390000],[381000,391000],[381000,390000],[380000,391000],[380000,390000]]]"
    text = (
        '{"type":"FeatureCollection","crs":{"properties":{"name":"urn:ogc:def:crs:EPSG::27700"}},"features":['
        '{"type":"Feature","properties":{"locality_id":"E1","name":"North"},'
        f'"geometry":{{"type":"Polygon","coordinates":{bow}}}}}]}}'
    )
    result = load([folder({"localities.geojson": text})], store.contract())
    assert shapely.from_wkb(store.one(RecordKind.LOCALITY, "E1")["boundary_wkb"]).is_valid
    assert "crossed" in result.report.notices[0].message


def test_a_workbook_with_the_sheets_of_the_bundle_is_read(store: RecordingStore, tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for name, text in (("people", PEOPLE), ("links", LINKS)):
        sheet = book.create_sheet(name)
        for line in text.splitlines():
            sheet.append(line.split(","))
    people = book["people"]
    people["C2"] = dt.datetime(2010, 2, 3)
    people["A3"] = 2
    book.save(tmp_path / "hub.xlsx")
    load([tmp_path / "hub.xlsx"], store.contract())
    assert store.one(RecordKind.PERSON, "person:1")["birth_precision"] == "day"
    assert store.sources[RecordKind.TIE, "L1"] == ("hub.xlsx [links]", 2)


def test_rejected_rows_of_a_workbook_come_back_as_a_workbook(store: RecordingStore, tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.title = "people"
    for row in (["person_id", "given_name", "sex"], ["1", "Ada", "F"], ["2", "'=Ben", "x"]):
        sheet.append(row)
    book.save(tmp_path / "people.xlsx")
    load([tmp_path / "people.xlsx"], store.contract(), LoadOptions(rejects=tmp_path / "rejects"))
    back = openpyxl.load_workbook(tmp_path / "rejects" / "people.xlsx")["people"]
    assert [cell.value for cell in back[2]][1:] == ["2", "'=Ben", "x"]


def test_problems_beyond_the_kept_ones_are_counted(folder: Folder, store: RecordingStore) -> None:
    rows = "".join(f"{number},Ada,bad,F\n" for number in range(12_000))
    header = PEOPLE.partition("\n")[0] + "\n"
    with pytest.raises(LoadRejected) as rejected:
        load([folder({"people.csv": header + rows})], store.contract())
    assert rejected.value.report.problem_count == 12_000
    assert len(rejected.value.problems) == 10_001
    assert rejected.value.problems[-1].message.startswith("2000 more")


def test_a_part_in_an_event_may_rest_on_two_reports(folder: Folder, store: RecordingStore) -> None:
    events = "event_id,event_type,started_at\nE1,incident,2024-01-01T10:00:00\n"
    parts = "event_id,entity_id,role,report_id\nE1,person:1,victim,R1\nE1,person:1,victim,R2\nE1,person:1,victim,R1\n"
    loaded(folder, store, {"reports.csv": REPORTS, "events.csv": events, "participants.csv": parts})
    assert [row[4] for row in store.records[RecordKind.PARTICIPATION].values()] == ["R1", "R2"]


def test_a_workbook_within_a_zip_is_read(store: RecordingStore, tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.worksheets[0].title = "people"
    for line in PEOPLE.splitlines():
        book.worksheets[0].append(line.split(","))
    book.create_sheet("notes").append(["=1+1"])
    book.save(tmp_path / "hub.xlsx")
    with zipfile.ZipFile(tmp_path / "bundle.zip", "w") as archive:
        archive.write(tmp_path / "hub.xlsx", "hub.xlsx")
    result = load([tmp_path / "bundle.zip"], store.contract())
    assert set(store.records[RecordKind.PERSON]) == {"person:1", "person:2"}
    assert [notice.file for notice in result.report.notices] == ["hub.xlsx [notes]"]


def test_progress_counts_the_rows_of_all_files(folder: Folder, store: RecordingStore) -> None:
    told: list[Progress] = []
    loaded(folder, store, {"links.csv": LINKS}, progress=told.append)
    assert (told[-1].stage, told[-1].file, told[-1].rows) == ("loading", "links.csv", 3)


def test_the_collector_is_left_as_it_was(folder: Folder, store: RecordingStore) -> None:
    before = gc.get_threshold()
    loaded(folder, store, {"links.csv": LINKS}, progress=lambda _: loaded(folder, store, {}))
    assert gc.get_threshold() == before


def test_an_encrypted_file_in_a_zip_is_refused(store: RecordingStore, tmp_path: Path) -> None:
    path = tmp_path / "bundle.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("people.csv", PEOPLE)
    content = bytearray(path.read_bytes())
    content[content.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(content)
    with pytest.raises(LoadRejected) as rejected:
        load([path], store.contract())
    assert problems(rejected) == [("bundle.zip", None, None, "encrypted")]


def test_the_report_says_how_each_file_was_read(folder: Folder, store: RecordingStore) -> None:
    report = loaded(folder, store, {"links.csv": LINKS}).report
    assert report.as_json()["files"][0]["rows"] == 1
    assert report.as_json()["tallies"]["person"] == {"new": 2, "changed": 0, "unchanged": 0}
    assert report.as_text().splitlines()[:2] == ["Loaded.", "  links.csv: 1 rows, UTF-8"]
