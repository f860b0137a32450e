"""A Snapshot from simple rows, so that tests can be read and networks solved on paper."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from graph.model import NODE_KINDS, kind_of
from graph.records import day_number, second_number
from graph.snapshot import (
    NO_DAY,
    NO_END,
    NO_START,
    NO_TIME,
    AreaTables,
    EpisodeArrays,
    NodeArrays,
    ReportArrays,
    Snapshot,
    Strings,
    TieArrays,
)
from graph.vocabulary import grades, vocabulary

AS_AT = dt.date(2026, 6, 1)
_POLARITY = {"concern": 0, "neutral": 1, "protective": 2}


def days_ago(days: int) -> dt.date:
    return AS_AT - dt.timedelta(days=days)


def night(days: int, hour: float = 21.0) -> dt.datetime:
    """An instant so many days before the as-at date."""
    midnight = dt.datetime.combine(days_ago(days), dt.time(), tzinfo=dt.UTC)
    return midnight + dt.timedelta(hours=hour)


@dataclass(frozen=True)
class TieRow:
    id: str
    source: str
    target: str
    type: str
    role: str | None = None
    start: dt.date | None = None
    end: dt.date | None = None
    reports: tuple[str, ...] = ()
    polarity: str | None = None
    confidence: float | None = None


@dataclass
class Town:
    """Rows of an invented town. Ids are typed ids."""

    nodes: dict[str, dict[str, Any]] = field(default_factory=dict)
    ties: list[TieRow] = field(default_factory=list)
    reports: dict[str, dict[str, Any]] = field(default_factory=dict)
    episodes: list[dict[str, Any]] = field(default_factory=list)

    def person(self, key: str | int, *, born: dt.date | None = None, age: int | None = None, **more: Any) -> str:
        """A person; ``age`` in whole years puts the birthday a hundred days before the as-at date."""
        if age is not None:
            day = days_ago(100)
            born = day.replace(year=day.year - age)
        return self._node(f"person:{key}", born=born, **more)

    def place(self, key: str | int, place_type: str = "takeaway", **more: Any) -> str:
        return self._node(f"place:{key}", place_type=place_type, **more)

    def event(self, key: str | int, event_type: str, start: dt.datetime | None = None, **more: Any) -> str:
        return self._node(f"event:{key}", event_type=event_type, start=start, **more)

    def _node(self, node_id: str, **fields: Any) -> str:
        self.nodes[node_id] = fields
        return node_id

    def thing(self, node_id: str) -> str:
        """A school, group, operation, phone, vehicle or account."""
        return self._node(node_id)

    def report(self, key: str, agency: str = "police", **more: Any) -> str:
        self.reports[key] = {"agency": agency, **more}
        return key

    def tie(self, source: str, target: str, tie_type: str, **more: Any) -> str:
        """A tie, with a report of its own (police, 3x5x2, 1B, on the start day) unless reports are given."""
        tie_id = str(more.pop("id", f"{tie_type}-{len(self.ties)}"))
        if "reports" not in more:
            day = more.get("start") or days_ago(10)
            more["reports"] = (
                self.report(f"report-{tie_id}", scheme="3x5x2", source="1", information="B", occurred=day),
            )
        self.ties.append(TieRow(tie_id, source, target, tie_type, **more))
        return tie_id

    def took_part(self, entity: str, event: str, role: str, **more: Any) -> str:
        return self.tie(entity, event, "took_part_in", role=role, **more)

    def missing(self, key: str | int, person: str, start: dt.datetime, hours: float = 6.0, found: str | None = None,
                origin: str | None = None) -> str:  # fmt: skip
        """A missing episode with its ties."""
        event = self.event(key, "missing_episode", start, end=start + dt.timedelta(hours=hours))
        self.took_part(person, event, "missing_person")
        if found is not None:
            self.tie(event, found, "occurred_at")
        if origin is not None:
            self.tie(event, origin, "went_missing_from")
        return event

    def open_to_hub(self, person: str, start: dt.date | None = None, end: dt.date | None = None) -> None:
        self.episode(person, "open_to_hub", start or days_ago(100), end)

    def episode(self, person: str, kind: str, start: dt.date, end: dt.date | None = None) -> None:
        self.episodes.append({"person": person, "type": kind, "start": start, "end": end})

    def without(self, tie_ids: Iterable[str]) -> Town:
        """The same town without some ties."""
        gone = set(tie_ids)
        return Town(self.nodes, [tie for tie in self.ties if tie.id not in gone], self.reports, self.episodes)

    def changed(self, tie_id: str, **values: Any) -> Town:
        """The same town with one tie changed."""
        ties = [replace(tie, **values) if tie.id == tie_id else tie for tie in self.ties]
        return Town(self.nodes, ties, self.reports, self.episodes)

    def joined(self, other: Town) -> Town:
        """Both towns side by side; their ids differ."""
        return Town(
            {**self.nodes, **other.nodes},
            self.ties + other.ties,
            {**self.reports, **other.reports},
            self.episodes + other.episodes,
        )

    def snapshot(self, as_at: dt.date = AS_AT) -> Snapshot:
        ids = sorted(self.nodes)
        row = {node_id: at for at, node_id in enumerate(ids)}
        report_ids = sorted(self.reports)
        report_row = {report_id: at for at, report_id in enumerate(report_ids)}
        return Snapshot(
            sequence=1,
            as_at=as_at,
            known_at=None,
            scope="everything",
            nodes=self._node_arrays(ids, row),
            ties=self._tie_arrays(row, report_row),
            reports=self._report_arrays(report_ids),
            episodes=self._episode_arrays(row),
            areas=AreaTables((), (), (), ()),
        )

    def _node_arrays(self, ids: list[str], row: dict[str, int]) -> NodeArrays:
        rows = [self.nodes[node_id] for node_id in ids]
        report_row = {report_id: at for at, report_id in enumerate(sorted(self.reports))}

        def word(name: str, key: str) -> np.ndarray[Any, Any]:
            index = vocabulary(name).index
            return np.array([index[fields[key]] if fields.get(key) else -1 for fields in rows], dtype=np.int16)

        send = [-1 if fields.get("send") is None else int(fields["send"]) for fields in rows]
        return NodeArrays(
            ids=Strings.of(ids),
            kind=np.array([NODE_KINDS.index(kind_of(node_id)) for node_id in ids], dtype=np.int8),
            birth_day=np.array([_day(fields.get("born"), NO_DAY) for fields in rows], dtype=np.int32),
            sex=word("sex", "sex").astype(np.int8),
            ethnicity=word("ethnicity", "ethnicity").astype(np.int8),
            send=np.array(send, dtype=np.int8),
            place_type=word("place_type", "place_type"),
            easting=np.full(len(ids), np.nan),
            northing=np.full(len(ids), np.nan),
            event_type=word("event_type", "event_type"),
            strand=word("strand", "strand"),
            started_at=np.array([_second(fields.get("start")) for fields in rows], dtype=np.int64),
            ended_at=np.array([_second(fields.get("end")) for fields in rows], dtype=np.int64),
            report=np.array([report_row.get(fields.get("report", ""), -1) for fields in rows], dtype=np.int32),
            address=np.array([row.get(fields.get("address", ""), -1) for fields in rows], dtype=np.int32),
        )

    def _tie_arrays(self, row: dict[str, int], report_row: dict[str, int]) -> TieArrays:
        types, roles = vocabulary("tie_type"), vocabulary("role")
        ties = sorted(self.ties, key=lambda tie: (row[tie.source], row[tie.target], types.index[tie.type], tie.id))
        links = [sorted(report_row[report] for report in tie.reports) for tie in ties]
        start = np.zeros(len(ties) + 1, dtype=np.int64)
        np.cumsum([len(link) for link in links], out=start[1:])
        default = {"targets", "controls", "exploits", "threatens", "contacts", "transports", "harbours", "subject_of"}
        polarity = [tie.polarity or ("concern" if tie.type in default else "neutral") for tie in ties]
        return TieArrays(
            ids=Strings.of([tie.id for tie in ties]),
            source=np.array([row[tie.source] for tie in ties], dtype=np.int32),
            target=np.array([row[tie.target] for tie in ties], dtype=np.int32),
            type=np.array([types.index[tie.type] for tie in ties], dtype=np.int16),
            role=np.array([-1 if tie.role is None else roles.index[tie.role] for tie in ties], dtype=np.int16),
            polarity=np.array([_POLARITY[word] for word in polarity], dtype=np.int8),
            standing=np.ones(len(ties), dtype=np.int8),
            start_day=np.array([_day(tie.start, NO_START) for tie in ties], dtype=np.int32),
            end_day=np.array([_day(tie.end, NO_END) for tie in ties], dtype=np.int32),
            confidence=np.array([np.nan if t.confidence is None else t.confidence for t in ties], dtype=np.float32),
            report_start=start,
            report_of_tie=np.array([at for link in links for at in link], dtype=np.int32),
        )

    def _report_arrays(self, ids: list[str]) -> ReportArrays:
        rows = [self.reports[report_id] for report_id in ids]
        agencies = tuple(sorted({fields["agency"] for fields in rows}))
        schemes, bases = vocabulary("grading_scheme").index, vocabulary("basis").index

        def grade(fields: dict[str, Any], at: int, key: str) -> int:
            lists = grades(fields.get("scheme", "none"))
            return lists[at].index[fields[key]] if lists and fields.get(key) else -1

        return ReportArrays(
            ids=Strings.of(ids),
            agency=np.array([agencies.index(fields["agency"]) for fields in rows], dtype=np.int16),
            agencies=agencies,
            scheme=np.array([schemes[fields.get("scheme", "none")] for fields in rows], dtype=np.int8),
            source_evaluation=np.array([grade(fields, 0, "source") for fields in rows], dtype=np.int8),
            information_assessment=np.array([grade(fields, 1, "information") for fields in rows], dtype=np.int8),
            basis=np.array([bases[f["basis"]] if f.get("basis") else -1 for f in rows], dtype=np.int8),
            recorded_at=np.array([_second(f.get("recorded") or f.get("occurred")) for f in rows], dtype=np.int64),
            occurred_at=np.array([_second(fields.get("occurred")) for fields in rows], dtype=np.int64),
        )

    def _episode_arrays(self, row: dict[str, int]) -> EpisodeArrays:
        types = vocabulary("episode_type").index
        count = len(self.episodes)
        return EpisodeArrays(
            ids=Strings.of([f"episode-{at}" for at in range(count)]),
            person=np.array([row[fields["person"]] for fields in self.episodes], dtype=np.int32),
            type=np.array([types[fields["type"]] for fields in self.episodes], dtype=np.int16),
            strand=np.full(count, -1, dtype=np.int16),
            start_day=np.array([_day(fields["start"], NO_START) for fields in self.episodes], dtype=np.int32),
            end_day=np.array([_day(fields["end"], NO_END) for fields in self.episodes], dtype=np.int32),
            report=np.full(count, -1, dtype=np.int32),
        )


def _day(value: dt.date | None, missing: Any) -> int:
    return int(missing) if value is None else day_number(value)


def _second(value: dt.date | dt.datetime | None) -> int:
    if value is None:
        return int(NO_TIME)
    if isinstance(value, dt.datetime):
        return second_number(value)
    return day_number(value) * 86_400
