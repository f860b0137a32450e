"""How well a tie is supported: the documented rule from reports to confirmed, unconfirmed or tentative.

The rule, in order:

1. Reports are grouped into *sources*. Two reports are one source when they come from the same agency, or speak of the
   same event (one incident entered by two agencies is one source), or carry the same agency reference.
2. A report is *strong* when its own scheme says so: 3x5x2 with a reliable source (1) and information known directly or
   corroborated (A, B); 5x5x5 with source A or B and information 1 or 2; not police-graded, when the author recorded a
   fact (basis ``fact``). The schemes are judged each by itself and never mapped onto each other.
3. A report is *weak* when its scheme doubts it: 3x5x2 source 3, or information E (suspected false) or D (not known);
   5x5x5 source E, or information 4 or 5; or basis ``opinion`` where not graded.
4. **Confirmed**: at least one strong *graded* report, or at least two independent sources of which one is strong and
   neither is weak. One ungraded report is never confirmed.
   **Tentative**: every report is weak, or there is no report that can be seen.
   **Unconfirmed**: everything between.

Suspected false (3x5x2 E, 5x5x5 information 5) never supports anything: such a report counts for no source.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from graph.model import Report, Standing


@dataclass(frozen=True, slots=True)
class Support:
    """What the rule needs to know of one report."""

    agency: str
    grading_scheme: str
    source_evaluation: str | None
    information_assessment: str | None
    basis: str | None
    #: agency reference; same reference, same source
    reference: str | None = None
    #: key of the event it speaks of; same event, same source
    event: str | None = None

    @classmethod
    def of(cls, report: Report, event: str | None = None) -> Support:
        return cls(
            report.agency,
            report.grading_scheme,
            report.source_evaluation,
            report.information_assessment,
            report.basis,
            report.reference,
            event,
        )


def is_graded(support: Support) -> bool:
    return support.grading_scheme != "none" and support.source_evaluation is not None


def is_strong(support: Support) -> bool:
    """Rule 2."""
    source, information = support.source_evaluation, support.information_assessment
    if support.grading_scheme == "3x5x2":
        return source == "1" and information in {"A", "B"}
    if support.grading_scheme == "5x5x5":
        return source in {"A", "B"} and information in {"1", "2"}
    return support.basis == "fact"


def is_weak(support: Support) -> bool:
    """Rule 3."""
    source, information = support.source_evaluation, support.information_assessment
    if support.grading_scheme == "3x5x2":
        return source == "3" or information in {"D", "E"}
    if support.grading_scheme == "5x5x5":
        return source == "E" or information in {"4", "5"}
    return support.basis == "opinion"


def is_suspected_false(support: Support) -> bool:
    if support.grading_scheme == "3x5x2":
        return support.information_assessment == "E"
    return support.grading_scheme == "5x5x5" and support.information_assessment == "5"


def sources(supports: Iterable[Support]) -> tuple[frozenset[Support], ...]:
    """Rule 1: the reports grouped into independent sources (connected by agency, event or reference)."""
    groups: list[tuple[set[tuple[str, str]], set[Support]]] = []
    for support in supports:
        keys = {("agency", support.agency)}
        if support.event is not None:
            keys.add(("event", support.event))
        if support.reference is not None:
            keys.add(("reference", support.reference))
        members = {support}
        apart = []
        for other_keys, other_members in groups:
            if keys & other_keys:
                keys |= other_keys
                members |= other_members
            else:
                apart.append((other_keys, other_members))
        groups = [*apart, (keys, members)]
    return tuple(frozenset(members) for _, members in groups)


def standing(supports: Iterable[Support]) -> Standing:
    """The standing that these reports give a tie; see the module's rule."""
    credible = [support for support in supports if not is_suspected_false(support)]
    if all(is_weak(support) for support in credible):
        return Standing.TENTATIVE
    if any(is_strong(support) and is_graded(support) for support in credible):
        return Standing.CONFIRMED
    sound = [group for group in sources(credible) if not all(is_weak(support) for support in group)]
    if len(sound) >= 2 and any(is_strong(support) for group in sound for support in group):
        return Standing.CONFIRMED
    return Standing.UNCONFIRMED
