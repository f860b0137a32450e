"""Files made to do harm are refused with a clear problem, in bounded time and memory, and nothing is loaded."""

from __future__ import annotations

import io
import os
import stat
import struct
import tarfile
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import openpyxl
import psutil
import pytest

from ingest.findings import LoadRejected
from ingest.load import load
from tests.ingest.recording_store import RecordingStore

Folder = Callable[[Mapping[str, str | bytes]], Path]
HEADER = "person_id,given_name\n"


@pytest.fixture(autouse=True)
def bounded() -> Iterator[None]:
    """Each refusal takes seconds and little memory, whatever the file holds."""
    # processor time, children included: other work on the machine must not fail a test
    started, before = sum(os.times()[:4]), psutil.Process().memory_info().rss
    yield
    assert sum(os.times()[:4]) - started < 20
    assert psutil.Process().memory_info().rss - before < 300 * 1024**2


def refused(path: Path) -> list[tuple[str, int | None, str]]:
    store = RecordingStore()
    with pytest.raises(LoadRejected) as rejected:
        load([path], store.contract())
    assert not store.notes
    return [(problem.file, problem.row, problem.kind) for problem in rejected.value.problems]


def zipped(path: Path, members: Mapping[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


# -- archives ------------------------------------------------------------------------------------------------------
def test_a_zip_that_unpacks_to_a_thousand_times_its_size(tmp_path: Path) -> None:
    bomb = zipped(tmp_path / "bundle.zip", {"people.csv": HEADER.encode() + b"0" * 50_000_000})
    assert refused(bomb) == [("bundle.zip", None, "zip_bomb")]


def test_a_zip_with_too_many_files(tmp_path: Path) -> None:
    many = zipped(tmp_path / "bundle.zip", {f"{number}.csv": b"" for number in range(1_001)})
    assert refused(many) == [("bundle.zip", None, "zip_bomb")]


def test_a_zip_that_says_its_files_are_small(tmp_path: Path) -> None:
    path = zipped(tmp_path / "bundle.zip", {"people.csv": HEADER.encode() + b"1,Ada\n" * 2_000_000})
    content = bytearray(path.read_bytes())
    # the unpacked size in the central directory, 24 bytes after its signature
    struct.pack_into("<I", content, content.index(b"PK\x01\x02") + 24, 100)
    path.write_bytes(content)
    assert {kind for _, _, kind in refused(path)} <= {"unreadable", "ragged_row", "duplicate_key", "bad_archive"}


@pytest.mark.parametrize(
    "name", ["../people.csv", "/etc/people.csv", "a/../../people.csv", "..\\people.csv", "C:\\people.csv"]
)
def test_a_path_that_leads_out_of_the_zip(tmp_path: Path, name: str) -> None:
    path = zipped(tmp_path / "bundle.zip", {name: HEADER.encode()})
    assert refused(path) == [("bundle.zip", None, "unsafe_name")]


def test_a_link_within_a_zip(tmp_path: Path) -> None:
    path = tmp_path / "bundle.zip"
    with zipfile.ZipFile(path, "w") as archive:
        member = zipfile.ZipInfo("people.csv")
        member.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(member, "/etc/passwd")
    assert refused(path) == [("bundle.zip", None, "symlink")]


def test_a_zip_within_a_zip(tmp_path: Path) -> None:
    path = zipped(tmp_path / "bundle.zip", {"people.csv": HEADER.encode(), "more.zip": b"PK"})
    assert ("bundle.zip", None, "nested_archive") in refused(path)


def test_a_zip_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "bundle.zip").write_bytes(b"not a zip")
    assert refused(tmp_path / "bundle.zip") == [("bundle.zip", None, "bad_archive")]


def test_a_tar_file_under_any_name(tmp_path: Path) -> None:
    for name in ("bundle.tar", "people.csv"):
        with tarfile.open(tmp_path / name, "w") as archive:
            archive.addfile(tarfile.TarInfo("people.csv"), io.BytesIO())
        assert refused(tmp_path / name) == [(name, None, "archive_refused")]


# -- the file system -----------------------------------------------------------------------------------------------
def test_a_pipe(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "people.csv")
    assert refused(tmp_path / "people.csv") == [("people.csv", None, "not_regular")]
    assert refused(tmp_path) == [("people.csv", None, "not_regular")]


def test_a_device() -> None:
    assert refused(Path("/dev/zero")) == [("zero", None, "not_regular")]


def test_a_link_within_a_folder(folder: Folder, tmp_path: Path) -> None:
    path = folder({"places.csv": "place_id\nP1\n"})
    (path / "people.csv").symlink_to("/etc/passwd")
    assert refused(path) == [("people.csv", None, "symlink")]


def test_no_file(tmp_path: Path) -> None:
    assert refused(tmp_path / "people.csv") == [("people.csv", None, "not_found")]


# -- CSV -----------------------------------------------------------------------------------------------------------
def test_nul(folder: Folder) -> None:
    assert refused(folder({"people.csv": HEADER + "1,A\0da\n"})) == [("people.csv", 2, "control_character")]


def test_half_a_character(folder: Folder) -> None:
    content = "person_id,given_name\n1,\ud800\n".encode("utf-16-le", "surrogatepass")
    assert {kind for _, _, kind in refused(folder({"people.csv": b"\xff\xfe" + content}))} == {"bad_encoding"}


def test_bytes_of_no_encoding(folder: Folder) -> None:
    assert refused(folder({"people.csv": HEADER.encode() + b"1,\x81\xff\n"})) == [("people.csv", 2, "bad_encoding")]


@pytest.mark.parametrize("quote", ["", '"'])
def test_a_cell_of_ten_megabytes(folder: Folder, quote: str) -> None:
    text = f"{HEADER}1,Ada\n2,{quote}{'x' * 10_000_000}{quote}\n"
    assert refused(folder({"people.csv": text}))[0][1:] in {(3, "line_too_long"), (3, "cell_too_long")}


@pytest.mark.parametrize("quote", ["", '"'])
def test_a_cell_of_two_hundred_thousand_characters(folder: Folder, quote: str) -> None:
    text = f"{HEADER}1,Ada\n2,{quote}{'x' * 200_000}{quote}\n"
    assert refused(folder({"people.csv": text})) == [("people.csv", 3, "cell_too_long")]


def test_a_million_columns(folder: Folder) -> None:
    text = "person_id" + ",x" * 1_000_000 + "\n1\n"
    assert refused(folder({"people.csv": text})) == [("people.csv", 1, "too_many_columns")]


def test_a_row_of_a_million_cells(folder: Folder) -> None:
    assert refused(folder({"people.csv": HEADER + "1" + "," * 1_000_000 + "\n"}))[0][1:] in {
        (2, "ragged_row"),
        (2, "cell_too_long"),
    }


def test_rows_of_other_lengths(folder: Folder) -> None:
    text = f"{HEADER}1,Ada\n2\n3,Cy,x\n\n4,Di\n"
    assert refused(folder({"people.csv": text})) == [("people.csv", 3, "ragged_row"), ("people.csv", 4, "ragged_row")]


def test_a_quotation_mark_that_is_never_closed(folder: Folder) -> None:
    assert refused(folder({"people.csv": f'{HEADER}1,Ada\n2,"Ben\n3,Cy\n'})) == [("people.csv", 3, "bad_quotes")]


def test_text_after_a_quotation_mark(folder: Folder) -> None:
    assert refused(folder({"people.csv": f'{HEADER}1,"A"da\n'})) == [("people.csv", 2, "bad_quotes")]


def test_two_columns_of_one_name(folder: Folder) -> None:
    text = "person_id,given_name,given_name\n1,Ada,Bo\n"
    assert refused(folder({"people.csv": text})) == [("people.csv", 1, "duplicate_header")]


def test_an_empty_file(folder: Folder) -> None:
    assert refused(folder({"people.csv": b""})) == [("people.csv", 1, "no_header")]


def test_a_number_of_a_hundred_thousand_digits(folder: Folder) -> None:
    text = "place_id,easting,northing\nP1," + "9" * 100_000 + ",400000\n"
    assert refused(folder({"places.csv": text})) == [("places.csv", 2, "bad_number")]


@pytest.mark.parametrize("number", ["nan", "inf", "-1e400", "١٢", "0x10", "1_000", "1e99"])
def test_numbers_that_are_none(folder: Folder, number: str) -> None:
    text = f"place_id,easting,northing\nP1,{number},400000\n"
    assert refused(folder({"places.csv": text}))[0][:2] == ("places.csv", 2)


def test_a_message_never_holds_the_cell(folder: Folder) -> None:
    secret = "Xanthippe"
    text = f"person_id,date_of_birth,sex,ethnicity,protected_address\n1,{secret},{secret},{secret},{secret}\n"
    with pytest.raises(LoadRejected) as rejected:
        load([folder({"people.csv": text})], RecordingStore().contract())
    assert len(rejected.value.problems) == 4
    assert secret not in rejected.value.report.as_text() + str(rejected.value.report.as_json())


# -- workbooks -----------------------------------------------------------------------------------------------------
def workbook(path: Path, rows: list[list[object]]) -> Path:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "people"
    for row in rows:
        sheet.append(row)
    book.save(path)
    return path


def sheet_replaced(path: Path, content: bytes) -> Path:
    """The workbook with another content of its first sheet."""
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    members["xl/worksheets/sheet1.xml"] = content
    return zipped(path, members)


def test_a_formula(tmp_path: Path) -> None:
    path = workbook(tmp_path / "people.xlsx", [["person_id", "given_name"], ["1", '=HYPERLINK("x")']])
    assert refused(path) == [("people.xlsx [people]", 2, "formula")]


def test_a_workbook_that_unpacks_to_a_thousand_times_its_size(tmp_path: Path) -> None:
    path = workbook(tmp_path / "people.xlsx", [["person_id"], ["1"]])
    sheet_replaced(path, b"<worksheet>" + b" " * 50_000_000 + b"</worksheet>")
    assert refused(path) == [("people.xlsx", None, "zip_bomb")]


def test_a_workbook_that_lies_about_its_size(tmp_path: Path) -> None:
    path = workbook(tmp_path / "people.xlsx", [["person_id"], ["1"]])
    with zipfile.ZipFile(path) as archive:
        sheet = archive.read("xl/worksheets/sheet1.xml")
    assert b'ref="A1:A2"' in sheet
    sheet_replaced(path, sheet.replace(b'ref="A1:A2"', b'ref="A1:XFD1048576"'))
    store = RecordingStore()
    assert load([path], store.contract()).report.files[0].rows == 1


def test_a_workbook_with_entities(tmp_path: Path) -> None:
    path = workbook(tmp_path / "people.xlsx", [["person_id"], ["1"]])
    sheet_replaced(path, b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">]><worksheet>&a;</worksheet>')
    assert refused(path) == [("people.xlsx", None, "bad_workbook")]


def test_a_workbook_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "people.xlsx").write_bytes(b"\xd0\xcf\x11\xe0 an old or locked workbook")
    assert refused(tmp_path / "people.xlsx") == [("people.xlsx", None, "bad_workbook")]


# -- GeoJSON -------------------------------------------------------------------------------------------------------
def area(coordinates: str, kind: str = "Polygon", properties: str = '{"locality_id": "E1", "name": "Ward"}') -> str:
    geometry = f'{{"type": "{kind}", "coordinates": {coordinates}}}'
    feature = f'{{"type": "Feature", "properties": {properties}, "geometry": {geometry}}}'
    return f'{{"type": "FeatureCollection", "features": [{feature}]}}'


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (area("[[[NaN, 53], [-2, 53], [-2, 54], [NaN, 53]]]"), "bad_json"),
        (area("[[[1e999, 53], [-2, 53], [-2, 54], [1e999, 53]]]"), "bad_json"),
        (area("[" * 100_000 + "]" * 100_000), "bad_json"),
        (area("[[[-2, 53], [-2.1, 53]]]"), "bad_geometry"),
        (area('"here"'), "bad_geometry"),
        (area("[-2, 53]", "Point"), "bad_geometry"),
        (area("[]"), "bad_geometry"),
        (area("[[[53, -2], [53.1, -2], [53.1, -2.1], [53, -2]]]"), "out_of_range"),
        (area("[[[-2, 53], [-2.1, 53], [-2.1, 53.1], [-2, 53]]]", properties="[]"), "bad_geojson"),
        ('{"type": "FeatureCollection", "features": {}}', "bad_geojson"),
        ("[]", "bad_geojson"),
        ('{"type": "FeatureCollection", "features": [7]}', "bad_geojson"),
        ('{"type": "FeatureCollection", "crs": {"properties": {"name": "EPSG:3857"}}, "features": []}', "unknown_crs"),
        ('{"a": "\\ud800"}', "bad_json"),
    ],
)
def test_outlines_that_are_none(folder: Folder, text: str, kind: str) -> None:
    assert refused(folder({"localities.geojson": text}))[0][2] == kind
