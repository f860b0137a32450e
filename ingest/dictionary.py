"""Writes the data dictionary page from the tables: ``python -m ingest.dictionary > docs/data-dictionary.md``."""

from __future__ import annotations

import sys

from ingest.schemas import TABLES, CellKind, Column, Table

_KINDS: dict[CellKind, str] = {
    CellKind.KEY: "id",
    CellKind.REFERENCE: "reference",
    CellKind.TEXT: "text",
    CellKind.LIST: "texts, separated by `;`",
    CellKind.WORD: "word",
    CellKind.OPEN_WORD: "word, or other text (kept and said)",
    CellKind.AGENCY: "name of an agency",
    CellKind.DAY: "date",
    CellKind.LAST_DAY: "date, included",
    CellKind.BIRTH_DATE: "date, month or year",
    CellKind.INSTANT: "time",
    CellKind.YES_NO: "0 or 1",
    CellKind.COORDINATE: "number",
    CellKind.FRACTION: "number from 0 to 1",
    CellKind.AMOUNT: "number, 0 or more",
    CellKind.COUNT: "whole number",
    CellKind.POSTCODE: "postcode",
    CellKind.NHS_NUMBER: "NHS number",
    CellKind.REPORTS: "report ids, separated by `;`",
    CellKind.GEOMETRY: "Polygon or MultiPolygon",
}
_HEAD = """# Data dictionary of the exchange bundle

Generated from `ingest/schemas.py` by `python -m ingest.dictionary`; change the tables, not this page. How files are
read, and what makes them rejected, stands in [Loading data](loading.md); the words in [Controlled
lists](vocabularies.md). Columns in **bold** must be there and filled, with two exceptions that are made from the row's
content when empty: `episode_id` and `link_id`. Columns marked † hold names or free text: no message, log or report ever
repeats them.
"""


def as_markdown() -> str:
    """The whole page."""
    return "\n".join([_HEAD, *(section for table in TABLES for section in _table(table))])


def _table(table: Table) -> list[str]:
    lines = [f"## {table.file_name}", "", f"{table.meaning}.", ""]
    if table.report_required:
        lines += ["Each row names its report, or states one by its agency and grading.", ""]
    lines += ["| column | holds | meaning |", "| --- | --- | --- |"]
    lines += [f"| {_name(column)} | {_holds(column)} | {column.meaning} |" for column in table.columns]
    return [*lines, ""]


def _name(column: Column) -> str:
    name = f"**{column.name}**" if column.required else column.name
    also = f" (also `{column.alias}`)" if column.alias else ""
    return f"{name}{' †' if column.sensitive else ''}{also}"


def _holds(column: Column) -> str:
    said = _KINDS[column.kind]
    if column.vocabulary:
        return f"{said} of [{column.vocabulary}](vocabularies.md#{column.vocabulary})"
    if len(column.refers_to) > 3:
        return f"{said}: typed id"
    if column.refers_to:
        return f"{said}: {' or '.join(kind.value for kind in column.refers_to)}"
    return said


if __name__ == "__main__":
    sys.stdout.write(as_markdown())
