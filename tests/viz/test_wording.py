"""The wording lint finds what it should, and nothing shown to people breaks it."""

from __future__ import annotations

from pathlib import Path

import pytest

from viz.wording import QUOTED, RULES, check, check_source

ROOT = Path(__file__).parents[2]
#: everything whose text people read
SHOWN = (
    ("viz/web/templates", "**/*.html"),
    ("viz/web/js", "**/*.js"),
    ("graph/vocabularies", "*.json"),
    ("analysis", "**/*.py"),
    ("api", "**/*.py"),
    ("viz", "**/*.py"),
)
LINT = ROOT / "viz" / "wording.py"
FILES = sorted(
    path
    for folder, pattern in SHOWN
    if (ROOT / folder).is_dir()
    for path in (ROOT / folder).glob(pattern)
    if path != LINT and "vendor" not in path.parts
)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_shown_text_blames_no_child(path: Path) -> None:
    found = check_source(path.read_text(encoding="utf-8"), path.suffix)
    assert [f'line {each.line}: "{each.words}"; write: {each.rule.instead}' for each in found] == []


@pytest.mark.parametrize(
    "text",
    [
        "She is associating with an older man",
        "seen spending time with him",
        "hanging around with adults",
        "in a relationship with a 30-year-old",
        "involved in CSE",
        "Involved in child sexual exploitation",
        "involved with gangs",
        "putting themselves at risk",
        "promiscuous",
        "child prostitute",
        "a lifestyle choice",
        "a life-style choice",
        "streetwise",
        "mature for her age",
        "drug runner",
        "money mules",
        "gang member",
        "gang\u2011member",
        "known associates",
        "young offender",
        "the perpetrator",
        "Schedule One",
        "he absconded",
        "prolific",
        "refuses to engage",
        "won\u2019t engage",
        "hard to reach",
        "gang\n   member",
    ],
)
def test_words_to_avoid_are_found(text: str) -> None:
    assert len(check(text)) == 1


@pytest.mark.parametrize(
    "text",
    [
        "An adult is reported to target the child",
        "A connection is reported between two people",
        "Lone offender",
        "offence, person of concern, suspect in this event",
        "Shared associates",
        "the value associated with this parameter",
        "Went missing from",
        "gangway members",
        "",
    ],
)
def test_plain_words_pass(text: str) -> None:
    assert check(text) == ()


def test_each_rule_says_why_and_what_to_write_without_breaking_another() -> None:
    for rule in RULES:
        assert rule.why and rule.source
        assert check(rule.instead) == ()


def test_finding_gives_the_words_as_written_and_their_line() -> None:
    (found,) = check("first\nsecond Gang  Member third")
    assert (found.words, found.line, found.start) == ("Gang  Member", 2, 13)


def test_html_is_read_across_tags_and_inside_attributes() -> None:
    text = '<p>gang <b>member</b></p>\n<img alt="a prolific child">'
    assert [(each.line, each.rule.instead) for each in check_source(text, ".html")] == [
        (1, "concern about exploitation by a group"),
        (2, "give the count and the period"),
    ]


def test_words_inside_one_tag_are_reported_once() -> None:
    assert len(check_source("<p>gang member</p>", ".html")) == 1


def test_python_strings_are_read_but_not_docstrings_and_names() -> None:
    text = '"""About the prolific."""\nprolific = 1\nlabel = f"a prolific {prolific}"\n'
    assert [each.line for each in check_source(text, ".py")] == [3]


@pytest.mark.parametrize(
    ("text", "suffix"),
    [
        ('WORD = "prolific"  # wording: quoted\n', ".py"),
        ("const word = 'prolific'; // wording: quoted\n", ".js"),
        ("<td>prolific</td> {# wording: quoted #}\n", ".html"),
    ],
)
def test_quoted_line_is_left_out(text: str, suffix: str) -> None:
    assert QUOTED in text
    assert check_source(text, suffix) == ()


def test_quoting_covers_its_own_line_only() -> None:
    assert [each.line for each in check_source("prolific // wording: quoted\nprolific\n", ".js")] == [2]
