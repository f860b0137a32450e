"""The little Markdown of the method pages: what it becomes, and that nothing else does."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as some

from analysis.registry import DETECTORS
from api.views.methods import WEIGHTS, handwritten, weights_view
from api.views.prose import prose, sections


@pytest.mark.parametrize(
    ("written", "made"),
    [
        ("one\ntwo", '<p class="govuk-body">one two</p>'),
        ("a **b** c", '<p class="govuk-body">a <strong>b</strong> c</p>'),
        ("not *so*", '<p class="govuk-body">not <em>so</em></p>'),
        ("`w < 1`", '<p class="govuk-body"><code>w &lt; 1</code></p>'),
        ("2 * 3 * 4", '<p class="govuk-body">2 * 3 * 4</p>'),
        ("- one\n  more\n- two", '<ul class="govuk-list govuk-list--bullet"><li>one more</li><li>two</li></ul>'),
        ("1. one\n2. two", '<ol class="govuk-list govuk-list--number"><li>one</li><li>two</li></ol>'),
        (
            "so:\n- one",
            '<p class="govuk-body">so:</p><ul class="govuk-list govuk-list--bullet"><li>one</li></ul>',
        ),
        ("### Part\n\ntext", '<h3 class="govuk-heading-s">Part</h3><p class="govuk-body">text</p>'),
        ("[here](a.md)", '<p class="govuk-body"><a class="govuk-link" href="/a">here</a></p>'),
        ("[there](https://elsewhere)", '<p class="govuk-body">there</p>'),
    ],
)
def test_what_it_becomes(written: str, made: str) -> None:
    assert prose(written, lambda name: "/a" if name == "a.md" else None) == made


def test_a_table_has_headings_for_rows_and_columns() -> None:
    made = prose("| stage | who |\n|---|---|\n| referred | those who are |", title="Stages")
    assert 'aria-label="Stages: stage, who"' in made
    assert '<th scope="col">stage</th><th scope="col">who</th>' in made
    assert '<tr><th scope="row">referred</th><td>those who are</td></tr>' in made


@given(some.text(alphabet="<>&\"'*`[]()|-# \nab1.", max_size=80))
def test_nothing_of_the_text_becomes_markup_of_its_own(text: str) -> None:
    tags = set(re.findall(r"<(/?[a-z0-9]+)", prose(text)))
    assert {tag.strip("/") for tag in tags} <= {
        "p", "strong", "em", "code", "ul", "ol", "li", "h3", "div", "table", "thead", "tbody", "tr", "th", "td"
    }  # fmt: skip


def test_sections_are_told_apart_and_the_title_is_left_out() -> None:
    assert sections("# Title\n\nintro\n\n## One\n\na\n\n### inner\n\n## Two\n") == [
        ("", "intro"),
        ("One", "a\n\n### inner"),
    ]


@pytest.mark.parametrize("name", [*DETECTORS, WEIGHTS])
def test_no_sign_of_markdown_is_left_on_any_page(name: str) -> None:
    page = f"{WEIGHTS}.md" if name == WEIGHTS else DETECTORS[name].spec.method_page
    text = re.sub(r"<code>.*?</code>|<[^>]*>", "", "".join(prose(body) for _, body in sections(handwritten(page))))
    assert not re.findall(r"\*\*|`|\]\(|^\s*[|#]|<!--", text, re.MULTILINE)


def test_the_weights_are_those_of_the_program() -> None:
    made = "".join(f"{part.title} {part.body}" for part in weights_view())
    assert "Between people" in made and "<!--" not in made and "# " not in made
    assert made.count("<table") == 4
