"""Groups that rates are compared between, who belongs to which, and how many live in the area.

Ethnicity is grouped as in the census of England and Wales, in detail beside it. Whoever has no group recorded is a
group of their own ("not recorded"), at the end of each list: leaving them out would change every rate without saying
so. For being looked after there is none: whoever has no such episode counts as not looked after, as far as recorded.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import shapely

from analysis.codes import code
from analysis.derive import Roles
from graph.snapshot import Float64, Int32, Int64, Snapshot
from graph.vocabulary import vocabulary

#: group of the ethnicity vocabulary for what is refused or not obtained
_NOT_KNOWN = "Not known"
NOT_RECORDED = "not_recorded"


@dataclass(frozen=True, slots=True)
class Group:
    key: str
    label: str
    #: position of the wider group it is part of; -1 in tables that are not in detail
    parent: int = -1


@dataclass(frozen=True, slots=True, eq=False)
class Characteristic:
    """One way of grouping people; the last group is those not recorded, where that can be told."""

    #: "ethnicity", "ethnicity_detail", "sex", "send", "looked_after"
    key: str
    title: str
    groups: tuple[Group, ...]
    #: group of each node of the snapshot; the last one for whoever is not recorded
    group_of: Int32
    #: children aged 10 to 17 and adults living in the area, by group; None when no figures were loaded
    children: Float64 | None
    adults: Float64 | None
    #: position of the group others are compared with; None when there is none
    reference: int | None


def characteristics(snapshot: Snapshot, roles: Roles) -> tuple[Characteristic, ...]:
    """Ethnicity, ethnicity in detail, sex, special educational needs, looked after."""
    wide = _ethnicity(snapshot, roles)
    return (
        wide,
        _ethnicity_detail(snapshot, roles, wide),
        _sex(snapshot, roles),
        _send(snapshot, roles),
        _care(snapshot, roles),
    )


def _built(
    key: str,
    title: str,
    groups: Sequence[Group],
    group_of: Int32,
    roles: Roles,
    population: tuple[Float64 | None, Float64 | None],
) -> Characteristic:
    """The reference is the largest group of children living there, else on record."""
    children, adults = population
    here = np.bincount(group_of[roles.teenager], minlength=len(groups)).astype(np.float64)
    sizes = (here if children is None else children)[:-1]
    reference = int(np.argmax(sizes)) if sizes.max() > 0 else None
    return Characteristic(key, title, tuple(groups), group_of, children, adults, reference)


def _ethnicity(snapshot: Snapshot, roles: Roles) -> Characteristic:
    terms = vocabulary("ethnicity").terms
    names = list(dict.fromkeys(term.group for term in terms if term.group and term.group != _NOT_KNOWN))
    groups = [Group(name, name) for name in names] + [Group(NOT_RECORDED, "Not recorded")]
    table = np.array(
        [*(names.index(term.group) if term.group in names else len(names) for term in terms), len(names)],
        dtype=np.int32,
    )
    of_word = {term.code: int(table[at]) for at, term in enumerate(terms)}
    population = _population(snapshot, 3, of_word, len(groups))
    return _built("ethnicity", "Ethnicity", groups, table[snapshot.nodes.ethnicity], roles, population)


def _ethnicity_detail(snapshot: Snapshot, roles: Roles, wide: Characteristic) -> Characteristic:
    terms = vocabulary("ethnicity").terms
    parents = {group.key: at for at, group in enumerate(wide.groups)}
    known = [at for at, term in enumerate(terms) if term.group in parents]
    groups = [Group(terms[at].code, terms[at].label, parents[str(terms[at].group)]) for at in known]
    groups.append(Group(NOT_RECORDED, "Not recorded", len(wide.groups) - 1))
    table = np.full(len(terms) + 1, len(known), dtype=np.int32)
    table[known] = np.arange(len(known))
    of_word = {terms[at].code: place for place, at in enumerate(known)}
    population = _population(snapshot, 3, of_word, len(groups))
    return _built("ethnicity_detail", "Ethnicity in detail", groups, table[snapshot.nodes.ethnicity], roles, population)


def _sex(snapshot: Snapshot, roles: Roles) -> Characteristic:
    groups = (Group("F", "Girls and women"), Group("M", "Boys and men"), Group(NOT_RECORDED, "Not recorded"))
    table = np.full(len(vocabulary("sex").terms) + 1, 2, dtype=np.int32)
    table[[code("sex", "F"), code("sex", "M")]] = (0, 1)
    population = _population(snapshot, 2, {"F": 0, "M": 1}, len(groups))
    return _built("sex", "Sex", groups, table[snapshot.nodes.sex], roles, population)


def _send(snapshot: Snapshot, roles: Roles) -> Characteristic:
    groups = (
        Group("yes", "With special educational needs or disability"),
        Group("no", "Without"),
        Group(NOT_RECORDED, "Not recorded"),
    )
    group_of = np.array([1, 0, 2], dtype=np.int32)[snapshot.nodes.send]
    some = bool((group_of[roles.teenager] == 1).any())
    return Characteristic("send", "Special educational needs and disability", groups, group_of, None, None,
                          1 if some else None)  # fmt: skip


def _care(snapshot: Snapshot, roles: Roles) -> Characteristic:
    groups = (Group("yes", "Looked after now"), Group("no", "Not looked after"))
    episodes = snapshot.episodes
    now = (
        (episodes.type == code("episode_type", "looked_after"))
        & (episodes.start_day <= roles.today)
        & (episodes.end_day > roles.today)
    )
    group_of = np.ones(len(snapshot), dtype=np.int32)
    group_of[episodes.person[now]] = 0
    return Characteristic("looked_after", "Looked after", groups, group_of, None, None, 1)


def _population(
    snapshot: Snapshot, column: int, of_word: Mapping[str, int], groups: int
) -> tuple[Float64 | None, Float64 | None]:
    """(children aged 10 to 17, adults) by group; None when nothing was loaded by this characteristic.

    Only over everything: a part of the records has no population of its own. Where areas lie in each other the widest
    counts; age bands that lie across 10 or 18 are left out.
    """
    rows = [row for row in snapshot.areas.population if row[column] in of_word]
    if not rows or snapshot.scope != "everything":
        return None, None
    nested = _nested(snapshot, sorted({row[0] for row in rows}))
    totals = np.zeros((2, groups))
    for row in rows:
        who = age_group(row[1])
        if row[0] not in nested and who is not None:
            totals[int(who), of_word[str(row[column])]] += float(row[4])
    return (totals[0] if totals[0].any() else None), (totals[1] if totals[1].any() else None)


def age_group(band: str) -> int | None:
    """0 for a band of ages within 10 to 17, 1 for one from 18 on, else None. Bands read 10-17, 65+ or 12."""
    found = re.fullmatch(r"(\d{1,3})(?:\s*(?:-|–|to)\s*(\d{1,3})|\s*(\+))?", band.strip())
    if found is None:
        return None
    first = int(found[1])
    last = 200 if found[3] else int(found[2] or first)
    if first >= 10 and last <= 17:
        return 0
    return 1 if first >= 18 else None


def _nested(snapshot: Snapshot, localities: Sequence[int]) -> frozenset[int]:
    """Those of the areas that lie within another of them."""
    shapes = np.array([shapely.from_wkb(snapshot.areas.boundaries[row]) for row in localities], dtype=object)
    sizes = shapely.area(shapes)
    points = shapely.point_on_surface(shapes)
    point, area = shapely.STRtree(shapes).query(points, predicate="within")
    inside = (point != area) & (sizes[area] > sizes[point])
    return frozenset(localities[at] for at in np.unique(point[inside]).tolist())


def clustering(group_of: Int32, household: Int32, rows: Int64, groups: int) -> tuple[Int64, Float64]:
    """By group: how many families those counted are of, and how much larger that makes the variance of the count.

    ``rows`` are node rows. The latter is the sum of squared family sizes over the sum of sizes: 1 when no two of those
    counted are of one family.
    """
    span = int(household[rows].max(initial=0)) + 1
    keys, sizes = np.unique(group_of[rows].astype(np.int64) * span + household[rows], return_counts=True)
    total = np.bincount(keys // span, weights=sizes, minlength=groups)
    squares = np.bincount(keys // span, weights=sizes.astype(np.float64) ** 2, minlength=groups)
    wider = np.where(total > 0, squares / np.maximum(total, 1), 1.0)
    return np.bincount(keys // span, minlength=groups).astype(np.int64), wider
