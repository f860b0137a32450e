"""Method pages: the part that follows from the registry, written between two marks of docs/methods pages.

``python -m analysis.pages`` brings the pages up to date; a test fails when they are not.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from analysis.registry import DETECTORS
from analysis.spec import DetectorSpec
from graph.flags import Parameter
from graph.vocabulary import vocabulary

BEGIN = "<!-- from the registry: do not edit below; run python -m analysis.pages -->"
END = "<!-- end of the registry's part -->"
FOLDER = Path(__file__).parent.parent / "docs" / "methods"


def registry_part(spec: DetectorSpec) -> str:
    """The generated part of a detector's page, as Markdown."""
    rows = "\n".join(_row(parameter) for parameter in spec.parameters)
    return (
        f"{BEGIN}\n\n## In short\n\n"
        f"**Question.** {spec.question}\n\n**Method.** {spec.method}\n\n"
        f"Detector `{spec.name}`, version {spec.version}. May be run by: {_roles(spec.may_run)}. "
        f"Flags may be seen by: {_roles(spec.may_see)}. An undecided flag expires after {spec.expires_after} days.\n\n"
        f"## Cautions shown with every flag\n\n{_bullets(spec.cautions)}\n\n"
        f"## What it cannot know\n\n{_bullets(spec.not_known)}\n\n"
        f"## What would clear a flag\n\n{spec.would_clear}\n\n"
        "## Parameters\n\n| name | default | meaning | unit | from | to |\n|---|---|---|---|---|---|\n"
        f"{rows}\n\n## Where the method comes from\n\n{_bullets(spec.sources)}\n\n{_record(spec)}\n\n{END}"
    )


def _bullets(items: Iterable[str]) -> str:
    return "\n".join(f"- {item}" for item in items)


def transparency_record(spec: DetectorSpec) -> tuple[tuple[str, str], ...]:
    """(field, entry) of a draft after the Algorithmic Transparency Recording Standard, from what the registry knows."""
    return (
        ("name and version", f"{spec.title} (`{spec.name}` {spec.version})"),
        ("what it does", spec.question),
        ("how it works", spec.method),
        ("who decides", "a person, for every flag, with a reason; the tool never refers, opens, closes or records"),
        ("who may run it", _roles(spec.may_run)),
        ("who may see its flags", _roles(spec.may_see)),
        ("what it uses", "; ".join(spec.uses)),
        (
            "what it does not use",
            "the content of messages; postcodes" if "ethnicity" in spec.uses else "ethnicity, sex, postcodes",
        ),
        ("what it learns from", "nothing: no figure is fitted to past referrals or decisions"),
        ("known risks", " ".join((*spec.cautions, *spec.not_known))),
        ("how well it does", "docs/benchmarks.md; measured on invented cities, not in practice"),
        (
            "oversight",
            f"decisions are kept with each flag; false-flag rates by group are watched (`disproportionality`); an "
            f"undecided flag expires after {spec.expires_after} days",
        ),
        ("challenge", f"every reason names the reports it rests on. {spec.would_clear}"),
    )


def _record(spec: DetectorSpec) -> str:
    rows = "\n".join(f"| {name} | {text} |" for name, text in transparency_record(spec))
    return (
        "## Transparency record\n\nDraft after the Algorithmic Transparency Recording Standard, to be completed by the "
        f"hub that uses it.\n\n| field | entry |\n|---|---|\n{rows}"
    )


def _row(parameter: Parameter) -> str:
    default = parameter.default
    if isinstance(default, bool):
        default = "yes" if default else "no"
    ends = ("" if end is None else f"{end:g}" for end in (parameter.minimum, parameter.maximum))
    return f"| `{parameter.name}` | {default} | {parameter.meaning} | {parameter.unit or ''} | {' | '.join(ends)} |"


def _roles(roles: Iterable[str]) -> str:
    return ", ".join(sorted(roles))


def weights_part() -> str:
    """The tables of weights of ties, as Markdown."""
    from analysis.weights import CONTEXT_TIES, EVENT_HALF_LIFE, EVENT_ROLES, OBJECT_TIES, PERSON_TIES

    lines = [BEGIN, ""]
    kinds = vocabulary("tie_type")
    for title, table in (
        ("Between people", PERSON_TIES),
        ("Phones, vehicles and accounts", OBJECT_TIES),
        ("Places, schools and groups", CONTEXT_TIES),
    ):
        lines += [f"## {title}", "", "| tie | weight | halves every |", "|---|---|---|"]
        for word, (weight, days) in table.items():
            lines.append(
                f"| {kinds.label(word)} | {weight:.2f} | {f'{days} days' if days else 'as long as it lasts'} |"
            )
        lines.append("")
    lines += [f"## Roles in events (halving every {EVENT_HALF_LIFE} days)", "", "| role | weight |", "|---|---|"]
    lines += [f"| {vocabulary('role').label(word)} | {weight:.2f} |" for word, weight in EVENT_ROLES.items()]
    return "\n".join([*lines, "", END])


def current(text: str, part: str) -> str:
    """The page with its generated part up to date. Raises ValueError when the marks are missing."""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError("the page lacks the marks of its generated part")
    return before + part + after


def parts() -> dict[str, str]:
    """Generated part by page name."""
    return {spec.method_page: registry_part(spec) for spec in (found.spec for found in DETECTORS.values())} | {
        "weights.md": weights_part()
    }


def main() -> None:
    for name, part in parts().items():
        page = FOLDER / name
        page.write_text(current(page.read_text(encoding="utf-8"), part), encoding="utf-8")


if __name__ == "__main__":
    main()
