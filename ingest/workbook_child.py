"""Turns the sheets of a workbook into CSV files: a process of its own, under limits, that imports nothing of Kith.

Arguments: workbook, output folder, most memory in bytes, most processor seconds. Prints a JSON object with ``sheets``
(title, file, rows) and ``problems`` (sheet, row, column, kind, message). No message holds the value of a cell.
"""

from __future__ import annotations

import csv
import datetime as dt
import json
import resource
import sys
from pathlib import Path
from typing import Any

MOST_COLUMNS = 1_000
MOST_CELL = 131_072
MOST_SHEETS = 100
MOST_PROBLEMS = 1_000


def main(arguments: list[str]) -> int:
    """Convert; exit code 0 when the output is complete."""
    source, folder, memory, seconds = arguments
    resource.setrlimit(resource.RLIMIT_AS, (int(memory), int(memory)))
    resource.setrlimit(resource.RLIMIT_CPU, (int(seconds), int(seconds)))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    import openpyxl

    book = openpyxl.load_workbook(source, read_only=True, data_only=False, keep_links=False)
    answer: dict[str, list[dict[str, Any]]] = {"sheets": [], "problems": []}
    for number, sheet in enumerate(book.worksheets[:MOST_SHEETS]):
        path = Path(folder) / f"{number}.csv"
        # the stated size of a sheet may lie
        sheet.reset_dimensions()
        rows = convert(sheet, path, answer["problems"])
        answer["sheets"].append({"title": sheet.title, "file": path.name, "rows": rows})
    json.dump(answer, sys.stdout)
    return 0


def convert(sheet: Any, path: Path, problems: list[dict[str, Any]]) -> int:
    """Write one sheet as CSV, rows filled up to the width of the header; returns the number of data rows."""
    width, number, blank = 0, 0, 0
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        for cells in sheet.iter_rows():
            number += 1
            texts = []
            for place, cell in enumerate(cells):
                text, problem = text_of(cell)
                if problem is not None and len(problems) < MOST_PROBLEMS:
                    kind, message = problem
                    known = {"sheet": sheet.title, "row": number, "column": letters(place)}
                    problems.append(known | {"kind": kind, "message": message})
                texts.append(text)
            while texts and not texts[-1]:
                texts.pop()
            if not texts:
                blank += 1
                continue
            if len(texts) > MOST_COLUMNS:
                message = f"more than {MOST_COLUMNS} columns"
                found = {"sheet": sheet.title, "row": number, "column": None}
                problems.append(found | {"kind": "too_many_columns", "message": message})
                break
            width = width or len(texts)
            for _ in range(blank):
                writer.writerow([""] * width)
            blank = 0
            writer.writerow(texts + [""] * (width - len(texts)))
    return max(0, number - 1 - blank)


def text_of(cell: Any) -> tuple[str, tuple[str, str] | None]:
    """Text of a cell, and what is wrong with it."""
    value = cell.value
    if value is None:
        return "", None
    if cell.data_type == "f":
        return "", ("formula", "a formula is not read; paste its value")
    if cell.data_type == "e":
        return "", ("error_value", "the cell shows an error of the workbook")
    if isinstance(value, bool):
        return ("1" if value else "0"), None
    if isinstance(value, int):
        return str(value), None
    if isinstance(value, float):
        return (str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)), None
    if isinstance(value, dt.datetime):
        return (value.date().isoformat() if value.time() == dt.time() else value.isoformat(timespec="seconds")), None
    if isinstance(value, (dt.date, dt.time)):
        return value.isoformat(), None
    text = str(value)
    if len(text) > MOST_CELL:
        return "", ("cell_too_long", f"a cell of more than {MOST_CELL} characters")
    return text, None


def letters(place: int) -> str:
    """Name of a column as a spreadsheet shows it."""
    name = ""
    place += 1
    while place:
        place, rest = divmod(place - 1, 26)
        name = chr(65 + rest) + name
    return name


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
