"""Labels, relationship types, constraints, indexes and migrations of the Neo4j store.

Labels and relationship types come from the enums and vocabularies of this code only; all else is a parameter.
"""

from __future__ import annotations

import secrets
import time
from typing import LiteralString

from graph.errors import StoreError, StoreTooNew
from graph.model import NodeKind
from graph.records import RecordKind
from graph.stores.neo4j.connection import (
    LONG_TRANSACTION_SECONDS,
    Connection,
    Contention,
    DuplicateKey,
    Transaction,
)
from graph.vocabulary import tie_types

#: version of the layout that this code writes
VERSION = 1

#: label of each kind of node, beside the common label ``Node``
LABELS: dict[NodeKind, LiteralString] = {
    NodeKind.PERSON: "Person",
    NodeKind.PLACE: "Place",
    NodeKind.SCHOOL: "School:Place",
    NodeKind.PEER_GROUP: "PeerGroup",
    NodeKind.OPERATION: "Operation",
    NodeKind.EVENT: "Event",
    NodeKind.VEHICLE: "Vehicle",
    NodeKind.PHONE: "Phone",
    NodeKind.ACCOUNT: "OnlineAccount",
}
#: label of the records that are nodes of the database but not nodes of the network
RECORD_LABELS: dict[RecordKind, LiteralString] = {
    RecordKind.REPORT: "Report",
    RecordKind.EPISODE: "Episode",
    RecordKind.LOCALITY: "Locality",
    RecordKind.EXPOSURE: "Exposure",
    RecordKind.POPULATION: "Population",
}
#: relationship type of each type of tie
TIE_LABELS: dict[str, LiteralString] = {code: code.upper() for code in tie_types()}
TIE_CODES: dict[str, str] = {label: code for code, label in TIE_LABELS.items()}
#: all of them, for a pattern
ANY_TIE: LiteralString = "|".join(TIE_LABELS.values())

_UNIQUE: tuple[tuple[LiteralString, LiteralString], ...] = (
    ("Node", "id"),
    ("Person", "id"),
    ("Place", "id"),
    ("PeerGroup", "id"),
    ("Operation", "id"),
    ("Event", "id"),
    ("Report", "id"),
    ("Episode", "id"),
    ("Locality", "id"),
    ("Exposure", "id"),
    ("Population", "id"),
    ("Load", "id"),
    ("Load", "sequence"),
    ("AuditEntry", "key"),
    ("Document", "key"),
    ("Restriction", "key"),
    ("Word", "word"),
    ("Store", "id"),
    ("AuditHead", "chain"),
    ("Run", "id"),
)
_INDEXES: tuple[LiteralString, ...] = (
    "CREATE INDEX version_of IF NOT EXISTS FOR (n:Version) ON (n.record, n.id)",
    "CREATE INDEX version_sequence IF NOT EXISTS FOR (n:Version) ON (n.sequence)",
    "CREATE INDEX version_report IF NOT EXISTS FOR (n:Version) ON (n.report_id)",
    "CREATE INDEX event_report IF NOT EXISTS FOR (n:Event) ON (n.report_id)",
    "CREATE INDEX episode_report IF NOT EXISTS FOR (n:Episode) ON (n.report_id)",
    "CREATE INDEX node_open_from IF NOT EXISTS FOR (n:Node) ON (n.open_from)",
    "CREATE INDEX node_attested_by IF NOT EXISTS FOR (n:Node) ON (n.attested_by)",
    "CREATE INDEX event_started_at IF NOT EXISTS FOR (n:Event) ON (n.started_at)",
    "CREATE INDEX part_report IF NOT EXISTS FOR ()-[t:TOOK_PART_IN]-() ON (t.report)",
    "CREATE INDEX audit_number IF NOT EXISTS FOR (n:AuditEntry) ON (n.chain, n.number)",
    "CREATE INDEX document_collection IF NOT EXISTS FOR (n:Document) ON (n.collection)",
    "CREATE INDEX load_content IF NOT EXISTS FOR (n:Load) ON (n.content_digest)",
    "CREATE INDEX flag_id IF NOT EXISTS FOR (n:Flag) ON (n.id)",
    "CREATE INDEX flag_run IF NOT EXISTS FOR (n:Flag) ON (n.run_id)",
    "CREATE INDEX decision_flag IF NOT EXISTS FOR (n:FlagDecision) ON (n.flag)",
    "CREATE INDEX run_detector IF NOT EXISTS FOR (n:Run) ON (n.detector)",
    "CREATE POINT INDEX place_location IF NOT EXISTS FOR (n:Place) ON (n.location)"
    " OPTIONS {indexConfig: {`spatial.cartesian.min`: [-100000.0, -100000.0],"
    " `spatial.cartesian.max`: [800000.0, 1400000.0]}}",
    "CREATE INDEX version_started_at IF NOT EXISTS FOR (n:Version) ON (n.started_at)",
    "CREATE POINT INDEX version_location IF NOT EXISTS FOR (n:Version) ON (n.location)"
    " OPTIONS {indexConfig: {`spatial.cartesian.min`: [-100000.0, -100000.0],"
    " `spatial.cartesian.max`: [800000.0, 1400000.0]}}",
    "CREATE POINT INDEX event_location IF NOT EXISTS FOR (n:Event) ON (n.location)"
    " OPTIONS {indexConfig: {`spatial.cartesian.min`: [-100000.0, -100000.0],"
    " `spatial.cartesian.max`: [800000.0, 1400000.0]}}",
    "CREATE FULLTEXT INDEX node_names IF NOT EXISTS FOR (n:Node) ON EACH [n.search_names, n.search_references]"
    " OPTIONS {indexConfig: {`fulltext.analyzer`: 'whitespace'}}",
    "CREATE FULLTEXT INDEX word_grams IF NOT EXISTS FOR (n:Word) ON EACH [n.grams]"
    " OPTIONS {indexConfig: {`fulltext.analyzer`: 'whitespace'}}",
)


def statements() -> tuple[LiteralString, ...]:
    """The constraints and indexes of the layout, each safe to run again."""
    constraints = tuple(
        f"CREATE CONSTRAINT {label.lower()}_{name} IF NOT EXISTS FOR (n:{label}) REQUIRE n.{name} IS UNIQUE"
        for label, name in _UNIQUE
    )
    ties: list[LiteralString] = []
    for label in TIE_LABELS.values():
        low: LiteralString = label.lower()
        ties.append(f"CREATE INDEX tie_{low}_id IF NOT EXISTS FOR ()-[t:{label}]-() ON (t.id)")
        ties.append(f"CREATE INDEX tie_{low}_replaced IF NOT EXISTS FOR ()-[t:{label}]-() ON (t.replaced)")
        ties.append(f"CREATE INDEX tie_{low}_newer IF NOT EXISTS FOR ()-[t:{label}]-() ON (t.newer_sequence)")
    return constraints + _INDEXES + tuple(ties)


def _create(connection: Connection) -> None:
    """Layout 1: everything, in one transaction: each of its own would wait for the disk."""
    with connection.transaction(write=True, seconds=LONG_TRANSACTION_SECONDS) as transaction:
        for statement in statements():
            transaction.run(statement)
    connection.alone("CALL db.awaitIndexes(300)")


#: what brings a store from the version before to this one
MIGRATIONS = {1: _create}

_READ_VERSION = "MATCH (s:Store {id: 'kith'}) RETURN s.layout"
_MARK: LiteralString = """
MERGE (s:Store {id: 'kith'})
ON CREATE SET s.committed = 0, s.store_id = $store_id, s.created_at = datetime()
SET s.layout = $version
MERGE (:AuditHead {chain: 'changes'})
MERGE (:AuditHead {chain: 'views'})
"""


def layout_of(transaction: Transaction) -> int:
    """Version of the layout; 0 for a database that Kith has not used."""
    rows = transaction.run(_READ_VERSION)
    return int(rows[0][0] or 0) if rows else 0


def prepare(connection: Connection, *, migrate: bool) -> None:
    """Bring the layout to ``VERSION``. Raises StoreTooNew for a newer one, StoreError for an older one left alone."""
    version = connection.managed(layout_of, write=False)
    if version > VERSION:
        raise StoreTooNew(f"the store has layout {version}; this Kith knows layouts up to {VERSION}")
    if version == VERSION:
        return
    if version and not migrate:
        raise StoreError(f"the store has layout {version} and must be migrated to {VERSION}: kith init")
    for number in range(version + 1, VERSION + 1):
        mark = {"version": number, "store_id": secrets.token_hex(8)}
        for attempt in range(3):
            try:
                MIGRATIONS[number](connection)
                connection.managed(lambda transaction: transaction.run(_MARK, mark), write=True)  # noqa: B023
                break
            except (DuplicateKey, Contention):
                if attempt == 2:
                    raise
                time.sleep(0.1)
