"""What a row becomes in the database, worked out without it: stored properties, derived ties, restrictions."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from graph.errors import StoreError
from graph.model import Restriction, restriction_of_report
from graph.records import RecordKind, Row, WriteNote
from graph.stores import names, rows
from graph.stores.chain import microseconds
from graph.stores.neo4j import codec
from graph.stores.rows import POSITION
from graph.vocabulary import tie_types

#: known since ever, in microseconds since 1970; properties cannot hold minus infinity
EVER = microseconds(dt.datetime(1, 1, 1, tzinfo=dt.UTC))
PROTECTED_ADDRESS = Restriction(protected_address=True).key


@dataclass(slots=True)
class Anchor:
    """A record that is a node of the database."""

    id: str
    kind: RecordKind
    row: Row
    #: what is stored beside the row
    stored: dict[str, Any]
    #: words by which it is found
    words: list[str] = field(default_factory=list)

    @property
    def restriction(self) -> str:
        return str(self.stored["restriction"])

    def value(self, column: str) -> Any:
        """What the row says in that column."""
        return self.row[POSITION[self.kind][column]]

    def native(self) -> dict[str, Any]:
        """All that is stored, as the database has it."""
        return codec.native(self.kind, codec.properties(self.kind, self.row)) | self.stored


def anchor_columns(anchors: Sequence[Anchor], bookkeeping: Iterable[str]) -> dict[str, list[Any] | None]:
    """Rows of one kind and what is stored beside them, as one list a name."""
    own = codec.columns(bookkeeping, [anchor.stored for anchor in anchors])
    return own | codec.row_columns(anchors[0].kind, [anchor.row for anchor in anchors])


@dataclass(slots=True)
class Edge:
    """A record that is a relationship of the database."""

    id: str
    source: str
    target: str
    tie_type: str
    stored: dict[str, Any]

    @property
    def restrictions(self) -> list[str]:
        """Keys of which one must be seen past: one for each report."""
        keys: list[str] = self.stored["restrictions"]
        return keys


def edge_columns(edges: Sequence[Edge], names: Iterable[str]) -> dict[str, list[Any] | None]:
    """What is stored of ties and between whom they are, as one list a name."""
    columns = codec.columns(names, [edge.stored for edge in edges])
    columns["source"] = [edge.source for edge in edges]
    columns["target"] = [edge.target for edge in edges]
    return columns


@dataclass(frozen=True, slots=True)
class Known:
    """What a write needs to know of a report it refers to."""

    #: microseconds since 1970, as all times of knowing
    first_known: int
    restriction: str


@dataclass(frozen=True, slots=True)
class Moment:
    """What ties need to know of an event."""

    started_at: int | None
    ended_at: int | None
    report_id: str | None


class Restricting:
    """Restrictions by key: combining and comparing, remembered."""

    def __init__(self) -> None:
        self._combined: dict[tuple[str, str], str] = {}
        self._of_reports: dict[tuple[str, str, str | None], str] = {}

    def of_report(self, agency: str, handling: str, conditions: str | None) -> str:
        """Key of what the handling of a report asks for."""
        found = self._of_reports.get((agency, handling, conditions))
        if found is None:
            found = restriction_of_report(agency, handling, conditions).key
            self._of_reports[agency, handling, conditions] = found
        return found

    def combined(self, one: str, other: str) -> str:
        """Key of the stricter of each part of both."""
        if not one or one == other:
            return other
        if not other:
            return one
        found = self._combined.get((one, other))
        if found is None:
            found = Restriction.from_key(one).combined(Restriction.from_key(other)).key
            self._combined[one, other] = found
        return found

    def all_see(self, olds: Iterable[str], news: Sequence[str]) -> bool:
        """Whether everybody who may see past one of the old ones may see past one of the new ones."""
        return all(any(not new or self.combined(old, new) == old for new in news) for old in olds)


class Planner:
    """Turns rows of one write into records; holds what is the same for all of them."""

    def __init__(self, note: WriteNote, sequence: int, now: dt.datetime, restricted_operations: Iterable[str]) -> None:
        self.note, self.sequence, self.committed_at = note, sequence, now
        self.now = microseconds(now)
        self.note_key = note.restriction.key
        #: typed ids of operations that only members may know of
        self.restricted_operations = set(restricted_operations)
        self.keys = Restricting()

    def touching(self, base: str, *node_ids: str) -> str:
        """``base`` with what the restricted operations among the nodes add."""
        for node_id in node_ids:
            if node_id in self.restricted_operations:
                base = self.keys.combined(base, rows.operation_restriction(node_id).key)
        return base

    def _common(self, content: Sequence[Any], origin: tuple[str | None, int | None]) -> dict[str, Any]:
        stored: dict[str, Any] = {"sequence": self.sequence, "digest": codec.fingerprint(content)}
        file, number = origin
        if file is not None:
            stored["file"] = file
        if number is not None:
            stored["row"] = number
        return stored

    # -- nodes and other anchors -----------------------------------------------------------------------------
    def node(self, kind: RecordKind, row: Row, origin: tuple[str | None, int | None], report: Known | None) -> Anchor:
        """A node of the network. ``report`` is that of an event."""
        node_id = str(row[0])
        node_kind = _kind_of_row(kind, node_id)
        stored = self._common(row, origin)
        stored["restriction"] = self.note_key
        stored["known_from"] = self.now if self.note.known_from_now else EVER
        if report is not None:
            stored["restriction"] = self.keys.combined(self.note_key, report.restriction)
            stored["known_from"] = report.first_known
        if kind is RecordKind.OPERATION:
            if row[POSITION[kind]["restricted"]]:
                self.restricted_operations.add(node_id)
            else:
                self.restricted_operations.discard(node_id)
            stored["restriction"] = self.touching(self.note_key, node_id)
        named = list(names.names_of(node_kind, row[1:]))
        if named:
            stored["search_names"] = [" ".join(words) for _, words in named]
        references = [text for _, text in names.references_of(node_kind, row[1:])]
        if references:
            stored["search_references"] = references
        return Anchor(node_id, kind, row, stored, sorted({word for _, words in named for word in words}))

    def report(self, row: Row, origin: tuple[str | None, int | None]) -> Anchor:
        kind = RecordKind.REPORT
        at = POSITION[kind]
        own = self.keys.of_report(str(row[at["agency"]]), str(row[at["handling"]] or "P"), _text(row[at["conditions"]]))
        stored = self._common(row, origin)
        stored["restriction"] = self.keys.combined(self.note_key, own)
        recorded_at = row[at["recorded_at"]]
        stored["known_from"] = stored["first_known"] = (
            self.now if recorded_at is None else int(recorded_at) * 1_000_000  # type: ignore[arg-type]
        )
        return Anchor(str(row[0]), kind, row, stored)

    def episode(self, row: Row, origin: tuple[str | None, int | None], report: Known | None) -> Anchor:
        stored = self._common(row, origin)
        stored["restriction"] = self.note_key
        stored["known_from"] = self.now
        if report is not None:
            stored["restriction"] = self.keys.combined(self.note_key, report.restriction)
            stored["known_from"] = report.first_known
        return Anchor(str(row[0]), RecordKind.EPISODE, row, stored)

    def area(self, kind: RecordKind, row: Row, origin: tuple[str | None, int | None]) -> Anchor:
        """A locality, exposure or population: public facts."""
        stored = self._common(row, origin)
        stored["restriction"] = ""
        stored["known_from"] = EVER
        return Anchor(str(row[0]), kind, row, stored)

    # -- ties ------------------------------------------------------------------------------------------------
    def _edge(
        self,
        ends: tuple[str, str, str, str],
        values: Mapping[str, Any],
        reports: Mapping[str, Known],
        origin: tuple[str | None, int | None],
        base: str,
        known: int,
    ) -> Edge:
        tie_id, source, target, tie_type = ends
        base = self.touching(base, source, target)
        stored = dict(values)
        content: tuple[Any, ...] = (source, target, tie_type, tuple(values.items()), tuple(reports))
        if reports:
            stored["restrictions"] = [self.keys.combined(base, report.restriction) for report in reports.values()]
            stored["known_from"] = [report.first_known for report in reports.values()]
        else:
            stored["restrictions"] = [base]
            stored["known_from"] = [known]
        if tie_type == "lives_at":
            content = (*content, stored["restrictions"])
            if PROTECTED_ADDRESS in base:
                stored["protected"] = True
        stored.update(self._common(content, origin))
        stored["id"] = tie_id
        stored["report_ids"] = list(reports)
        stored["current"] = True
        if tie_type == "took_part_in" and reports:
            stored["report"] = next(iter(reports))
        return Edge(tie_id, source, target, tie_type, stored)

    def tie(self, row: Row, reports: Mapping[str, Known], origin: tuple[str | None, int | None]) -> Edge:
        at = POSITION[RecordKind.TIE]
        tie_type = str(row[at["tie_type"]])
        if tie_type not in tie_types():
            raise StoreError("a tie is of a type that is not in the list")
        values = {
            "qualifier": row[at["qualifier"]],
            "polarity": row[at["polarity"]] or tie_types()[tie_type].default_polarity,
            "start": row[at["start_day"]],
            "end": row[at["end_day"]],
            "confidence": row[at["confidence"]],
        }
        ends = (str(row[0]), str(row[at["source_id"]]), str(row[at["target_id"]]), tie_type)
        return self._edge(ends, values, reports, origin, self.note_key, self.now)

    def part(
        self,
        ends: tuple[str, str, str],
        role: str | None,
        moment: Moment,
        reports: Mapping[str, Known],
        origin: tuple[str | None, int | None],
    ) -> Edge:
        """``took_part_in``; ``ends`` are the id of the tie, the entity and the event."""
        values = _moment_values("took_part_in", moment) | {"qualifier": role}
        return self._edge((*ends, "took_part_in"), values, reports, origin, self.note_key, self.now)

    def of_event(
        self, row: Row, reports: Mapping[str, Known], origin: tuple[str | None, int | None], *, is_new: bool
    ) -> list[Edge]:
        """``occurred_at`` and ``went_missing_from``."""
        at = POSITION[RecordKind.EVENT]
        moment = Moment(_number(row[at["started_at"]]), _number(row[at["ended_at"]]), None)
        known = self.now if self.note.known_from_now or not is_new else EVER
        edges = []
        for tie_type, column in (("occurred_at", "place_id"), ("went_missing_from", "from_place_id")):
            place = row[at[column]]
            if place is not None:
                ends = (f"{tie_type}:{row[0]!s}", str(row[0]), str(place), tie_type)
                values = _moment_values(tie_type, moment)
                edges.append(self._edge(ends, values, reports, origin, self.note_key, known))
        return edges

    def of_person(self, row: Row, origin: tuple[str | None, int | None], *, is_new: bool) -> tuple[Edge, Anchor] | None:
        """``lives_at`` with the report that stands for the person's own row."""
        at = POSITION[RecordKind.PERSON]
        place = row[at["address_place_id"]]
        if place is None:
            return None
        tie_id = f"lives_at:{row[0]!s}"
        report_id = rows.implicit_report_id(tie_id)
        register = self.report((report_id, *rows.implicit_report_values(self.note.agency)), origin)
        known = self.now if self.note.known_from_now or not is_new else EVER
        register.stored["known_from"] = register.stored["first_known"] = known
        base = self.keys.combined(self.note_key, PROTECTED_ADDRESS if row[at["protected_address"]] else "")
        reports = {report_id: Known(known, self.note_key)}
        values = {"polarity": tie_types()["lives_at"].default_polarity}
        edge = self._edge((tie_id, str(row[0]), str(place), "lives_at"), values, reports, origin, base, known)
        return edge, register

    # -- later versions --------------------------------------------------------------------------------------
    def correct_anchor(self, anchor: Anchor) -> None:
        """Make of a first version a later one: known from its commit."""
        anchor.stored["known_from"] = max(self.now, anchor.stored["known_from"])

    def correct_edge(self, edge: Edge) -> None:
        edge.stored["known_from"] = [max(self.now, known) for known in edge.stored["known_from"]]


def _kind_of_row(kind: RecordKind, node_id: str) -> Any:
    try:
        node_kind = codec.kind_prefix(node_id)
    except ValueError:
        raise StoreError(f"an id of a {kind} row does not read kind:key") from None
    if rows.RECORD_OF_NODE[node_kind] is not kind or not node_id.partition(":")[2]:
        raise StoreError(f"an id of a {kind} row is of another kind")
    return node_kind


def _moment_values(tie_type: str, moment: Moment) -> dict[str, Any]:
    start, end = rows.period_of_event(moment.started_at, moment.ended_at)
    polarity = tie_types()[tie_type].default_polarity
    return {"polarity": polarity, "start": start, "end": end}


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


def _number(value: Any) -> int | None:
    return None if value is None else int(value)
