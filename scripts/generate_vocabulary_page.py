"""Writes docs/vocabularies.md, the part of the data dictionary about the controlled lists, from the lists themselves.

python -m scripts.generate_vocabulary_page
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from graph.vocabulary import Vocabulary, names, powers, tie_types, vocabulary

PAGE = Path(__file__).parents[1] / "docs" / "vocabularies.md"

INTRODUCTION = """# Controlled lists

Generated from `graph/vocabularies` by `python -m scripts.generate_vocabulary_page`; change the lists, not this page.

A row with a word outside its list is rejected with the nearest valid word. Lists only grow: the position of a word is
its number for good. Official codes are kept as published; words of our own are in snake_case.
"""


def page() -> str:
    """The whole page as Markdown."""
    return "\n".join([INTRODUCTION, *(_section(vocabulary(name)) for name in names())])


def _section(words: Vocabulary) -> str:
    head = f"## {words.name}\n\n{words.title}. Version {words.version}. Source: {words.source}.\n"
    if words.name == "link_type":
        text = "The words of [tie_type](#tie_type) that links.csv may use: all but " + _list(
            code for code, tie in tie_types().items() if not tie.link
        )
        return f"{head}\n{text}.\n"
    if words.name == "tie_type":
        return head + _table(["word", "family", "from", "to", "unless stated", "said as"], _tie_rows())
    if words.name == "power":
        return head + _table(["word", "power", "law", "state", "remark"], _power_rows())
    rows = [[f"`{term.code}`", term.label, term.group or "", term.note or ""] for term in words.terms]
    return head + _table(["word", "meaning", "group", "remark"], _without_empty_columns(rows))


def _tie_rows() -> list[list[str]]:
    rows = []
    for tie in tie_types().values():
        said = tie.say("A", "B") + (f". {tie.note}" if tie.note else "")
        arrow = "either way" if tie.symmetric else _list(sorted(tie.target_kinds))
        rows.append([f"`{tie.code}`", tie.family, _list(sorted(tie.source_kinds)), arrow, tie.default_polarity, said])
    return rows


def _power_rows() -> list[list[str]]:
    return [
        [
            f"`{power.code}`",
            power.label,
            power.law + ("" if power.checked else " (not yet compared with the published law)"),
            power.status,
            ". ".join(part for part in (power.commencement, power.note) if part),
        ]
        for power in powers().values()
    ]


def _without_empty_columns(rows: list[list[str]]) -> list[list[str]]:
    # a trailing column that is empty throughout is cut; the header row is cut to match
    width = max(position + 1 for row in rows for position, cell in enumerate(row) if cell)
    return [row[:width] for row in rows]


def _table(header: list[str], rows: list[list[str]]) -> str:
    width = len(rows[0])
    lines = [header[:width], ["---"] * width, *rows]
    return "\n" + "".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |\n" for line in lines)


def _list(words: Iterable[str]) -> str:
    return ", ".join(f"`{word}`" for word in words)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
