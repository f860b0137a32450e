"""Lists the benchmarks with the first line of each docstring."""

from __future__ import annotations

import ast
from pathlib import Path

FOLDER = Path(__file__).resolve().parent.parent / "bench"


def benchmarks(folder: Path) -> list[tuple[str, str]]:
    """``(file name, first docstring line)`` of each script in ``folder``, in order of name."""
    found = []
    for path in sorted(folder.glob("*.py")):
        text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or "(no docstring)"
        if not path.name.startswith("_"):
            found.append((path.name, text.splitlines()[0]))
    return found


if __name__ == "__main__":
    rows = benchmarks(FOLDER)
    width = max((len(name) for name, _ in rows), default=0)
    for name, line in rows:
        print(f"  .venv/bin/python bench/{name:<{width}}  {line}")
    if not rows:
        print("  no benchmark yet")
