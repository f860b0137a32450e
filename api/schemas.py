"""JSON names: how what the gate returns is written down. Every field is named here, so none slips out unnoticed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any

from graph.access.accounts import Account
from graph.flags import Plain
from graph.model import (
    Event,
    Locality,
    Location,
    NodeKind,
    NodeRecord,
    Operation,
    PeerGroup,
    Period,
    Person,
    Place,
    Report,
    School,
    TracedObject,
    Version,
    kind_of,
)
from graph.store import AuditRow, Entity, EvidencePath, Load, SearchHit, SeenEpisode, SeenNode, SeenTie, StoredFlag
from viz.elements import label_of

Json = dict[str, Any]


def page(items: Sequence[Json], next_cursor: str | None) -> Json:
    """One page of a list; ``next`` is the cursor of the following page, null at the end."""
    return {"items": list(items), "next": next_cursor}


def node_json(node: SeenNode) -> Json:
    """A node as it stands in lists: what it is and what it is called."""
    record = node.record
    return {
        "id": record.id,
        "kind": kind_of(record.id).value,
        "label": label_of(record),
        "degree": node.degree,
        "restriction": node.restriction.key,
    }


def record_json(record: NodeRecord) -> Json:
    """All fields of a record that are known."""
    match record:
        case Person():
            fields = _person(record)
        case Place():
            fields = {
                "name": record.name,
                "place_type": record.place_type,
                **_location(record.location),
                "precision": record.precision,
                "postcode": record.postcode,
                "uprn": record.uprn,
                "ward_code": record.ward_code,
                "ward_vintage": record.ward_vintage,
            }
        case School():
            fields = {
                "name": record.name,
                "establishment_type": record.establishment_type,
                "phase": record.phase,
                **_location(record.location),
                "postcode": record.postcode,
                **_period(record.open, "opened_on", "closed_on"),
            }
        case PeerGroup():
            fields = {"name": record.name, "context": record.context}
        case Operation():
            fields = {
                "name": record.name,
                "lead_agency": record.lead_agency,
                "strand": record.strand,
                **_period(record.open, "opened_on", "closed_on"),
                "restricted": record.restricted,
            }
        case TracedObject():
            fields = {"identifier": record.identifier}
        case Event():
            fields = {
                "event_type": record.event_type,
                "detail": record.detail,
                "strand": record.strand,
                "started_at": _instant(record.started_at),
                "ended_at": _instant(record.ended_at),
                "place_id": record.place_id,
                "from_place_id": record.from_place_id,
                **_location(record.location),
                "report_id": record.report_id,
            }
    return {name: value for name, value in fields.items() if value is not None}


def report_json(report: Report, version: Version | None = None) -> Json:
    answer = {
        "id": report.id,
        "agency": report.agency,
        "system": report.system,
        "reference": report.reference,
        "author_role": report.author_role,
        "occurred_from": _instant(report.occurred_from),
        "occurred_to": _instant(report.occurred_to),
        "recorded_at": _instant(report.recorded_at),
        "grading_scheme": report.grading_scheme,
        "source_evaluation": report.source_evaluation,
        "information_assessment": report.information_assessment,
        "handling": report.handling,
        "conditions": report.conditions,
        "basis": report.basis,
    }
    return answer if version is None else {**answer, "version": version_json(version)}


def tie_json(seen: SeenTie) -> Json:
    tie = seen.tie
    return {
        "id": tie.id,
        "source": tie.source,
        "target": tie.target,
        "type": tie.tie_type,
        "qualifier": tie.qualifier,
        "polarity": tie.polarity.value,
        "standing": seen.standing.value,
        **_period(tie.period, "started_on", "ended_on"),
        "confidence": tie.confidence,
        "restriction": seen.restriction.key,
        "reports": [report_json(report) for report in seen.reports],
    }


def version_json(version: Version) -> Json:
    origin = version.provenance
    return {
        "known_from": _instant(version.known_from),
        "known_to": _instant(version.known_to),
        "sequence": version.sequence,
        "author": version.author,
        "reason": version.reason,
        "load": origin.load_id,
        "file": origin.file,
        "row": origin.row,
    }


def episode_json(seen: SeenEpisode) -> Json:
    episode = seen.episode
    return {
        "id": episode.id,
        "type": episode.episode_type,
        "detail": episode.detail,
        "strand": episode.strand,
        **_period(episode.period, "started_on", "ended_on"),
        "reports": [report_json(report) for report in seen.reports],
        "version": version_json(seen.version),
    }


def entity_json(entity: Entity, ties: Sequence[SeenTie], next_cursor: str | None) -> Json:
    """One entity with a page of its ties."""
    shown = {end for seen in ties for end in (seen.tie.source, seen.tie.target)}
    return {
        **node_json(entity.node),
        "record": record_json(entity.node.record),
        "version": version_json(entity.version),
        "ties": page([tie_json(seen) for seen in ties], next_cursor),
        "others": {key: node_json(node) for key, node in entity.others.items() if key in shown},
        "episodes": [episode_json(seen) for seen in entity.episodes],
        "history": [
            {"record": record_json(record), "version": version_json(version)} for record, version in entity.history
        ],
    }


def hit_json(hit: SearchHit) -> Json:
    return {**node_json(hit.node), "matched": hit.matched, "similarity": round(hit.similarity, 4)}


def path_json(path: EvidencePath) -> Json:
    return {"nodes": list(path.nodes), "ties": [tie_json(seen) for seen in path.ties]}


def load_json(load: Load) -> Json:
    return {
        "id": load.id,
        "sequence": load.sequence,
        "committed_at": _instant(load.committed_at),
        "author": load.author,
        "action": load.action,
        "reason": load.reason,
        "agency": load.agency,
        "files": [{"name": name, "rows": rows, "digest": digest} for name, rows, digest in load.files],
        "tallies": {
            kind.value: {"new": tally.new, "changed": tally.changed, "unchanged": tally.unchanged}
            for kind, tally in load.tallies.items()
        },
    }


def stored_flag_json(stored: StoredFlag, flag: Json) -> Json:
    """A kept flag: the flag as the interface has it, its run, its state and what was decided."""
    return {
        **flag,
        "run_id": stored.run_id,
        "state": stored.state.value,
        "decisions": [
            {
                "state": decision.state.value,
                "reason": decision.reason,
                "author": decision.author,
                "decided_at": _instant(decision.decided_at),
            }
            for decision in stored.decisions
        ],
    }


def audit_json(row: AuditRow) -> Json:
    entry = row.entry
    return {
        "chain": row.chain,
        "number": row.number,
        "recorded_at": _instant(row.recorded_at),
        "actor": entry.actor,
        "action": entry.action,
        "ids": list(entry.ids),
        "purpose": entry.purpose,
        "agency": entry.agency,
        "recipient": entry.recipient,
        "details": dict(entry.details),
        "previous_digest": row.previous_digest,
        "digest": row.digest,
    }


def account_json(account: Account) -> Json:
    return {
        "name": account.name,
        "role": account.role.value,
        "agency": account.agency,
        "disabled": account.disabled,
        "memberships": [
            {
                "operation": membership.operation,
                "approver": membership.approver,
                "granted_on": membership.granted_on.isoformat(),
                "until": membership.until.isoformat(),
            }
            for membership in account.memberships
        ],
    }


def locality_json(locality: Locality) -> Json:
    """An area without its boundary, which the map of localities brings."""
    return {
        "id": locality.id,
        "name": locality.name,
        "locality_type": locality.locality_type,
        "authority_code": locality.authority_code,
        "vintage": locality.vintage,
    }


def kinds_of(words: Iterable[str] | None) -> frozenset[NodeKind] | None:
    """Kinds of node from their words. Raises ValueError for a word that is none."""
    found = frozenset(NodeKind(word) for word in words or ())
    return found or None


def _person(person: Person) -> Json:
    return {
        "given_name": person.given_name,
        "family_name": person.family_name,
        "also_known_as": list(person.also_known_as) or None,
        "date_of_birth": str(person.date_of_birth) if person.date_of_birth else None,
        "sex": person.sex,
        "ethnicity": person.ethnicity,
        "nhs_number": person.nhs_number,
        "upn": person.upn,
        "home_authority": person.home_authority,
        "placing_authority": person.placing_authority,
        "host_authority": person.host_authority,
        "address_place_id": person.address_place_id,
        "protected_address": person.protected_address,
        "send": person.send,
        "died_on": person.died_on.isoformat() if person.died_on else None,
    }


def _location(location: Location | None) -> Json:
    """Metres on the British National Grid (EPSG:27700)."""
    if location is None:
        return {}
    return {"easting": location.easting, "northing": location.northing}


def _period(period: Period, first: str, last: str) -> dict[str, Plain]:
    """First and last day, both counting, as in the exchange files."""
    end = period.end - dt.timedelta(days=1) if period.end else None
    return {
        first: period.start.isoformat() if period.start else None,
        last: end.isoformat() if end else None,
    }


def _instant(instant: dt.datetime | None) -> str | None:
    return None if instant is None else instant.astimezone(dt.UTC).isoformat().replace("+00:00", "Z")
