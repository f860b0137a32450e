"""YAML as plain text values, with the line and column of every value: for explaining mistakes exactly."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import yaml

#: a mapping file is written by hand; a megabyte is not
MOST_CHARACTERS = 1_000_000
_DEEPEST = 30

Path = tuple[str | int, ...]


class MarkedError(Exception):
    """A mistake in a YAML file, with line and column counted from 1."""

    def __init__(self, line: int, column: int, message: str) -> None:
        super().__init__(message)
        self.line, self.column, self.message = line, column, message


@dataclass(slots=True)
class Marked:
    """A document: mappings, lists and texts; nothing is guessed to be a number, a date or a truth value."""

    data: Any
    #: (line, column) of every value by its path
    values: dict[Path, tuple[int, int]] = field(default_factory=dict)
    #: (line, column) of every key by the path of its value
    keys: dict[Path, tuple[int, int]] = field(default_factory=dict)

    def place(self, path: Path, *, of_key: bool = False) -> tuple[int, int]:
        """Line and column of a value or its key, or of the nearest thing around it."""
        where = self.keys if of_key else self.values
        while path and path not in where:
            path = path[:-1]
            where = self.values
        return where.get(path, (1, 1))


def read_marked(text: str) -> Marked:
    """Read a YAML document. Raises MarkedError."""
    if len(text) > MOST_CHARACTERS:
        raise MarkedError(1, 1, f"longer than {MOST_CHARACTERS} characters")
    try:
        for event in yaml.parse(text, Loader=yaml.SafeLoader):
            if isinstance(event, yaml.AliasEvent):
                raise MarkedError(*_at(event.start_mark), "anchors and aliases are not read; repeat the text")
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise MarkedError(*_at(mark), f"not valid YAML: {error.problem or 'cannot be read'}") from None
    except (yaml.YAMLError, RecursionError, ValueError):
        raise MarkedError(1, 1, "not valid YAML") from None
    if node is None:
        raise MarkedError(1, 1, "the file is empty")
    marked = Marked(None)
    marked.data = _read(node, (), marked)
    return marked


def _at(mark: Any) -> tuple[int, int]:
    return (mark.line + 1, mark.column + 1) if mark is not None else (1, 1)


def _read(node: yaml.Node, path: Path, marked: Marked) -> Any:
    if len(path) > _DEEPEST:
        raise MarkedError(*_at(node.start_mark), "nested too deeply")
    marked.values[path] = _at(node.start_mark)
    if isinstance(node, yaml.MappingNode):
        found: dict[str, Any] = {}
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise MarkedError(*_at(key.start_mark), "a key must be a plain text")
            if key.value in found:
                raise MarkedError(*_at(key.start_mark), "the same key stands here a second time")
            marked.keys[*path, key.value] = _at(key.start_mark)
            found[key.value] = _read(value, (*path, key.value), marked)
        return found
    if isinstance(node, yaml.SequenceNode):
        return [_read(item, (*path, place), marked) for place, item in enumerate(node.value)]
    return str(node.value)
