"""Mapping files: which columns of any table become which columns of the exchange bundle."""

from __future__ import annotations

import difflib
import fnmatch
import hashlib
import json
import re
from collections.abc import Mapping as MappingOf
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
from jsonschema.exceptions import ValidationError

from graph.errors import InputRejected, Problem
from ingest.marked_yaml import Marked, MarkedError, read_marked
from ingest.schemas import TABLE_BY_NAME, CellKind, Table

_SCHEMA = Path(__file__).with_name("mapping.schema.json")
_PART = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|([^{}]+)|[{}]")
#: what a template may name beside columns
SPECIAL = ("#row", "#file", "#digest")


@dataclass(frozen=True, slots=True)
class Template:
    """Text with columns in it; ``parts`` alternate between (False, text) and (True, column)."""

    parts: tuple[tuple[bool, str], ...]
    #: line and column in the mapping file
    place: tuple[int, int]

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns it needs."""
        return tuple(name for is_column, name in self.parts if is_column and name not in SPECIAL)


@dataclass(frozen=True, slots=True)
class Value:
    """What fills one column."""

    template: Template
    words: MappingOf[str, str] | None = None
    otherwise: str | None = None
    when_empty: str | None = None
    dates: tuple[str, ...] = ()
    times: tuple[str, ...] = ()
    split: str | None = None


@dataclass(frozen=True, slots=True)
class Condition:
    """What must hold for a row to be taken."""

    column: str
    #: is, is_not or filled
    test: str
    words: frozenset[str]
    place: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Rule:
    """One record made from each row taken."""

    table: Table
    conditions: tuple[Condition, ...]
    columns: MappingOf[str, Value]
    distinct: bool = False


@dataclass(frozen=True, slots=True)
class FileRules:
    """What is made of the files of one kind."""

    match: str
    sheet: str | None
    delimiter: str
    encoding: str | None
    header_row: int
    empty: frozenset[str]
    rules: tuple[Rule, ...]
    place: tuple[int, int]

    def fits(self, name: str) -> bool:
        """Whether a file of that name is meant (letter case does not matter)."""
        return fnmatch.fnmatchcase(name.rpartition("/")[2].lower(), self.match.lower())

    def fits_sheet(self, sheet: str) -> bool:
        """Whether a sheet of a workbook is meant."""
        return self.sheet is None or fnmatch.fnmatchcase(sheet.strip().lower(), self.sheet.lower())


@dataclass(frozen=True, slots=True)
class Mapping:
    """A mapping file."""

    #: file name, for messages
    name: str
    title: str
    files: tuple[FileRules, ...]
    digest: str

    def rules_for(self, file_name: str) -> tuple[FileRules, ...]:
        """What to do with a file."""
        return tuple(rules for rules in self.files if rules.fits(file_name))


@dataclass(slots=True)
class _Reading:
    name: str
    marked: Marked
    problems: list[Problem] = field(default_factory=list)

    def problem(self, path: tuple[str | int, ...], message: str, *, of_key: bool = False) -> None:
        line, column = self.marked.place(path, of_key=of_key)
        self.problems.append(mapping_problem(self.name, (line, column), message))


def mapping_problem(name: str, place: tuple[int, int], message: str) -> Problem:
    """A mistake in a mapping file; its row is the line."""
    return Problem(name, place[0], None, "mapping", f"line {place[0]}, column {place[1]}: {message}")


def read_mapping(path: Path) -> Mapping:
    """Read a mapping file. Raises InputRejected with every mistake, its line and column."""
    name = path.name
    try:
        content = path.read_bytes() if path.is_file() else None
    except OSError:
        content = None
    if content is None:
        raise InputRejected((Problem(name, None, None, "not_found", "the mapping file cannot be read"),))
    try:
        marked = read_marked(content.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise InputRejected((Problem(name, None, None, "bad_encoding", "a mapping file is UTF-8"),)) from None
    except MarkedError as error:
        raise InputRejected((mapping_problem(name, (error.line, error.column), error.message),)) from None
    reading = _Reading(name, marked)
    _check_schema(reading)
    if not reading.problems:
        files = tuple(_file(reading, ("files", place), each) for place, each in enumerate(marked.data["files"]))
        if not reading.problems:
            title = marked.data.get("title", name)
            return Mapping(name, title, files, hashlib.sha256(content).hexdigest())
    raise InputRejected(tuple(sorted(reading.problems, key=lambda problem: problem.row or 0)))


@cache
def mapping_schema() -> dict[str, Any]:
    """The JSON Schema of mapping files (for documents whose scalars are all texts)."""
    schema: dict[str, Any] = json.loads(_SCHEMA.read_text(encoding="utf-8"))
    return schema


def _check_schema(reading: _Reading) -> None:
    validator = jsonschema.Draft202012Validator(mapping_schema())
    deepest_errors = (deepest for error in validator.iter_errors(reading.marked.data) for deepest in _deepest(error))
    for deepest in deepest_errors:
        path = tuple(deepest.absolute_path)
        if deepest.validator == "additionalProperties" and isinstance(deepest.instance, dict):
            allowed = deepest.schema.get("properties", {}) if isinstance(deepest.schema, dict) else {}
            for key in deepest.instance:
                if key not in allowed:
                    hint = _nearest(key, allowed)
                    reading.problem((*path, key), f"this key is not known here{hint}", of_key=True)
        else:
            reading.problem(path, _explained(deepest))


def _deepest(error: ValidationError) -> list[ValidationError]:
    """The mistakes behind one of several allowed forms: those of the form that the writer has begun."""
    forms: dict[Any, list[ValidationError]] = {}
    for inner in error.context or ():
        forms.setdefault(inner.relative_schema_path[0], []).append(inner)
    for inners in forms.values():
        if not any(inner.validator == "type" and not inner.relative_path for inner in inners):
            return [deepest for inner in inners for deepest in _deepest(inner)]
    return [error]


def _explained(error: ValidationError) -> str:
    wanted: Any = error.validator_value
    instance: Any = error.instance
    match error.validator:
        case "required":
            missing = [name for name in wanted if name not in instance]
            return f"{' and '.join(missing)} must be given here"
        case "type":
            return f"must be a {'list' if wanted == 'array' else 'mapping' if wanted == 'object' else 'text'}"
        case "enum" | "const":
            words = wanted if isinstance(wanted, list) else [wanted]
            return f"must be one of: {', '.join(json.dumps(word) for word in words)}"
        case "minProperties" | "maxProperties":
            return "must name a column and exactly one of is, is_not, filled"
        case "oneOf":
            return "must be a text, or one of the other forms that the documentation shows"
        case "minItems" | "minLength":
            return "must not be empty"
        case _:
            return f"does not fit the language of mapping files ({error.validator})"


def _nearest(word: str, words: Sequence[str] | MappingOf[str, Any]) -> str:
    matches = difflib.get_close_matches(word[:100], list(words), n=1, cutoff=0.6)
    return f"; is {matches[0]} meant?" if matches else f"; known are {', '.join(words)}" if words else ""


def _texts(value: Any) -> tuple[str, ...]:
    return () if value is None else (value,) if isinstance(value, str) else tuple(value)


def _file(reading: _Reading, path: tuple[str | int, ...], data: dict[str, Any]) -> FileRules:
    rules = [
        rule
        for place, each in enumerate(data["records"])
        if (rule := _rule(reading, (*path, "records", place), each)) is not None
    ]
    delimiter = data.get("delimiter", ",")
    return FileRules(
        match=data["match"],
        sheet=data.get("sheet"),
        delimiter="\t" if delimiter == "tab" else delimiter,
        encoding={"windows-1252": "cp1252", "utf-8": "utf-8-sig"}.get(data.get("encoding", ""), data.get("encoding")),
        header_row=int(data.get("header_row", "1")),
        empty=frozenset(_texts(data.get("empty"))),
        rules=tuple(rules),
        place=reading.marked.place(path),
    )


def _rule(reading: _Reading, path: tuple[str | int, ...], data: dict[str, Any]) -> Rule | None:
    table = TABLE_BY_NAME.get(data["table"])
    if table is None:
        hint = _nearest(data["table"], TABLE_BY_NAME)
        reading.problem((*path, "table"), f"not a table of the exchange bundle{hint}")
        return None
    columns: dict[str, Value] = {}
    for name, each in data["columns"].items():
        where = (*path, "columns", name)
        column = table.column(name)
        if column is None or column.kind is CellKind.GEOMETRY:
            known = [known.name for known in table.columns]
            reading.problem(where, f"not a column of {table.name}{_nearest(name, known)}", of_key=True)
        elif column.name in columns:
            reading.problem(where, f"fills {column.name} a second time", of_key=True)
        else:
            columns[column.name] = _value(reading, where, each)
    if "position" in data:
        _position(reading, (*path, "position"), data["position"], columns)
    for column in table.columns:
        if column.required and column.kind is not CellKind.GEOMETRY and column.name not in columns:
            reading.problem((*path, "columns"), f"{table.name} needs the column {column.name}", of_key=True)
    conditions = data.get("when", [])
    listed = (
        [((*path, "when"), conditions)]
        if isinstance(conditions, dict)
        else [((*path, "when", place), each) for place, each in enumerate(conditions)]
    )
    return Rule(
        table,
        tuple(_condition(reading, where, each) for where, each in listed),
        columns,
        data.get("distinct") == "true",
    )


def _condition(reading: _Reading, path: tuple[str | int, ...], data: dict[str, Any]) -> Condition:
    test = next(key for key in data if key != "column")
    place = reading.marked.place((*path, "column"))
    return Condition(data["column"], test, frozenset(_texts(data[test])), place)


def _position(reading: _Reading, path: tuple[str | int, ...], data: dict[str, str], columns: dict[str, Value]) -> None:
    names = ("easting", "northing") if data["system"] == "EPSG:27700" else ("longitude", "latitude")
    for axis, name in zip(("x", "y"), names, strict=True):
        if name in columns:
            reading.problem((*path, axis), f"{name} is filled a second time")
        columns[name] = Value(_source(reading, (*path, axis), data[axis]))


def _value(reading: _Reading, path: tuple[str | int, ...], data: str | dict[str, Any]) -> Value:
    if isinstance(data, str):
        return Value(_template(reading, path, data))
    dates, times = _texts(data.get("date")), _texts(data.get("time"))
    if dates and times:
        reading.problem((*path, "time"), "a value is a date or a time, not both", of_key=True)
    for key, formats in (("date", dates), ("time", times)):
        for each in formats:
            if "%" not in each:
                reading.problem((*path, key), "a format has parts such as %d, %m and %Y in it")
    if "otherwise" in data and "words" not in data:
        reading.problem((*path, "otherwise"), "otherwise says something only beside words", of_key=True)
    return Value(
        _source(reading, (*path, "from"), data["from"]),
        data.get("words"),
        data.get("otherwise"),
        data.get("when_empty"),
        dates,
        times,
        data.get("split"),
    )


def _source(reading: _Reading, path: tuple[str | int, ...], text: str) -> Template:
    """A template, or the name of a column."""
    if "{" in text:
        return _template(reading, path, text)
    return Template(((True, text),), reading.marked.place(path))


def _template(reading: _Reading, path: tuple[str | int, ...], text: str) -> Template:
    parts: list[tuple[bool, str]] = []
    for match in _PART.finditer(text):
        whole, column, plain = match[0], match[1], match[2]
        if whole in ("{{", "}}"):
            parts.append((False, whole[0]))
        elif plain is not None:
            parts.append((False, plain))
        elif not column or (column.startswith("#") and column not in SPECIAL):
            reading.problem(path, f"braces hold the name of a column, or {', '.join(SPECIAL)}; write {{{{ for a brace")
        else:
            parts.append((True, column))
    return Template(tuple(parts), reading.marked.place(path))
