"""What the command line says: text for people, JSON for programs, progress only on a terminal."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TextIO

from api.errors import problem_json
from graph.errors import InputRejected, KithError

#: seconds between two lines of progress
_BETWEEN = 0.2


@dataclass
class Console:
    """Where a command writes. Results go to standard output, progress and errors to standard error."""

    as_json: bool = False
    output: TextIO = field(default_factory=lambda: sys.stdout)
    errors: TextIO = field(default_factory=lambda: sys.stderr)
    _last: float = 0.0
    _width: int = 0

    def result(self, content: Mapping[str, Any], text: str) -> None:
        """The result of a command, one way or the other."""
        self.clear()
        if self.as_json:
            self.output.write(json.dumps(content, ensure_ascii=False, indent=2) + "\n")
        elif text:
            self.output.write(printable(text) + "\n")
        self.output.flush()

    def say(self, text: str) -> None:
        """A line for people about what has been done; nothing for programs."""
        if not self.as_json:
            self.clear()
            self.output.write(printable(text) + "\n")
            self.output.flush()

    def progress(self, text: str, *, now: bool = False) -> None:
        """One line that is written over again; nothing when standard error is not a terminal."""
        if not self.errors.isatty():
            return
        moment = time.monotonic()
        if now or moment - self._last >= _BETWEEN:
            self._last = moment
            self.errors.write("\r" + text[:110].ljust(self._width))
            self._width = len(text[:110])
            self.errors.flush()

    def clear(self) -> None:
        """Take the line of progress away."""
        if self._width:
            self.errors.write("\r" + " " * self._width + "\r")
            self.errors.flush()
            self._width = 0

    def error(self, error: KithError) -> None:
        """An error without a traceback: what is wrong and what to do."""
        self.clear()
        if self.as_json:
            problems = [problem_json(item) for item in error.problems] if isinstance(error, InputRejected) else []
            content = {"error": {"code": error.code, "message": str(error), "problems": problems}}
            self.output.write(json.dumps(content, ensure_ascii=False, indent=2) + "\n")
            self.output.flush()
            return
        self.errors.write(f"kith: {printable(str(error))}\n")
        self.errors.flush()


def printable(text: str) -> str:
    """Control signs, which could write over what stands on a terminal, as ``?``."""
    return "".join(sign if sign.isprintable() or sign in "\n\t" else "?" for sign in text)
