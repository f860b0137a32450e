"""Reads Excel workbooks: checked as a zip first, then parsed by a child process with limits on memory and time."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from graph.errors import Problem
from ingest.files import READ_ERRORS, InputFile, archive_problem
from ingest.findings import Findings

MOST_BYTES = 256 * 1024**2
MOST_UNPACKED_BYTES = 1024**3
CHILD_MEMORY_BYTES = 1536 * 1024**2
CHILD_SECONDS = 120
_CHILD = Path(__file__).with_name("workbook_child.py")


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet as a CSV file."""

    title: str
    file: InputFile
    #: as messages name it
    name: str
    #: what is wrong with its cells; matters only when the sheet is read
    problems: tuple[Problem, ...] = ()


def read_workbook(file: InputFile, folder: Path, findings: Findings) -> tuple[Sheet, ...] | None:
    """Convert all sheets into the folder; None, with the problem noted, when the workbook is not safe or readable."""
    try:
        with file.on_disk() as path:
            complaint = _unsafe(path, file.size)
            if complaint is None:
                answer = _convert(path, folder)
    except READ_ERRORS:
        complaint = "bad_workbook", "not a readable .xlsx workbook; one with a password is not read"
    if complaint is None and answer is None:
        message = "the workbook is broken, or needs more memory or time than is given to one; save it as CSV"
        complaint = "bad_workbook", message
    if complaint is not None:
        findings.problem(file.name, None, None, *complaint)
        return None
    assert answer is not None
    sheets = []
    for each in answer["sheets"]:
        path = folder / each["file"]
        name = f"{file.name} [{each['title']}]"
        copy = InputFile(name, path, None, path.stat().st_size, file.asked_for)
        problems = tuple(
            Problem(name, problem["row"], problem["column"], problem["kind"], problem["message"])
            for problem in answer["problems"]
            if problem["sheet"] == each["title"]
        )
        sheets.append(Sheet(each["title"], copy, name, problems))
    return tuple(sheets)


def _unsafe(path: Path, size: int) -> tuple[str, str] | None:
    if size > MOST_BYTES:
        return "too_large", f"a workbook has at most {MOST_BYTES // 1024**2} MB; save it as CSV"
    with zipfile.ZipFile(path) as archive:
        return archive_problem(archive.infolist(), path.stat().st_size, MOST_UNPACKED_BYTES)


def _convert(path: Path, folder: Path) -> dict[str, Any] | None:
    command = [sys.executable, "-I", str(_CHILD), str(path.absolute()), str(folder)]
    limits = [str(CHILD_MEMORY_BYTES), str(CHILD_SECONDS)]
    try:
        done = subprocess.run(  # noqa: S603 - our own program, no shell
            [*command, *limits],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            stdin=subprocess.DEVNULL,
            timeout=CHILD_SECONDS * 3,
            check=False,
            env={"OPENBLAS_NUM_THREADS": "1", "PYTHONUTF8": "1"},
        )
    except subprocess.TimeoutExpired:
        return None
    if done.returncode != 0:
        return None
    try:
        answer: dict[str, Any] = json.loads(done.stdout)
    except ValueError:
        return None
    return answer
