"""`make bench` tells what each benchmark asks."""

from __future__ import annotations

from pathlib import Path

from scripts.list_benchmarks import benchmarks


def test_each_benchmark_is_listed_with_the_first_line_of_its_docstring(tmp_path: Path) -> None:
    (tmp_path / "walk.py").write_text('"""How long is a walk?\n\nMore.\n"""\n', encoding="utf-8")
    (tmp_path / "load.py").write_text("x = 1\n", encoding="utf-8")
    (tmp_path / "_shared.py").write_text('"""Not a benchmark."""\n', encoding="utf-8")
    assert benchmarks(tmp_path) == [("load.py", "(no docstring)"), ("walk.py", "How long is a walk?")]
