"""The list of prompts: kinds in families with how many there are, filters, and where the review goes on."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from analysis.registry import DETECTORS
from api.views.flags import STATE_LABELS, detector_title
from graph.flags import Band, FlagState
from graph.model import NodeId
from graph.store import FlagFilter, FlagPage

#: families of detectors in the order shown: code, title, detectors
FAMILIES: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("children", "Children and families", ("peripheral_children", "families_under_threat", "adults_at_risk")),
    (
        "people",
        "People and things",
        ("shared_associates", "shared_objects", "brokers", "offence_patterns", "operation_overlap"),
    ),
    ("places", "Places and areas", ("hotspot_places", "hotspot_areas", "hotspot_emerging", "near_repeats")),
    ("missing", "Missing", ("missing_together", "repeat_missing")),
    ("groups", "Groups and changes", ("peer_networks", "changes")),
    ("fairness", "Fairness of what is done", ("disproportionality",)),
)
#: for detectors of no family above
OTHER = ("other", "Other")

BAND_LABELS: Mapping[Band, str] = {
    Band.STRONG: "Strong evidence",
    Band.MODERATE: "Moderate evidence",
    Band.SLIGHT: "Slight evidence",
}
#: nobody has accepted or dismissed these
OPEN_STATES = frozenset({FlagState.NEW, FlagState.SEEN})
#: words of the filter by decision
_STATE_CHOICES: tuple[tuple[str, str, frozenset[FlagState] | None], ...] = (
    ("", "Still to decide", OPEN_STATES),
    *((state.value, label, frozenset({state})) for state, label in STATE_LABELS.items()),
    ("any", "Any", None),
)


@dataclass(frozen=True, slots=True)
class Choice:
    """One entry of a list to choose from."""

    value: str
    label: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class Kind:
    """One detector in the list of kinds."""

    name: str
    title: str
    url: str
    #: flags nobody has decided about, and all of them
    open: int
    all: int
    chosen: bool
    #: an earlier run of it is hidden until the next
    hidden: bool = False


@dataclass(frozen=True, slots=True)
class Family:
    """Kinds of prompt that belong together."""

    code: str
    title: str
    url: str
    open: int
    chosen: bool
    kinds: tuple[Kind, ...]


@dataclass(frozen=True, slots=True)
class Chosen:
    """What of the list is asked for, from the address of the page; words that mean nothing count as not given."""

    detector: str | None = None
    family: str | None = None
    state: str = ""
    band: Band | None = None
    subject: NodeId | None = None

    @property
    def where(self) -> FlagFilter:
        """The filter for the gate."""
        return FlagFilter(
            self.detectors,
            next((states for value, _, states in _STATE_CHOICES if value == self.state), OPEN_STATES),
            None if self.band is None else frozenset({self.band}),
            None if self.subject is None else frozenset({self.subject}),
        )

    @property
    def detectors(self) -> frozenset[str] | None:
        if self.detector is not None:
            return frozenset({self.detector})
        if self.family is None:
            return None
        named = next((names for code, _, names in FAMILIES if code == self.family), ())
        return frozenset(named) or frozenset(name for name in DETECTORS if family_of(name) == self.family)

    def address(self, path: str = "/flags", **changed: object) -> str:
        """This list (with what is changed) as an address."""
        kept = replace(self, **{name: value for name, value in changed.items() if name != "offset"})  # type: ignore[arg-type]
        parts: list[tuple[str, str]] = []
        if kept.detector is not None:
            parts.append(("detector", kept.detector))
        elif kept.family is not None:
            parts.append(("family", kept.family))
        if kept.state:
            parts.append(("state", kept.state))
        if kept.band is not None:
            parts.append(("band", kept.band.value))
        if kept.subject is not None:
            parts.append(("subject", kept.subject))
        if changed.get("offset"):
            parts.append(("offset", str(changed["offset"])))
        return path + (f"?{urlencode(parts)}" if parts else "")


def chosen_from(detector: str, family: str, state: str, band: str, subject: NodeId | None) -> Chosen:
    """What the words of an address ask for."""
    return Chosen(
        detector if detector in DETECTORS else None,
        family if family in {code for code, _, _ in FAMILIES} | {OTHER[0]} else None,
        state if state in {value for value, _, _ in _STATE_CHOICES} else "",
        Band(band) if band in {item.value for item in Band} else None,
        subject,
    )


def family_of(detector: str) -> str:
    return next((code for code, _, names in FAMILIES if detector in names), OTHER[0])


def state_choices(chosen: Chosen) -> list[Choice]:
    return [Choice(value, label, value == chosen.state) for value, label, _ in _STATE_CHOICES]


def band_choices(chosen: Chosen) -> list[Choice]:
    found = [Choice(band.value, label, band is chosen.band) for band, label in BAND_LABELS.items()]
    return [Choice("", "Any", chosen.band is None), *found]


def families(page: FlagPage, chosen: Chosen, role: str, hidden: Collection[str] = ()) -> tuple[Family, ...]:
    """The families with how many prompts each kind has; kinds for this role are there even without any."""
    found = []
    there = {name for name, _, _ in page.counts}
    mine = for_role(role) | there | {chosen.detector}
    names = [name for name in _all_detectors(there) if name in mine]
    for code, title in (*((code, title) for code, title, _ in FAMILIES), OTHER):
        kinds = tuple(_kind(name, page, chosen, hidden) for name in names if family_of(name) == code)
        if code == OTHER[0]:
            kinds = tuple(kind for kind in kinds if kind.all)
        if kinds:
            url = chosen.address(detector=None, family=code)
            inside = chosen.family == code or (chosen.detector is not None and family_of(chosen.detector) == code)
            found.append(Family(code, title, url, sum(kind.open for kind in kinds), inside, kinds))
    return tuple(found)


def open_in_all(page: FlagPage) -> int:
    """How many of the prompts about these subjects nobody has decided about."""
    return sum(count for (_, state, _), count in page.counts.items() if state in OPEN_STATES)


def new_within(page: FlagPage, chosen: Chosen) -> int:
    """How many nobody has looked at, within the kinds and bands chosen."""
    where = chosen.where
    return sum(
        count
        for (detector, state, band), count in page.counts.items()
        if state is FlagState.NEW
        and (where.detectors is None or detector in where.detectors)
        and (where.bands is None or band in where.bands)
    )


def for_role(role: str) -> frozenset[str]:
    """Detectors whose prompts this role may see."""
    return frozenset(name for name, found in DETECTORS.items() if role in found.spec.may_see)


def hidden_words(hidden: Collection[str], role: str, may_analyse: bool) -> str:
    """What is said of kinds whose earlier run is hidden; empty when there is none."""
    if not hidden:
        return ""
    what = "Look for patterns below" if may_analyse else "Ask an analyst to look for patterns"
    titles = [detector_title(name) for name in _all_detectors(()) if name in hidden]
    kinds = "" if for_role(role) <= set(hidden) else f" It is about: {'; '.join(titles)}."
    return (
        "An earlier look for patterns is hidden until the next one is run, because it was kept before Kith wrote down "
        f"who may read it. {what}; decisions already made stay with their prompts.{kinds}"
    )


def empty_words(page: FlagPage, chosen: Chosen, role: str, may_analyse: bool, hidden: Collection[str] = ()) -> str:
    """What to do when nothing is listed."""
    if chosen.detector is not None and chosen.detector not in for_role(role):
        return "Prompts of this kind are for other roles. How they are found can be read above."
    if hidden and chosen.subject is None and (not page.counts or set(hidden) >= (chosen.detectors or set(DETECTORS))):
        return "Nothing can be listed here until patterns have been looked for again."
    if sum(page.counts.values()) == 0 and chosen.subject is None:
        if may_analyse:
            return "There are no prompts yet. Load what agencies sent, then look for patterns below."
        return (
            "There are no prompts yet. They come when an analyst looks for patterns in what has been loaded; "
            "until then start from a child, a school or a place."
        )
    if chosen.state == "":
        return (
            "Nothing here is waiting for a decision. Choose “Any” under Decision to read what was decided, or another "
            "kind of prompt."
        )
    return "Nothing fits all of this. Take a filter away, or choose another kind of prompt."


def _kind(name: str, page: FlagPage, chosen: Chosen, hidden: Collection[str]) -> Kind:
    mine = dict.fromkeys(FlagState, 0)
    for (detector, state, _), count in page.counts.items():
        if detector == name:
            mine[state] += count
    return Kind(
        name,
        detector_title(name),
        chosen.address(detector=name, family=None),
        sum(mine[state] for state in OPEN_STATES),
        sum(mine.values()),
        chosen.detector == name,
        name in hidden,
    )


def _all_detectors(others: Iterable[str]) -> tuple[str, ...]:
    """Registered detectors in the order of the families, then whatever else there are flags of."""
    ordered = [name for _, _, names in FAMILIES for name in names if name in DETECTORS]
    return tuple(dict.fromkeys((*ordered, *DETECTORS, *sorted(others))))
