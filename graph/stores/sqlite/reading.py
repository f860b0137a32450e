"""Reading from SQLite through a lens: nodes, ties with their reports and standing, entities, lists."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

import orjson

from graph.model import (
    NODE_KINDS,
    LoadId,
    Locality,
    NodeId,
    NodeKind,
    NodeRecord,
    Period,
    Polarity,
    Provenance,
    Report,
    ReportId,
    Restriction,
    Standing,
    Tie,
    TieId,
    Version,
)
from graph.records import RecordKind, Tally
from graph.standing import Support, standing
from graph.store import Entity, Lens, Load, SeenEpisode, SeenNode, SeenTie, TieFilter
from graph.stores.chain import instant_of_microseconds
from graph.stores.rows import batches, episode_record, locality_record, node_record, period, report_record
from graph.stores.sqlite.restricting import EVER, STILL, View
from graph.stores.sqlite.writing_state import OF_EVENTS, ROLES, TIE_TYPES, TOOK_PART_IN, TYPE_NUMBER

POLARITIES = tuple(Polarity)
STANDINGS = tuple(Standing)
_TIE_COLUMNS = (
    "id,src,dst,type,polarity,start_day,end_day,qualifier,confidence,role,report,more,rs,known_from,seq"  # as StoredTie
)


class StoredTie(NamedTuple):
    """One version of a tie as it stands in its table; numbers instead of ids."""

    pk: int
    key: int
    id: str
    src: int
    dst: int
    type: int
    polarity: int
    start_day: int | None
    end_day: int | None
    qualifier: str | None
    confidence: float | None
    #: took_part_in: position of the role; the qualifier is then not stored
    role: int
    report: int | None
    more: int
    rs: int
    known_from: int
    seq: int

    def other(self, node: int) -> int:
        return self.dst if node == self.src else self.src

    @property
    def recency(self) -> tuple[float, str]:
        """Sorts the latest start first, an open start last, then by id."""
        return (float("inf") if self.start_day is None else -self.start_day, self.id)

    def overlaps(self, other: StoredTie) -> bool:
        before = self.start_day is None or other.end_day is None or self.start_day < other.end_day
        after = self.end_day is None or other.start_day is None or other.start_day < self.end_day
        return before and after


@dataclass(frozen=True, slots=True)
class Evidence:
    """The reports of a tie that are within the lens, and what they give together with those of parallel ties."""

    reports: tuple[int, ...]
    restriction: Restriction
    standing: Standing


@lru_cache(maxsize=4_096)
def _standing_alone(scheme: str, source: str | None, information: str | None, basis: str | None) -> Standing:
    """What one report gives by itself: neither its agency nor the event it speaks of matters."""
    return standing([Support("", scheme, source, information, basis)])


#: the same period is made once: days repeat
_period = lru_cache(maxsize=65_536)(period)


@lru_cache(maxsize=65_536)
def standing_of(supports: frozenset[Support]) -> Standing:
    return standing(supports)


#: numbers given as one JSON parameter: the statement stays the same and is prepared once
GIVEN = "(SELECT value FROM json_each(?))"


def in_list(numbers: Iterable[int]) -> str:
    return "(" + ",".join(map(str, numbers)) + ")"


def filter_sql(where: TieFilter, name: str) -> str:
    """Condition for a TieFilter but for the standing, which is not in the table."""
    parts = []
    if where.tie_types is not None:
        numbers = sorted(TYPE_NUMBER[code] for code in where.tie_types if code in TYPE_NUMBER)
        parts.append(f"{name}.type IN {in_list(numbers)}")
    if where.polarities is not None:
        parts.append(f"{name}.polarity IN {in_list(sorted(POLARITIES.index(word) for word in where.polarities))}")
    if where.start is not None:
        parts.append(f"({name}.end_day IS NULL OR {name}.end_day > {where.start.toordinal() - 719_163})")
    if where.end is not None:
        parts.append(f"({name}.start_day IS NULL OR {name}.start_day < {where.end.toordinal() - 719_163})")
    return " AND ".join(parts) or "1"


class Reading:
    """Reads of one connection inside one transaction."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection
        self._views: dict[Lens, View] = {}

    def view(self, lens: Lens) -> View:
        view = self._views.get(lens)
        if view is None:
            view = self._views[lens] = View(self.connection, lens)
        return view

    # -- nodes -------------------------------------------------------------------------------------------------
    def pks(self, ids: Sequence[str]) -> dict[str, int]:
        """Numbers of the nodes that are there, seen or not."""
        query = "SELECT n.id, n.pk FROM json_each(?) j CROSS JOIN node n ON n.id = j.value"
        return dict(self.connection.execute(query, (_json(list(ids)),)).fetchall())

    def visible(self, view: View, pks: Iterable[int]) -> set[int]:
        found: set[int] = set()
        for part in batches(list(pks), 20_000):
            query = f"SELECT n.pk FROM node n WHERE n.pk IN {GIVEN} AND {view.node('n')}"
            found.update(pk for (pk,) in self.connection.execute(query, (_json(list(part)),)))
        return found

    def seen_nodes(self, view: View, pks: Sequence[int], *, degrees: bool = True) -> dict[int, SeenNode]:
        """The nodes with these numbers that are within the lens."""
        found: dict[int, SeenNode] = {}
        counts = self.degrees(view, pks) if degrees else {}
        for part in batches(pks, 20_000):
            query = (
                f"SELECT n.pk, n.id, n.kind, n.guarded, n.rs, n.content, {view.record('n')} FROM node n"
                f" WHERE n.pk IN {GIVEN} AND {view.node('n')}"
            )
            for pk, node_id, kind, guarded, rs, content, newest in self.connection.execute(query, (_json(list(part)),)):
                if not newest:
                    past = self._past_node(view, pk)
                    if past is None:
                        continue
                    rs, content = past
                restriction = view.by_number[rs]
                if guarded:
                    restriction = self._guarded(view, pk, restriction)
                record = node_record(NODE_KINDS[kind], node_id, orjson.loads(content))
                found[pk] = SeenNode(record, restriction, counts.get(pk, 0))
        return found

    def _past_node(self, view: View, pk: int) -> tuple[int, str] | None:
        query = (
            f"SELECT v.rs, v.content FROM node_history v WHERE v.key = ? AND {view.record('v')} AND {view.past('v')}"
            " ORDER BY v.seq DESC, v.pk LIMIT 1"
        )
        row = self.connection.execute(query, (pk,)).fetchone()
        return None if row is None else (row[0], row[1])

    def _guarded(self, view: View, pk: int, restriction: Restriction) -> Restriction:
        for (rs,) in self.connection.execute("SELECT rs FROM node_alternative WHERE node = ? ORDER BY rs", (pk,)):
            if rs in view.allowed:
                restriction = restriction.combined(view.by_number[rs])
        return restriction

    def degrees(self, view: View, pks: Iterable[int]) -> dict[int, int]:
        """Number of ties within the lens of each node."""
        if view.plain and view.lens.as_at is None:
            # by the indexes alone; a tie of a node with itself counts once
            query = (
                "SELECT j.value, (SELECT count(*) FROM tie t WHERE t.src = j.value)"
                " + (SELECT count(*) FROM tie t WHERE t.dst = j.value)"
                " - (SELECT count(*) FROM tie t WHERE t.src = j.value AND t.dst = j.value) FROM json_each(?) j"
            )
            return dict(self.connection.execute(query, (_json(list(pks)),)).fetchall())
        queries = self.tie_queries(view)
        if view.known_us is None and view.lens.as_at is None:
            queries = [query for query in queries if "FROM tie_history t" in query] + self._quick_counts(view)
        counts = dict.fromkeys(pks, 0)
        for query in queries:
            counted = query if query.startswith("SELECT count(*)") else f"SELECT count(*) FROM ({query})"
            for pk in counts:
                counts[pk] += self.connection.execute(counted, (pk,)).fetchone()[0]
        return counts

    @staticmethod
    def _quick_counts(view: View) -> list[str]:
        """Counts of a node's ties, newest versions within a sight, by the indexes but for what is restricted."""
        queries = []
        for end, other in (("src", "dst"), ("dst", "src")):
            itself = " AND t.src <> ?1" if end == "dst" else ""
            queries.append(
                f"SELECT count(*) FROM tie t WHERE t.{end} = ?1{itself} AND {view.tie('t')} AND NOT EXISTS (SELECT 1"
                f" FROM node o INDEXED BY node_restricted WHERE o.pk = t.{other} AND (o.guarded <> 0 OR o.rs <> 0)"
                f" AND NOT ({view.node('o')}))"
            )
        return queries

    # -- ties --------------------------------------------------------------------------------------------------
    def tie_queries(self, view: View, where: TieFilter = TieFilter(), columns: str | None = None) -> list[str]:
        """Queries with one parameter, a node: its ties within the lens. Together they give each tie once."""
        queries = []
        for end, other in (("src", "dst"), ("dst", "src")):
            for table in ("tie", "tie_history"):
                if table == "tie_history" and view.plain:
                    continue
                conditions = [f"t.{end} = ?1", self.tie_condition(view, table), view.node("o"), filter_sql(where, "t")]
                if end == "dst":
                    conditions.append("t.src <> ?1")
                join = "" if conditions[2] == "1" else f" CROSS JOIN node o ON o.pk = t.{other}"
                chosen = " AND ".join(condition for condition in conditions if condition != "1")
                queries.append(f"SELECT {columns or self._tie_columns(table)} FROM {table} t{join} WHERE {chosen}")
        return queries

    @staticmethod
    def _tie_columns(table: str) -> str:
        key = "t.pk" if table == "tie" else "t.key"
        return f"t.pk,{key}," + ",".join(f"t.{column}" for column in _TIE_COLUMNS.split(","))

    def tie_condition(self, view: View, table: str) -> str:
        """Condition that the version in row t is the one within the lens (its ends apart)."""
        parts = [view.tie("t"), view.so("t", OF_EVENTS)]
        if table == "tie_history":
            newer = (
                f"EXISTS (SELECT 1 FROM tie n WHERE n.pk = t.key AND {view.tie('n')})"
                f" OR EXISTS (SELECT 1 FROM tie_history n WHERE n.key = t.key AND n.seq > t.seq"
                f" AND {view.past('n')} AND {view.tie('n')})"
            )
            parts += [view.past("t"), f"NOT ({newer})"]
        return " AND ".join(part for part in parts if part != "1") or "1"

    def ties_of(
        self, view: View, node: int, where: TieFilter = TieFilter(), queries: Sequence[str] | None = None
    ) -> list[StoredTie]:
        """All ties of a node within the lens and filter, the standing apart; latest first, then by id."""
        found: list[StoredTie] = []
        for query in self.tie_queries(view, where) if queries is None else queries:
            found += map(StoredTie._make, self.connection.execute(query, (node,)))
        found.sort(key=_recency)
        return found

    def ties_chosen(self, view: View, source: str, parameters: Sequence[Any], where: TieFilter) -> list[StoredTie]:
        """Ties within the lens, both ends included, joined to ``source`` (a SQL fragment that restricts t)."""
        found: list[StoredTie] = []
        for table in ("tie", "tie_history"):
            if table == "tie_history" and view.plain:
                continue
            conditions = [self.tie_condition(view, table), filter_sql(where, "t"), view.node("a"), view.node("b")]
            chosen = " AND ".join(condition for condition in conditions if condition != "1") or "1"
            ends = " CROSS JOIN node a ON a.pk = t.src CROSS JOIN node b ON b.pk = t.dst"
            join = "" if conditions[2] == "1" else ends
            query = f"SELECT {self._tie_columns(table)} FROM {source.format(table=table)}{join} WHERE {chosen}"
            found += map(StoredTie._make, self.connection.execute(query, parameters))
        return found

    def evidence(
        self, view: View, ties: Sequence[StoredTie], *, whole: bool = False
    ) -> tuple[dict[int, Evidence], dict[int, Report]]:
        """What each tie (by pk) rests on, and the reports by number. ``whole``: the ties are all those within the lens
        between their ends, so that parallel ties need not be looked for."""
        parallel = _grouped(ties) if whole else self._parallel(view, ties)
        everything = {tie.pk: tie for group in parallel.values() for tie in group}
        everything.update((tie.pk, tie) for tie in ties)
        alternatives = self._alternatives(view, list(everything.values()))
        reports = self.report_records(view, sorted({pk for each in alternatives.values() for pk, _ in each}))
        several = [tie for tie in ties if _stands_with_others(tie, parallel, alternatives)]
        standings = self._standings_together(view, several, parallel, alternatives, reports)
        evidence = {}
        for tie in ties:
            own = alternatives[tie.pk]
            restriction = _OPEN
            for _, rs in own:
                if rs:
                    restriction = restriction.combined(view.by_number[rs])
            if not own and tie.rs:
                restriction = view.by_number[tie.rs]
            level = standings.get(tie.pk)
            if level is None:
                report = reports.get(own[0][0]) if own else None
                level = (
                    standing_of(frozenset())
                    if report is None
                    else _standing_alone(
                        report.grading_scheme, report.source_evaluation, report.information_assessment, report.basis
                    )
                )
            evidence[tie.pk] = Evidence(tuple([pk for pk, _ in own]), restriction, level)
        return evidence, reports

    def _standings_together(
        self,
        view: View,
        ties: Sequence[StoredTie],
        parallel: Mapping[tuple[int, int, int], Sequence[StoredTie]],
        alternatives: Mapping[int, Sequence[tuple[int, int]]],
        reports: Mapping[int, Report],
    ) -> dict[int, Standing]:
        """Standing of ties with several reports or parallel ties: here it matters which event a report speaks of."""
        if not ties:
            return {}
        together = {
            tie.pk: [
                other for other in parallel[tie.src, tie.dst, tie.type] if other.pk == tie.pk or other.overlaps(tie)
            ]
            for tie in ties
        }
        spoken = {pk for group in together.values() for other in group for pk, _ in alternatives[other.pk]}
        events = self._events_of(view, {pk: reports[pk] for pk in spoken if pk in reports})
        names = self.ids({_event_of(tie) for tie in ties if tie.type in OF_EVENTS})
        supports: dict[tuple[int, str | None], Support] = {}
        standings = {}
        for tie in ties:
            event = names[_event_of(tie)] if tie.type in OF_EVENTS else None
            found = set()
            for other in together[tie.pk]:
                for pk, _ in alternatives[other.pk]:
                    report = reports.get(pk)
                    if report is None:
                        continue
                    key = (pk, event or events.get(pk))
                    support = supports.get(key)
                    if support is None:
                        support = supports[key] = Support.of(report, key[1])
                    found.add(support)
            standings[tie.pk] = standing_of(frozenset(found))
        return standings

    def _parallel(self, view: View, ties: Sequence[StoredTie]) -> dict[tuple[int, int, int], list[StoredTie]]:
        groups: dict[tuple[int, int, int], list[StoredTie]] = {}
        for tie in ties:
            groups.setdefault((tie.src, tie.dst, tie.type), [])
        pairs = sorted({src << 31 | dst for src, dst, _ in groups})
        source = "json_each(?) j CROSS JOIN {table} t ON t.src = (j.value >> 31) AND t.dst = (j.value & 2147483647)"
        for part in batches(pairs, 20_000):
            for tie in self.ties_chosen(view, source, (_json(part),), TieFilter()):
                group = groups.get((tie.src, tie.dst, tie.type))
                if group is not None:
                    group.append(tie)
        return groups

    def _alternatives(self, view: View, ties: Sequence[StoredTie]) -> dict[int, list[tuple[int, int]]]:
        """(report, rs) within the lens of each tie, in the order of the source."""
        found: dict[int, list[tuple[int, int]]] = {}
        several = []
        for tie in ties:
            seen = tie.rs in view.allowed and (view.known_us is None or tie.known_from <= view.known_us)
            found[tie.pk] = [(tie.report, tie.rs)] if tie.report is not None and seen else []
            if tie.more:
                several.append(tie.pk)
        for part in batches(several, 20_000):
            query = (
                f"SELECT m.tie, m.report, m.rs FROM tie_more m WHERE m.tie IN {GIVEN} AND {view.record('m')}"
                " ORDER BY m.tie, m.position"
            )
            for tie_pk, report, rs in self.connection.execute(query, (_json(list(part)),)):
                found[tie_pk].append((report, rs))
        return found

    def report_records(self, view: View, pks: Sequence[int]) -> dict[int, Report]:
        """Reports by number, as known then. The caller has checked that they may be seen."""
        found: dict[int, Report] = {}
        for part in batches(pks, 20_000):
            query = f"SELECT pk, id, known_from, first_known, content FROM report WHERE pk IN {GIVEN}"
            for pk, report_id, known_from, first_known, content in self.connection.execute(query, (_json(list(part)),)):
                if view.known_us is not None and known_from > view.known_us and first_known < known_from:
                    past = self._past_report(view, pk)
                    if past is not None:
                        content = past[0]
                found[pk] = report_record(report_id, orjson.loads(content))
        return found

    def _past_report(self, view: View, pk: int) -> tuple[Any, ...] | None:
        query = (
            "SELECT v.content, v.known_from, v.known_to, v.seq, v.file, v.row FROM report_history v WHERE v.key = ?"
            f" AND v.known_from <= {view.known_us} AND {view.past('v')} ORDER BY v.seq DESC LIMIT 1"
        )
        row: tuple[Any, ...] | None = self.connection.execute(query, (pk,)).fetchone()
        return row

    def _events_of(self, view: View, reports: Mapping[int, Report]) -> dict[int, str]:
        """The event each report speaks of: the first by id of those it is the report of, else of those in which
        somebody's part rests on it."""
        events: dict[int, str] = {}
        pks = sorted(reports)
        for part in batches(pks, 20_000):
            query = (
                f"SELECT e.report, min(e.id) FROM node e WHERE e.report IN {GIVEN} AND {view.node('e')}"
                " GROUP BY e.report"
            )
            events.update(self.connection.execute(query, (_json(list(part)),)).fetchall())
            rest = [pk for pk in part if pk not in events]
            if not rest:
                continue
            query = (
                f"SELECT t.report, min(e.id) FROM tie t CROSS JOIN node e ON e.pk = t.dst WHERE t.report IN {GIVEN}"
                f" AND t.type = {TOOK_PART_IN} AND {view.tie('t')} AND {view.node('e')} GROUP BY t.report"
            )
            events.update(self.connection.execute(query, (_json(rest),)).fetchall())
        return events

    def seen_ties(
        self,
        view: View,
        ties: Sequence[StoredTie],
        where: TieFilter = TieFilter(),
        *,
        ids: Mapping[int, str] | None = None,
        whole: bool = False,
    ) -> list[tuple[StoredTie, SeenTie]]:
        """The ties with their evidence, those below the standing asked for left out. ``ids`` of their ends, when known;
        ``whole`` as in ``evidence``."""
        if not ties:
            return []
        evidence, reports = self.evidence(view, ties, whole=whole)
        if ids is None:
            ids = self.ids({end for tie in ties for end in (tie.src, tie.dst)})
        seen = []
        for tie in ties:
            found = evidence[tie.pk]
            if where.standing is not None and STANDINGS.index(found.standing) > STANDINGS.index(where.standing):
                continue
            own = tuple([reports[pk] for pk in found.reports])
            seen.append((tie, SeenTie(_tie(tie, ids, own), own, found.standing, found.restriction)))
        return seen

    def with_standing(self, view: View, ties: list[StoredTie], where: TieFilter) -> list[StoredTie]:
        """Those of the ties that stand at least as well as asked for."""
        if where.standing is None or not ties:
            return ties
        evidence, _ = self.evidence(view, ties)
        least = STANDINGS.index(where.standing)
        return [tie for tie in ties if STANDINGS.index(evidence[tie.pk].standing) <= least]

    def ids(self, pks: Iterable[int]) -> dict[int, str]:
        found: dict[int, str] = {}
        for part in batches(sorted(pks), 20_000):
            query = f"SELECT pk, id FROM node WHERE pk IN {GIVEN}"
            found.update(self.connection.execute(query, (_json(list(part)),)).fetchall())
        return found

    # -- verbs -------------------------------------------------------------------------------------------------
    def nodes(self, node_ids: Sequence[NodeId], lens: Lens) -> dict[NodeId, SeenNode]:
        view = self.view(lens)
        numbers = self.pks(node_ids)
        seen = self.seen_nodes(view, sorted(numbers.values()))
        return {node_id: seen[numbers[node_id]] for node_id in node_ids if numbers.get(node_id) in seen}

    def ties(self, tie_ids: Sequence[TieId], lens: Lens) -> dict[TieId, SeenTie]:
        view = self.view(lens)
        found = self.ties_chosen(
            view, "json_each(?) j CROSS JOIN {table} t ON t.id = j.value", (_json(list(tie_ids)),), TieFilter()
        )
        seen = {tie.id: shown for tie, shown in self.seen_ties(view, found)}
        return {tie_id: seen[tie_id] for tie_id in tie_ids if tie_id in seen}

    def reports(self, report_ids: Sequence[ReportId], lens: Lens) -> dict[ReportId, tuple[Report, Version]]:
        view = self.view(lens)
        query = (
            "SELECT r.pk, r.id, r.known_from, r.seq, r.file, r.row, r.first_known, r.content"
            " FROM json_each(?) j CROSS JOIN report r ON r.id = j.value"
            f" WHERE {view.permits('r.rs')}"
        )
        found: dict[str, tuple[Report, Version]] = {}
        for pk, report_id, known_from, seq, file, row, first_known, content in self.connection.execute(
            query, (_json(list(report_ids)),)
        ).fetchall():
            known_to = STILL
            if view.known_us is not None:
                if first_known > view.known_us:
                    continue
                if known_from > view.known_us:
                    past = self._past_report(view, pk)
                    if past is None:
                        continue
                    content, known_from, known_to, seq, file, row = past
            version = self.version(known_from, known_to, seq, file, row)
            found[report_id] = (report_record(report_id, orjson.loads(content)), version)
        return {report_id: found[report_id] for report_id in report_ids if report_id in found}

    def version(self, known_from: int, known_to: int, seq: int, file: int | None, row: int | None) -> Version:
        load = self.connection.execute("SELECT load_id, author, reason FROM change WHERE seq = ?", (seq,)).fetchone()
        name = self.connection.execute("SELECT name FROM file WHERE pk = ?", (file,)).fetchone()
        return Version(
            None if known_from <= EVER else instant_of_microseconds(known_from),
            None if known_to >= STILL else instant_of_microseconds(known_to),
            seq,
            load[1],
            load[2],
            Provenance(LoadId(load[0]), name[0] if name else None, row),
        )

    def entity(self, node_id: NodeId, lens: Lens) -> Entity | None:
        view = self.view(lens)
        pk = self.pks([node_id]).get(node_id)
        node = None if pk is None else self.seen_nodes(view, [pk]).get(pk)
        if node is None or pk is None:
            return None
        versions = self._node_versions(view, pk)
        stored = self.ties_of(view, pk)
        ties = self.seen_ties(view, stored)
        others = self.seen_nodes(view, sorted({tie.other(pk) for tie in stored} - {pk}))
        by_id = sorted((seen.record.id, seen) for seen in others.values())
        (_, version), *history = versions
        return Entity(
            node, version, tuple(shown for _, shown in ties), dict(by_id), self._episodes(view, pk), tuple(history)
        )

    def _node_versions(self, view: View, pk: int) -> list[tuple[NodeRecord, Version]]:
        """The version within the lens and those before it, newest first."""
        rows = self.connection.execute(
            f"SELECT n.id, n.kind, n.known_from, {STILL}, n.seq, n.file, n.row, n.content FROM node n"
            f" WHERE n.pk = ?1 AND {view.record('n')}"
            " UNION ALL SELECT v.id, v.kind, v.known_from, v.known_to, v.seq, v.file, v.row, v.content"
            f" FROM node_history v WHERE v.key = ?1 AND {view.record('v')} ORDER BY 5 DESC",
            (pk,),
        ).fetchall()
        versions = []
        ends = STILL
        for node_id, kind, known_from, known_to, seq, file, row, content in rows:
            if known_to >= STILL and ends != STILL:
                known_to = ends  # stayed for those who may not see the one that followed
            record = node_record(NODE_KINDS[kind], node_id, orjson.loads(content))
            versions.append((record, self.version(known_from, known_to, seq, file, row)))
            ends = known_from
        return versions

    def _episodes(self, view: View, pk: int) -> tuple[SeenEpisode, ...]:
        columns = "id,seq,known_from,file,row,report,rs,content"
        rows = self.connection.execute(
            f"SELECT e.pk, {STILL}, {','.join('e.' + name for name in columns.split(','))} FROM episode e"
            f" WHERE e.person = ?1 AND {view.record('e')}"
            f" UNION ALL SELECT h.key, h.known_to, {','.join('h.' + name for name in columns.split(','))}"
            f" FROM episode_history h WHERE h.person = ?1 AND {view.record('h')} AND {view.past('h')} ORDER BY 4 DESC",
            (pk,),
        ).fetchall()
        newest: dict[int, tuple[Any, ...]] = {}
        for row in rows:
            newest.setdefault(row[0], row)
        person = self.ids([pk])[pk]
        reports = self.report_records(view, sorted({row[7] for row in newest.values() if row[7] is not None}))
        seen = []
        for _, known_to, episode_id, seq, known_from, file, number, report, _, content in newest.values():
            values = orjson.loads(content)
            episode = episode_record(episode_id, person, values[1:])
            if view.lens.as_at is not None and not episode.period.contains(view.lens.as_at):
                continue
            version = self.version(known_from, known_to, seq, file, number)
            seen.append(SeenEpisode(episode, () if report is None else (reports[report],), version))
        seen.sort(key=lambda each: (_start(each.episode.period), each.episode.id))
        return tuple(seen)

    def list_nodes(
        self, kind: NodeKind, lens: Lens, *, after: NodeId | None = None, limit: int = 50
    ) -> tuple[SeenNode, ...]:
        view = self.view(lens)
        query = f"SELECT n.pk FROM node n WHERE n.kind = ? AND n.id > ? AND {view.node('n')} ORDER BY n.id LIMIT ?"
        rows = self.connection.execute(query, (NODE_KINDS.index(kind), after or "", limit)).fetchall()
        seen = self.seen_nodes(view, [pk for (pk,) in rows])
        return tuple(seen[pk] for (pk,) in rows)

    def localities(self) -> tuple[Locality, ...]:
        rows = self.connection.execute(
            f"SELECT id, content, boundary FROM area WHERE kind = 'locality' AND known_to = {STILL} ORDER BY id"
        )
        return tuple(locality_record(key, orjson.loads(content), bytes(edge or b"")) for key, content, edge in rows)

    def loads(self, *, limit: int = 50, before: int | None = None) -> tuple[Load, ...]:
        rows = self.connection.execute(
            "SELECT load_id, seq, committed_at, author, action, reason, agency, files, tallies FROM change"
            " WHERE seq < ? ORDER BY seq DESC LIMIT ?",
            (STILL if before is None else before, limit),
        ).fetchall()
        return tuple(
            Load(
                load_id,
                seq,
                instant_of_microseconds(at),
                author,
                action,
                reason,
                agency,
                tuple((name, count, digest) for name, count, digest in orjson.loads(files)),
                {RecordKind(kind): Tally(*counts) for kind, counts in orjson.loads(tallies).items()},
            )
            for load_id, seq, at, author, action, reason, agency, files, tallies in rows
        )


_OPEN = Restriction()


def _grouped(ties: Sequence[StoredTie]) -> dict[tuple[int, int, int], list[StoredTie]]:
    """Ties by their ends and type."""
    groups: dict[tuple[int, int, int], list[StoredTie]] = {}
    for tie in ties:
        groups.setdefault((tie.src, tie.dst, tie.type), []).append(tie)
    return groups


def _stands_with_others(
    tie: StoredTie,
    parallel: Mapping[tuple[int, int, int], Sequence[StoredTie]],
    alternatives: Mapping[int, Sequence[tuple[int, int]]],
) -> bool:
    """Whether more than its own one report bears on the tie."""
    group = parallel[tie.src, tie.dst, tie.type]
    return len(alternatives[tie.pk]) > 1 or len(group) != 1 or group[0].pk != tie.pk


def _event_of(tie: StoredTie) -> int:
    """Node of the event that made the tie."""
    return tie.dst if tie.type == TOOK_PART_IN else tie.src


def _recency(tie: StoredTie) -> tuple[float, str]:
    return tie.recency


def _start(span: Period) -> int:
    """Sorts the latest start first, an open start last."""
    return 1 if span.start is None else -span.start.toordinal()


def _json(values: Any) -> str:
    return orjson.dumps(values).decode()


def _tie(tie: StoredTie, ids: Mapping[int, str], reports: Sequence[Report]) -> Tie:
    return Tie(
        TieId(tie.id),
        NodeId(ids[tie.src]),
        NodeId(ids[tie.dst]),
        TIE_TYPES[tie.type],
        tie.qualifier if tie.role < 0 else ROLES[tie.role],
        POLARITIES[tie.polarity],
        _period(tie.start_day, tie.end_day),
        tuple([report.id for report in reports]),
        tie.confidence,
    )
