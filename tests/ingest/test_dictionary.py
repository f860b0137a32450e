"""The data dictionary page says what the tables say."""

from __future__ import annotations

from pathlib import Path

from graph.records import RecordKind
from ingest.dictionary import as_markdown
from ingest.schemas import TABLE_OF_RECORD, describe_formats


def test_the_page_is_the_generated_one() -> None:
    page = Path(__file__).parents[2] / "docs" / "data-dictionary.md"
    assert page.read_text(encoding="utf-8") == as_markdown()


def test_every_record_kind_has_its_file() -> None:
    assert set(TABLE_OF_RECORD) == set(RecordKind)


def test_formats_are_described_with_their_words() -> None:
    bundle = describe_formats()[0]
    links = next(file for file in bundle.files if file.file == "links.csv")
    words = {column.name: column.words for column in links.columns}
    assert "friend_of" in words["link_type"]
    assert "took_part_in" not in words["link_type"]
    assert [column.name for column in links.columns if column.required] == ["source_id", "target_id", "link_type"]
