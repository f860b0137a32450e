"""The wording lint: words about children that blame, consent on their behalf or stick, and what to say instead.

Wording is a safety matter: a label, a sentence or a template that says a child "associates with" somebody makes
the child a partner in what was done to them. The rules are data; ``check`` finds them in a text, ``check_source`` in
a file. A line that must quote such a word says ``wording: quoted`` in a comment of its own language.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass

_GUIDES = "Children's Society and NWG child exploitation language guides; Youth Justice Legal Centre, power of language"

#: a line with this remark may quote words to avoid
QUOTED = "wording: quoted"


@dataclass(frozen=True, slots=True)
class Rule:
    """One thing not to say."""

    #: regular expression, matched without regard to case; a space stands for any white space
    pattern: str
    #: what is wrong with it
    why: str
    #: what to write
    instead: str
    #: guidance the rule comes from
    source: str = _GUIDES


@dataclass(frozen=True, slots=True)
class Finding:
    """One place in a text that breaks a rule."""

    rule: Rule
    #: the words found
    words: str
    #: position of the first character
    start: int
    #: line of the first character, from 1
    line: int


_CONSENT = "implies that the child agreed to what was done to them"
_BLAME = "blames the child for harm done by somebody else"
_LABEL = "fixes a label of crime on a child who may be exploited"

RULES: tuple[Rule, ...] = (
    Rule(
        r"associat(?:ing|es) with",
        _CONSENT,
        "say who does what: the adult is targeting, contacting or exploiting the child",
    ),
    Rule(r"(?:spend(?:s|ing)?|spent) time with", _CONSENT, "say who contacts or targets whom, or that both were seen"),
    Rule(r"hang(?:s|ing)? (?:around|out) with", _CONSENT, "say who contacts or targets whom, or that both were seen"),
    Rule(r"in a (?:sexual )?relationship with", _CONSENT, "the adult is sexually exploiting or grooming the child"),
    Rule(
        r"involved (?:in|with) (?:cse|cce|(?:child |sexual |criminal )*exploitation|county lines|gangs?|drugs?)",
        _CONSENT,
        "concern that the child is being exploited, and by whom",
    ),
    Rule(
        r"engag(?:es|ed|ing) in (?:cse|cce|(?:child |sexual |criminal )*exploitation)", _CONSENT, "is being exploited"
    ),
    Rule(
        r"(?:put(?:s|ting)?|plac(?:es|ed|ing)) (?:themselves|themself|himself|herself) at risk",
        _BLAME,
        "describe the harm and who causes it",
    ),
    Rule(r"promiscu\w+", _BLAME, "describe the harm and who causes it"),
    Rule(r"prostitut\w+", _BLAME, "is being sexually exploited"),
    Rule(r"life[- ]?style choices?", _BLAME, "describe the harm and who causes it"),
    Rule(
        r"street[- ]?(?:wise|smart)",
        "treats a child as an adult; named as a harm to Black boys and to sexually exploited girls",
        "describe what the child did and needs",
    ),
    Rule(
        r"(?:mature for|older than) (?:their|his|her) (?:age|years)",
        "treats a child as an adult; named as a harm to Black boys and to sexually exploited girls",
        "give the child's age",
    ),
    Rule(r"drug[- ]?(?:runners?|mules?|running)", _LABEL, "child believed to be criminally exploited"),
    Rule(r"money[- ]?mul(?:es?|ing)", _LABEL, "child believed to be financially exploited"),
    Rule(r"gang[- ](?:members?|nominals?|associates?|affiliated)", _LABEL, "concern about exploitation by a group"),
    Rule(
        r"known associates?", "a list of associates kept people the rules had removed", "state each tie and its report"
    ),
    Rule(
        r"(?<!lone\s)(?:(?:young|juvenile) )?offenders?",
        _LABEL,
        "child who is believed to have harmed; suspect or convicted in this event; person of concern",
    ),
    Rule(
        r"perpetrators?",
        "states guilt that no court has found",
        "person of concern; suspect or convicted in this event; child who is believed to have harmed",
    ),
    Rule(
        r"schedule (?:one|1)",
        "a lifelong, vague label that was given up",
        "person who may pose a risk",
        "Pan-Lancashire procedures, people posing a risk",
    ),
    Rule(r"abscond\w*", "a word for prisoners", "went missing"),
    Rule(r"prolific(?:ally)?", "a judgement in place of a figure", "give the count and the period"),
    Rule(
        r"(?:will not|won't|refus(?:es|ed|ing) to|fail(?:s|ed|ing)? to|difficult to|hard to) engage",
        _BLAME,
        "services have not yet found a way to work with the child",
    ),
    Rule(r"hard[- ]to[- ]reach", _BLAME, "services have not yet found a way to work with the child"),
)

_SPACES = r"\s+"


def _compiled(rule: Rule) -> re.Pattern[str]:
    pattern = rule.pattern.replace("[- ]", "(?:-|" + _SPACES + ")").replace(" ", _SPACES)
    return re.compile(rf"(?<!\w){pattern}(?!\w)", re.IGNORECASE)


_COMPILED = tuple((rule, _compiled(rule)) for rule in RULES)
_PLAIN = str.maketrans({"’": "'", "‘": "'", "‐": "-", "‑": "-", "–": "-", "\u00a0": " "})
_TAG = re.compile(r"<[^<>]*>")


def check(text: str) -> tuple[Finding, ...]:
    """Every place of ``text`` that breaks a rule, in order of position."""
    plain = text.translate(_PLAIN)
    found = [
        Finding(rule, text[match.start() : match.end()], match.start(), text.count("\n", 0, match.start()) + 1)
        for rule, pattern in _COMPILED
        for match in pattern.finditer(plain)
    ]
    return tuple(sorted(found, key=lambda finding: finding.start))


def check_source(text: str, suffix: str) -> tuple[Finding, ...]:
    """``check`` for a file: strings of Python without docstrings, HTML also across tags, anything else as it is.

    ``suffix`` is the ending of the file, such as ".py". Lines that say ``wording: quoted`` are left out.
    """
    if suffix == ".py":
        found = _check_python(text)
    elif suffix == ".html":
        # attributes are read out too, so the text is checked both with and without its tags
        bare = _TAG.sub(lambda tag: "".join("\n" if letter == "\n" else " " for letter in tag[0]), text)
        once = {(each.rule, each.start): each for each in check(text) + check(bare)}
        found = tuple(sorted(once.values(), key=lambda finding: finding.start))
    else:
        found = check(text)
    lines = text.splitlines()
    return tuple(finding for finding in found if QUOTED not in lines[finding.line - 1])


def _check_python(text: str) -> tuple[Finding, ...]:
    tree = ast.parse(text)
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            found += [
                Finding(each.rule, each.words, each.start, min(node.lineno + each.line - 1, node.end_lineno or 1))
                for each in check(node.value)
            ]
    return tuple(sorted(found, key=lambda finding: (finding.line, finding.start)))
