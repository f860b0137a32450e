"""Mapping files: any table becomes bundle rows, and a wrong mapping is explained with line and column."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path

import openpyxl
import pytest

from graph.errors import InputRejected
from graph.records import RecordKind, date_of
from ingest.findings import LoadRejected
from ingest.load import LoadOptions, load
from ingest.mapping import read_mapping
from tests.ingest.recording_store import RecordingStore

Folder = Callable[[Mapping[str, str | bytes]], Path]

MAPPING = """kith_mapping: 1
files:
  - match: children*.csv
    delimiter: ";"
    empty: [NULL, "-"]
    records:
      - table: people
        columns:
          person_id: "{Ref}"
          given_name: Forename
          sex: {from: Gender, words: {Girl: F, Boy: M}, otherwise: U, when_empty: U}
          date_of_birth: {from: Born, date: ["%d/%m/%Y", "%Y"]}
          also_known_as: {from: Aliases, split: "/"}
      - table: links
        when:
          - {column: Friend, filled: true}
          - {column: Friend, is_not: none}
        columns:
          link_id: "{#file}/{#row}"
          source_id: "person:{Ref}"
          target_id: "person:{Friend}"
          link_type: friend_of
          agency: school
"""
CHILDREN = """Ref;Forename;Gender;Born;Aliases;Friend
1;Ada;Girl;03/02/2010;A/Ad;2
2;Ben;NULL;04/05/2011;-;none
3;Cy;Other;2012;;
"""


def mapped(folder: Folder, mapping: str = MAPPING, **files: str) -> tuple[Path, LoadOptions]:
    path = folder({"children.csv": CHILDREN} | {name.replace("_", "."): text for name, text in files.items()})
    rules = path.parent / "rules.yaml"
    rules.write_text(mapping.replace("given_name: Forename", 'given_name: "{Forename}"'))
    return path, LoadOptions(mappings=(rules,))


def test_one_row_becomes_several_records(folder: Folder, store: RecordingStore) -> None:
    path, options = mapped(folder)
    load([path], store.contract(), options)
    ada = store.one(RecordKind.PERSON, "person:1")
    assert (ada["given_name"], ada["sex"], ada["also_known_as"]) == ("Ada", "F", ("A", "Ad"))
    assert date_of(int(str(ada["birth_day"]))).isoformat() == "2010-02-03"
    assert set(store.records[RecordKind.TIE]) == {"children/2"}


def test_words_outside_the_list_and_empty_cells_have_their_own_word(folder: Folder, store: RecordingStore) -> None:
    path, options = mapped(folder)
    load([path], store.contract(), options)
    assert [store.one(RecordKind.PERSON, f"person:{n}")["sex"] for n in (2, 3)] == ["U", "U"]
    assert store.one(RecordKind.PERSON, "person:2")["also_known_as"] is None


def test_records_remember_the_file_and_row_they_come_from(folder: Folder, store: RecordingStore) -> None:
    path, options = mapped(folder)
    load([path], store.contract(), options)
    assert store.sources[RecordKind.PERSON, "person:3"] == ("children.csv", 4)


def test_a_cell_the_mapping_cannot_read_is_named_by_its_own_header(folder: Folder, store: RecordingStore) -> None:
    path, options = mapped(folder, MAPPING.replace(", otherwise: U", ""))
    with pytest.raises(LoadRejected) as rejected:
        load([path], store.contract(), options)
    assert [(p.row, p.column, p.kind) for p in rejected.value.problems] == [(4, "Gender", "unmapped_word")]


def test_a_bundle_problem_is_named_by_its_own_header(folder: Folder, store: RecordingStore) -> None:
    path, options = mapped(folder, MAPPING.replace("link_type: friend_of", 'link_type: "{Gender}"'))
    with pytest.raises(LoadRejected) as rejected:
        load([path], store.contract(), options)
    assert [(p.file, p.row, p.column, p.kind) for p in rejected.value.problems] == [
        ("children.csv", 2, "Gender", "unknown_word")
    ]


def test_rejected_rows_can_be_corrected_and_loaded_with_the_same_mapping(
    folder: Folder, store: RecordingStore, tmp_path: Path
) -> None:
    path, options = mapped(folder, MAPPING.replace(", otherwise: U", ""))
    rejects = tmp_path / "rejects"
    load([path], store.contract(), LoadOptions(mappings=options.mappings, rejects=rejects))
    written = rejects / "children.csv"
    assert written.read_text("utf-8-sig").count("\n") == 2
    written.write_text(written.read_text("utf-8-sig").replace("Other", "Girl"))
    load([rejects], store.contract(), options)
    assert store.one(RecordKind.PERSON, "person:3")["sex"] == "F"


def test_a_sheet_is_read_like_a_file(folder: Folder, store: RecordingStore, tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "Year 9"
    for line in CHILDREN.splitlines():
        sheet.append(line.split(";"))
    book.create_sheet("Notes").append(["anything"])
    book.save(tmp_path / "children.xlsx")
    rules = tmp_path / "rules.yaml"
    text = MAPPING.replace("children*.csv", "children.xlsx\n    sheet: year*").replace("Forename", '"{Forename}"')
    rules.write_text(text)
    result = load([tmp_path / "children.xlsx"], store.contract(), LoadOptions(mappings=(rules,)))
    assert set(store.records[RecordKind.PERSON]) == {"person:1", "person:2", "person:3"}
    assert any(notice.file == "children.xlsx [Notes]" for notice in result.report.notices)


@pytest.mark.parametrize(
    ("old", "new", "line", "column", "words"),
    [
        ("kith_mapping: 1", "kith_mapping: 2", 1, 15, "must be one of"),
        ("    delimiter:", "    delimeter:", 4, 5, "is delimiter meant"),
        ("table: people", "table: peeple", 7, 16, "is people meant"),
        ("given_name: ", "givenname: ", 10, 11, "is given_name meant"),
        ('person_id: "{Ref}"', 'person_id: "{}"', 9, 22, "braces"),
        ('          person_id: "{Ref}"\n', "", 8, 9, "needs the column person_id"),
        ("filled: true", "full: true", 16, 30, "is filled meant"),
        ("date:", "date: [], time:", 12, 45, "must not be empty"),
        ("otherwise: U", "otherwise: [U]", 11, 68, "must be a text"),
        ("{from: Born", "{from: Born,", 12, 38, "not valid YAML"),
        ("    records:\n", "    records: []\n    x:\n", 6, 14, "must not be empty"),
        ("files:\n", "files:\nfiles:\n", 3, 1, "second time"),
    ],
)
def test_a_wrong_mapping_is_explained_by_line_and_column(
    tmp_path: Path, old: str, new: str, line: int, column: int, words: str
) -> None:
    assert old in MAPPING
    (tmp_path / "rules.yaml").write_text(MAPPING.replace(old, new, 1))
    with pytest.raises(InputRejected) as rejected:
        read_mapping(tmp_path / "rules.yaml")
    messages = [problem.message for problem in rejected.value.problems]
    assert any(f"line {line}, column {column}: " in each and words in each for each in messages), messages


def test_a_column_that_the_file_does_not_have_is_explained(folder: Folder, store: RecordingStore) -> None:
    path, options = mapped(folder, MAPPING.replace("from: Born", "from: Birth"))
    with pytest.raises(LoadRejected) as rejected:
        load([path], store.contract(), options)
    assert "line 12, column 33: children.csv has no column Birth" in {p.message for p in rejected.value.problems}


def test_aliases_cannot_blow_up_a_mapping(tmp_path: Path) -> None:
    lines = ["a0: &a0 x", *(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12))]
    (tmp_path / "rules.yaml").write_text("\n".join(lines))
    with pytest.raises(InputRejected) as rejected:
        read_mapping(tmp_path / "rules.yaml")
    assert "aliases" in rejected.value.problems[0].message


def test_the_examples_are_sound() -> None:
    folder = Path(__file__).parents[2] / "examples" / "mappings"
    assert [read_mapping(path).title for path in sorted(folder.glob("*.yaml"))]


def test_the_mappings_of_the_guide_are_sound(tmp_path: Path) -> None:
    guide = (Path(__file__).parents[2] / "docs" / "mapping.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```yaml\n(.*?)```", guide, re.DOTALL)
    assert len(blocks) == 2
    for block in blocks:
        (tmp_path / "rules.yaml").write_text(block)
        assert read_mapping(tmp_path / "rules.yaml").files


def test_the_first_example_of_the_guide_loads(folder: Folder, store: RecordingStore) -> None:
    guide = (Path(__file__).parents[2] / "docs" / "mapping.md").read_text(encoding="utf-8")
    table, mapping = re.findall(r"```(?:yaml)?\n((?:Ref;|kith_mapping).*?)```", guide, re.DOTALL)[:2]
    path = folder({"children.csv": table})
    rules = path.parent / "rules.yaml"
    rules.write_text(mapping)
    load([path], store.contract(), LoadOptions(mappings=(rules,)))
    assert (len(store.records[RecordKind.PERSON]), len(store.records[RecordKind.TIE])) == (2, 1)
