"""A state machine of writes, corrections and reads against a model of plain dictionaries.

The model keeps every version of every record and knows nothing of tables: what a reader may see is computed anew from
the lists each time. A back end's test module makes a subclass with ``open_store``.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Any, ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from graph.model import NodeId, Person, Restriction, restriction_of_report
from graph.records import second_number
from graph.standing import Support, standing
from graph.store import Lens, Store
from tests.conformance.factories import blocks, members_of, note, person, report, tie
from tests.conformance.suite import Clock

PEOPLE = ("1", "2", "3", "4")
REPORTS = ("r1", "r2", "r3")
OPERATIONS = ("A", "B")
NAMES = ("Ana", "Bo", "Cy")
AGENCIES = ("police", "health")
CONDITIONS = (None, "operation:A", "operation:B")
SIGHTS: dict[str, Any] = {"all": None, "none": members_of(), "A": members_of("A"), "AB": members_of("A", "B")}


@dataclass
class Version:
    content: Any
    restriction: Restriction
    sequence: int
    known_from: dt.datetime | None
    #: when it stopped being the newest for those who saw it; None while it is
    known_to: dt.datetime | None = None


@dataclass
class Model:
    """Everything written, as lists of versions by key."""

    people: dict[str, list[Version]] = field(default_factory=dict)
    reports: dict[str, list[Version]] = field(default_factory=dict)
    ties: dict[str, list[Version]] = field(default_factory=dict)
    #: S7: restrictions of which one must be seen past
    guards: dict[str, list[Restriction]] = field(default_factory=dict)


def allowed(lens: Lens, restriction: Restriction) -> bool:
    return lens.sight is None or bool(lens.sight(restriction))


def known(lens: Lens, since: dt.datetime | None) -> bool:
    return lens.known_at is None or since is None or since <= lens.known_at


def open_then(lens: Lens, version: Version) -> bool:
    return (
        version.known_to is None
        if lens.known_at is None
        else version.known_to is None or version.known_to > lens.known_at
    )


class StoreMachine(RuleBasedStateMachine):
    """Rules write; invariants read through many lenses and compare."""

    kinds: ClassVar[tuple[str, ...]] = ("person", "report", "tie")

    def open_store(self, clock: Clock) -> Store:
        raise NotImplementedError

    @initialize()
    def begin(self) -> None:
        self.clock = Clock()
        self.store = self.open_store(self.clock)
        self.model = Model()
        self.counter = 0
        self.moments: list[dt.datetime] = []

    def teardown(self) -> None:
        if hasattr(self, "store"):
            self.store.close()

    # -- rules -------------------------------------------------------------------------------------------------
    @rule(
        people=st.dictionaries(st.sampled_from(PEOPLE), st.sampled_from(NAMES), max_size=3),
        reports=st.dictionaries(
            st.sampled_from(REPORTS), st.tuples(st.sampled_from(AGENCIES), st.sampled_from(CONDITIONS)), max_size=2
        ),
        ties=st.dictionaries(
            st.sampled_from(("t1", "t2", "t3")),
            st.tuples(
                st.sampled_from(PEOPLE),
                st.sampled_from(PEOPLE),
                st.lists(st.sampled_from(REPORTS), max_size=2, unique=True),
                st.sampled_from((None, 19_000, 19_500)),
            ),
            max_size=3,
        ),
        restricted=st.sampled_from((None, None, None, "A")),
    )
    def write(self, people: Any, reports: Any, ties: Any, restricted: str | None) -> None:
        self.clock.tick()
        have_people = set(self.model.people) | set(people)
        have_reports = set(self.model.reports) | set(reports)
        ties = {
            key: value
            for key, value in ties.items()
            if value[0] in have_people and value[1] in have_people and set(value[2]) <= have_reports
        }
        base = Restriction() if restricted is None else Restriction(operations=frozenset({restricted}))
        records = [person(key, given_name=name) for key, name in people.items()]
        records += [
            report(
                key,
                agency=agency,
                handling="P" if conditions is None else "C",
                conditions=conditions,
                recorded_at=second_number(dt.datetime(2024, 1, 1 + REPORTS.index(key), tzinfo=dt.UTC)),
            )
            for key, (agency, conditions) in reports.items()
        ]
        records += [
            tie(key, f"person:{source}", f"person:{target}", *supports, start_day=start)
            for key, (source, target, supports, start) in ties.items()
        ]
        before = self.counter
        commit = self.store.write(blocks(records), note(restriction=base))
        changed = self._apply(people, reports, ties, base, commit.committed_at)
        self.counter += changed
        assert commit.sequence == self.counter
        assert self.counter - before in (0, 1)
        self.moments.append(commit.committed_at)

    # -- the model ---------------------------------------------------------------------------------------------
    def _apply(self, people: Any, reports: Any, ties: Any, base: Restriction, now: dt.datetime) -> bool:
        sequence = self.counter + 1
        new_people = [key for key in people if key not in self.model.people]
        changed = False
        for key, name in people.items():
            changed |= self._put(self.model.people, key, name, [base], sequence, None, now, lenient=False)
        for key, (agency, conditions) in reports.items():
            own = restriction_of_report(agency, "P" if conditions is None else "C", conditions).combined(base)
            since = dt.datetime(2024, 1, 1 + REPORTS.index(key), tzinfo=dt.UTC)
            changed |= self._put(
                self.model.reports, key, (agency, conditions), [own], sequence, since, now, lenient=True
            )
        records: dict[str, list[Restriction]] = {}
        for key, (source, target, supports, start) in ties.items():
            content = (source, target, tuple(supports), start)
            alternatives = self._alternatives(content, base)
            written = self._put(
                self.model.ties, key, content, alternatives, sequence, now, now, lenient=False, base=base
            )
            changed |= written
            if written:
                for end in (source, target):
                    records.setdefault(end, []).extend(alternatives)
        self._guard(new_people, records)
        return changed

    def _guard(self, new_people: list[str], records: dict[str, list[Restriction]]) -> None:
        for key, restrictions in records.items():
            if any(each.is_open for each in restrictions):
                self.model.guards.pop(key, None)
            elif key in new_people:
                self.model.guards[key] = restrictions
        # a report handled less strictly than before opens what rests on it
        for versions in self.model.ties.values():
            newest = versions[-1]
            source, target, supports, _ = newest.content
            if supports and any(each.is_open for each in self._alternatives(newest.content, newest.restriction)):
                self.model.guards.pop(source, None)
                self.model.guards.pop(target, None)

    def _alternatives(self, content: Any, base: Restriction) -> list[Restriction]:
        supports = content[2]
        if not supports:
            return [base]
        return [base.combined(self.model.reports[each][-1].restriction) for each in supports]

    def _put(
        self,
        table: dict[str, list[Version]],
        key: str,
        content: Any,
        alternatives: list[Restriction],
        sequence: int,
        since: dt.datetime | None,
        now: dt.datetime,
        *,
        lenient: bool,
        base: Restriction | None = None,
    ) -> bool:
        versions = table.setdefault(key, [])
        restriction = alternatives[0] if base is None else base
        if not versions:
            versions.append(Version(content, restriction, sequence, since))
            return True
        if versions[-1].content == content:
            return False
        for version in versions:
            if version.known_to is not None:
                continue
            old = [version.restriction] if base is None else self._alternatives(version.content, version.restriction)
            if lenient or all(any(each.combined(new) == each for new in alternatives) for each in old):
                version.known_to = now
        versions.append(Version(content, restriction, sequence, now))
        return True

    # -- what a reader sees, from the model --------------------------------------------------------------------
    def _seen_person(self, key: str, lens: Lens) -> str | None:
        guards = self.model.guards.get(key)
        if guards is not None and not any(allowed(lens, each) for each in guards):
            return None
        for version in reversed(self.model.people[key]):
            if allowed(lens, version.restriction) and known(lens, version.known_from) and open_then(lens, version):
                return str(version.content)
        return None

    def _seen_tie(self, key: str, lens: Lens) -> tuple[Any, list[str]] | None:
        for version in reversed(self.model.ties[key]):
            source, target, supports, _ = version.content
            first = version is self.model.ties[key][0]
            if not open_then(lens, version):
                continue
            if supports:
                seen = [
                    each
                    for each in supports
                    if allowed(lens, version.restriction.combined(self.model.reports[each][-1].restriction))
                    and known(lens, self.model.reports[each][0].known_from)
                    and (first or known(lens, version.known_from))
                ]
                if not seen:
                    continue
            elif allowed(lens, version.restriction) and known(lens, version.known_from):
                seen = []
            else:
                continue
            if self._seen_person(source, lens) is None or self._seen_person(target, lens) is None:
                return None
            return version.content, seen
        return None

    def _agency(self, report_key: str, lens: Lens) -> str:
        versions = self.model.reports[report_key]
        fits = [each for each in versions if known(lens, each.known_from)] if lens.known_at else versions
        return str((fits or versions)[-1].content[0])

    def _standing(self, key: str, lens: Lens, shown: dict[str, tuple[Any, list[str]]]) -> Any:
        (source, target, _, start), _ = shown[key]
        supports = []
        for (other_source, other_target, _, _), reports in shown.values():
            if (other_source, other_target) == (source, target):
                supports += [Support(self._agency(each, lens), "none", None, None, "fact") for each in reports]
        del start
        return standing(supports)

    # -- invariants --------------------------------------------------------------------------------------------
    @invariant()
    def reads_agree(self) -> None:
        if not hasattr(self, "store"):
            return
        lenses = [Lens(sight=sight) for sight in SIGHTS.values()]
        lenses += [Lens(sight=SIGHTS["A"], known_at=moment) for moment in self.moments[-3:]]
        lenses += [Lens(known_at=dt.datetime(2024, 1, 2, tzinfo=dt.UTC))]
        for lens in lenses:
            self._compare(lens)

    def _compare(self, lens: Lens) -> None:
        names = {f"person:{key}": self._seen_person(key, lens) for key in self.model.people}
        seen = self.store.nodes([NodeId(key) for key in names], lens)
        got = {key: node.record.given_name for key, node in seen.items() if isinstance(node.record, Person)}
        assert got == {key: name for key, name in names.items() if name is not None}
        shown = {key: found for key in self.model.ties if (found := self._seen_tie(key, lens)) is not None}
        ties = self.store.ties(list(self.model.ties), lens)  # type: ignore[arg-type]
        assert {key: [each.id for each in tie_.reports] for key, tie_ in ties.items()} == {
            key: reports for key, (_, reports) in shown.items()
        }
        for key, tie_ in ties.items():
            source, target, _, _ = shown[key][0]
            assert (tie_.tie.source, tie_.tie.target) == (f"person:{source}", f"person:{target}")
            assert tie_.standing is self._standing(key, lens, shown)
        for node_id, node in seen.items():
            touching = sum(node_id in (f"person:{value[0]}", f"person:{value[1]}") for value, _ in shown.values())
            assert node.degree == touching
            entity = self.store.entity(node_id, lens)
            assert entity is not None
            assert len(entity.ties) == touching
        assert {node.record.id for node in self.store.list_nodes(kind=_PERSON, lens=lens)} == set(got)
        assert {hit.node.record.id for hit in self.store.search("ana", lens, fuzzy=False)} == {
            key for key, name in got.items() if name == "Ana"
        }

    @invariant()
    def arrays_agree(self) -> None:
        if not hasattr(self, "store"):
            return
        for name in ("all", "A"):
            lens = Lens(sight=SIGHTS[name], known_at=self.moments[-1] if self.moments and name == "A" else None)
            made = self.store.snapshot(lens)
            assert set(made.nodes.ids) == {f"person:{key}" for key in self.model.people if self._seen_person(key, lens)}
            shown = {key: found for key in self.model.ties if (found := self._seen_tie(key, lens)) is not None}
            assert set(made.ties.ids) == set(shown)
            order = list(_STANDINGS)
            for row, key in enumerate(made.ties.ids):
                assert order[made.ties.standing[row]] is self._standing(key, lens, shown)
                start, end = made.ties.report_start[row : row + 2]
                assert [made.report_id(each) for each in made.ties.report_of_tie[start:end]] == shown[key][1]

    @invariant()
    def the_chain_holds(self) -> None:
        if hasattr(self, "store"):
            assert self.store.verify_audit().intact
            assert self.store.change_counter == self.counter


from graph.model import NodeKind, Standing  # noqa: E402

_PERSON = NodeKind.PERSON
_STANDINGS = tuple(Standing)
