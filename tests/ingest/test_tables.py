"""Delimited files: the fast way and the general way give the same rows, and any bytes give rows or problems."""

from __future__ import annotations

import csv
import io
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from graph.errors import InputRejected, UsageError
from ingest.files import InputFile
from ingest.findings import Findings
from ingest.load import LoadOptions, load
from ingest.mapping import read_mapping
from ingest.tables import open_delimited, scan
from tests.ingest.recording_store import RecordingStore

CELLS = st.text(
    st.characters(blacklist_categories=["Cs"], blacklist_characters='",\r\n\0\x1c\x1d\x1e\x85\u2028\u2029'), max_size=8
)
ROWS = st.lists(st.lists(CELLS, min_size=3, max_size=3), max_size=30)
ENDS = st.sampled_from(["\n", "\r\n"])


def rows_of(text: str) -> tuple[list[tuple[str, ...]], list[int], int]:
    """Rows, their numbers, and the number of rows that the first look counted."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "people.csv"
        path.write_bytes(text.encode("utf-8"))
        findings = Findings()
        file = InputFile("people.csv", path, None, path.stat().st_size)
        scanned = scan(file, findings)
        assert scanned is not None
        content = open_delimited(file, scanned, findings)
        assert content is not None
        rows: list[tuple[str, ...]] = []
        numbers: list[int] = []
        for chunk in content.rows(findings):
            rows += zip(*chunk.columns, strict=True)
            numbers += chunk.row_numbers
        assert not findings.any_problem
        return rows, numbers, scanned.rows


@settings(max_examples=60)
@given(ROWS, ENDS)
def test_quoted_and_plain_files_give_the_same_rows(rows: list[list[str]], end: str) -> None:
    plain, quoted = io.StringIO(), io.StringIO()
    csv.writer(plain, quoting=csv.QUOTE_NONE, lineterminator=end).writerows([["a", "b", "c"], *rows])
    csv.writer(quoted, quoting=csv.QUOTE_ALL, lineterminator=end).writerows([["a", "b", "c"], *rows])
    assert rows_of(plain.getvalue()) == rows_of(quoted.getvalue())
    assert rows_of(plain.getvalue())[0] == [tuple(row) for row in rows]
    assert rows_of(plain.getvalue())[2] == len(rows)


@settings(max_examples=60)
@given(st.lists(st.text(st.sampled_from('ab"\n,'), max_size=6), min_size=1, max_size=8))
def test_line_ends_within_quotation_marks_are_no_rows(cells: list[str]) -> None:
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerows([["a", "b"], *([cell, "x"] for cell in cells)])
    rows, numbers, counted = rows_of(stream.getvalue())
    assert [row[0] for row in rows] == cells
    assert numbers == list(range(2, len(cells) + 2))
    assert counted == len(cells)


def load_bytes(name: str, content: bytes, mapping: str | None = None) -> None:
    """Load; the only errors allowed are those that tell the user what is wrong."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / name).write_bytes(content)
        store = RecordingStore()
        mappings: tuple[Path, ...] = ()
        if mapping is not None:
            (Path(folder) / "rules.yaml").write_text(mapping)
            mappings = (Path(folder) / "rules.yaml",)
        try:
            load([Path(folder) / name], store.contract(), LoadOptions(mappings=mappings))
        except (InputRejected, UsageError):
            assert not store.notes


HEADERS = st.sampled_from(
    [
        b"person_id,given_name,date_of_birth,sex,protected_address\n",
        b"link_id,source_id,target_id,link_type,agency,started_on,ended_on\n",
        b"event_id,event_type,started_at,longitude,latitude,report_id\n",
        b"",
    ]
)


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(["people.csv", "links.csv", "events.csv"]), HEADERS, st.binary(max_size=200))
def test_any_bytes_give_rows_or_problems(name: str, header: bytes, content: bytes) -> None:
    load_bytes(name, header + content)


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(HEADERS, st.lists(st.lists(st.text(max_size=12), min_size=5, max_size=7), max_size=6), st.booleans())
def test_any_cells_give_rows_or_problems(header: bytes, rows: list[list[str]], mapped: bool) -> None:
    stream = io.StringIO()
    csv.writer(stream).writerows(rows)
    content = header + stream.getvalue().encode("utf-8", "replace")
    rules = (
        'kith_mapping: 1\nfiles:\n  - match: "*.csv"\n    records:\n      - table: people\n        columns:\n'
        '          person_id: "{person_id}"\n          date_of_birth: {from: date_of_birth, date: "%d/%m/%Y"}\n'
    )
    load_bytes("people.csv", content, rules if mapped else None)


@settings(max_examples=100)
@given(st.binary(max_size=300), st.sampled_from(["localities.geojson", "bundle.zip", "people.xlsx"]))
def test_any_bytes_in_other_formats_give_problems(content: bytes, name: str) -> None:
    # the first bytes of a zip, so that not all fail at once
    load_bytes(name, (b"PK\x03\x04" if name.endswith(("zip", "xlsx")) else b'{"type":') + content)


@settings(max_examples=150)
@given(st.text(st.sampled_from("kith_mapng:1 \n-[]{}&*!|>'\"#,files"), max_size=80))
def test_any_text_as_a_mapping_gives_problems(text: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rules.yaml"
        path.write_text(text)
        try:
            read_mapping(path)
        except InputRejected as error:
            assert error.problems
