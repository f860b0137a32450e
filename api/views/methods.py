"""The methods in words: from the registry, with the handwritten part of docs/methods, which the installed Kith carries.

Nothing here is about anybody: whoever is logged in may read every method, also those whose prompts are for others.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from markupsafe import Markup

from analysis import pages
from analysis.registry import DETECTORS
from analysis.spec import DetectorSpec
from api.views.flag_lists import FAMILIES, family_of
from api.views.prose import prose, sections
from api.views.words import method_address
from graph.access.actors import ACCOUNT_ROLES, Role
from graph.access.gate import Gate
from graph.access.policy import Action
from graph.flags import Parameter

#: where the handwritten pages are: as installed, else in the source tree
FOLDERS = (Path(pages.__file__).parent / "method_pages", pages.FOLDER)
#: the page about the weights of ties, which several methods share
WEIGHTS = "weights"
#: handwritten parts with a place of their own on the page; the others say how the score is made
_EXAMPLE, _FAILS, _MEASURED = "Worked example", "When it fails", "How well it does"
#: pages that show what a method found, other than the list of prompts
_SHOWN_ON = {
    **dict.fromkeys(
        ("hotspot_places", "hotspot_areas", "hotspot_emerging", "near_repeats"), ("/hotspots", "the hotspot map")
    ),
    "disproportionality": ("/equity", "all the rates"),
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One method in the list."""

    url: str
    title: str
    question: str


@dataclass(frozen=True, slots=True)
class Group:
    """Methods of one family."""

    title: str
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class ParameterRow:
    name: str
    meaning: str
    #: with its unit
    value: str
    #: "1 to 120"; empty when it has no bounds
    bounds: str


@dataclass(frozen=True, slots=True)
class Part:
    """A handwritten part."""

    title: str
    body: Markup


@dataclass(frozen=True, slots=True)
class MethodView:
    """One method in words."""

    title: str
    #: as written on the command line, with its version
    name: str
    version: str
    question: str
    intro: Markup
    method: str
    #: roles in words
    read_by: str
    run_by: str
    expires_after: int
    cautions: tuple[str, ...]
    not_known: tuple[str, ...]
    fails: Markup
    would_clear: str
    uses: tuple[str, ...]
    does_not_use: str
    example: Markup
    score: tuple[Part, ...]
    parameters: tuple[ParameterRow, ...]
    sources: tuple[str, ...]
    record: tuple[tuple[str, Markup], ...]


def method_links(names: Iterable[str]) -> list[tuple[str, str]]:
    """(address, title) of the methods of these detectors."""
    return [(method_address(name), DETECTORS[name].spec.title) for name in names if name in DETECTORS]


def groups(*, role: str) -> tuple[tuple[Group, ...], tuple[Group, ...]]:
    """The methods whose prompts this role may see, and the others, by family."""
    mine = {name for name, found in DETECTORS.items() if role in found.spec.may_see}
    return _groups(mine), _groups(set(DETECTORS) - mine)


def method_view(spec: DetectorSpec, labels: Mapping[Role, str]) -> MethodView:
    """The page of one method; ``labels`` are the words for roles."""
    written = dict(sections(handwritten(spec.method_page)))
    read_by, run_by = _roles(spec.may_see, labels), _roles(spec.may_run, labels)
    record = {**dict(pages.transparency_record(spec)), "who may run it": run_by, "who may see its flags": read_by}
    return MethodView(
        title=spec.title,
        name=spec.name,
        version=spec.version,
        question=spec.question,
        intro=prose(written.pop("", ""), _address),
        method=spec.method,
        read_by=read_by,
        run_by=run_by,
        expires_after=spec.expires_after,
        cautions=spec.cautions,
        not_known=spec.not_known,
        fails=prose(written.pop(_FAILS, ""), _address),
        would_clear=spec.would_clear,
        uses=spec.uses,
        does_not_use=record["what it does not use"],
        example=prose(written.pop(_EXAMPLE, ""), _address),
        score=tuple(
            Part(title, prose(body, _address, title=title)) for title, body in written.items() if title != _MEASURED
        ),
        parameters=tuple(_parameter(parameter) for parameter in spec.parameters),
        sources=spec.sources,
        record=tuple((field, prose(entry)) for field, entry in record.items()),
    )


def weights_view() -> tuple[Part, ...]:
    """The weights of ties, with the tables as the program has them; the first part has no title."""
    tables = pages.weights_part().replace(pages.BEGIN, "").replace(pages.END, "")
    parts = (*sections(handwritten(f"{WEIGHTS}.md")), *sections(tables))
    return tuple(Part(title, prose(body, _address, title=title)) for title, body in parts)


def more_links(spec: DetectorSpec, gate: Gate) -> list[tuple[str, str]]:
    """(address, words) of where to see what the method found, as far as this reader may."""
    found = []
    role = gate.actor.role.value
    if role in spec.may_see and gate.may(Action.READ_FLAGS):
        found.append((f"/flags?detector={spec.name}", "the prompts of this kind"))
    page = _SHOWN_ON.get(spec.name)
    wanted = Action.READ_EQUITY if spec.name == "disproportionality" else Action.READ_HOTSPOTS
    if page is not None and gate.may(wanted):
        found.append(page)
    return found


@cache
def handwritten(page: str) -> str:
    """The handwritten part of a page of docs/methods; empty where there is none."""
    for folder in FOLDERS:
        file = folder / page
        if file.is_file():
            before, _, rest = file.read_text(encoding="utf-8").partition(pages.BEGIN)
            return before + rest.partition(pages.END)[2]
    return ""


def _groups(names: Iterable[str]) -> tuple[Group, ...]:
    wanted = set(names)
    made = []
    for code, title in [(code, title) for code, title, _ in FAMILIES] + [("other", "Other")]:
        of_family = next((found for known, _, found in FAMILIES if known == code), ())
        ordered = dict.fromkeys((*of_family, *(name for name in DETECTORS if family_of(name) == code)))
        entries = tuple(
            Entry(method_address(name), DETECTORS[name].spec.title, DETECTORS[name].spec.question)
            for name in ordered
            if name in wanted
        )
        if entries:
            made.append(Group(title, entries))
    return tuple(made)


def _address(target: str) -> str | None:
    name = target.removesuffix(".md")
    return method_address(name) if name in DETECTORS or name == WEIGHTS else None


def _parameter(parameter: Parameter) -> ParameterRow:
    default = parameter.default
    if isinstance(default, bool):
        value = "yes" if default else "no"
    else:
        value = _figure(default) if isinstance(default, (int, float)) else str(default)
    ends = [_figure(end) for end in (parameter.minimum, parameter.maximum) if end is not None]
    return ParameterRow(
        parameter.name,
        parameter.meaning,
        f"{value} {parameter.unit}" if parameter.unit else value,
        " to ".join(ends) if len(ends) == 2 else "",
    )


def _figure(value: float) -> str:
    return f"{int(value):,}" if value == int(value) and abs(value) >= 1000 else f"{value:g}"


def _roles(names: frozenset[str], labels: Mapping[Role, str]) -> str:
    return ", ".join(labels[role].lower() for role in ACCOUNT_ROLES if role.value in names)
