"""The Cypher that writes records. Labels and types are put in from the enums only; values are parameters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import LiteralString

from graph.records import RecordKind
from graph.stores.neo4j import codec
from graph.stores.neo4j.schema import LABELS, RECORD_LABELS, TIE_LABELS
from graph.stores.rows import NODE_RECORDS, RECORD_OF_NODE


def latest_anchor(label: LiteralString) -> LiteralString:
    """What is compared of the newest version of each id."""
    return f"""
UNWIND $ids AS id
MATCH (n:{label} {{id: id}}) USING INDEX SEEK n:{label}(id)
OPTIONAL MATCH (v:Version {{record: $record, id: id}}) USING INDEX SEEK v:Version(record, id)
WHERE v.sequence = $sequence
WITH id, coalesce(v, n) AS latest
RETURN id, latest.digest, latest.sequence, latest.restriction"""


_BOOKKEEPING: dict[str, str] = dict.fromkeys(("digest", "file", "row", "restriction", "known_from"), "value")
#: what is sent of records beside their rows
BESIDE_ROW = (*_BOOKKEEPING, "first_known", "search_names", "search_references")


def anchor_forms(kind: RecordKind) -> dict[str, str]:
    """Form of every column that is sent for records of a kind."""
    forms = codec.FORMS[kind] | _BOOKKEEPING
    if kind in codec.EASTING:
        forms |= {"easting": "value", "northing": "value"}
    if kind is RecordKind.REPORT:
        forms |= {"first_known": "value"}
    if kind in NODE_RECORDS:
        forms |= {"search_names": "value", "search_references": "value"}
    return forms


def literal(forms: Mapping[str, str]) -> LiteralString:
    """A map of the values at place ``i`` of the columns."""
    parts: list[LiteralString] = [
        f"{name}: {codec.expression(name, form)}" for name, form in forms.items() if name not in ("easting", "northing")
    ]
    if "easting" in forms:
        point: LiteralString = "point({x: $easting[i], y: $northing[i]})"
        parts.append(f"location: CASE WHEN $easting[i] IS NULL THEN null ELSE {point} END")
    return "{sequence: $sequence, " + ", ".join(parts) + "}"


def create_anchor(kind: RecordKind, labels: LiteralString) -> LiteralString:
    return f"UNWIND range(0, $count - 1) AS i CREATE (n:{labels} {literal(ANCHOR[kind])})"


def change_anchor(kind: RecordKind, label: LiteralString) -> LiteralString:
    """A new version beside the present one. What everybody sees is replaced; what the new one is stricter than stays
    for those who may not see the new one."""
    return f"""
UNWIND range(0, $count - 1) AS i
MATCH (n:{label} {{id: $id[i]}}) USING INDEX SEEK n:{label}(id)
FOREACH (closed IN CASE WHEN $close[i] THEN [n] ELSE [] END |
  SET closed.replaced = $sequence, closed.known_to = $known_to)
CREATE (v:Version {literal(ANCHOR[kind])}) SET v.record = $record"""


def rewrite_anchor(label: LiteralString) -> LiteralString:
    """The version that this same write brought, written again."""
    return f"""
UNWIND $rows AS row
MATCH (n:{label} {{id: row.stored.id}}) USING INDEX SEEK n:{label}(id)
OPTIONAL MATCH (v:Version {{record: $record, id: row.stored.id}}) USING INDEX SEEK v:Version(record, id)
WHERE v.sequence = $sequence
FOREACH (version IN CASE WHEN v IS NULL THEN [] ELSE [v] END | SET version = row.stored, version.record = $record)
FOREACH (anchor IN CASE WHEN v IS NULL THEN [n] ELSE [] END | SET anchor = row.stored)"""


#: versions that stayed open although newer ones are there
OPEN_VERSIONS: LiteralString = """
UNWIND $ids AS id
MATCH (v:Version {record: $record, id: id}) USING INDEX SEEK v:Version(record, id)
WHERE v.sequence < $sequence AND v.replaced IS NULL
RETURN id, v.sequence, v.restriction"""
CLOSE_VERSIONS: LiteralString = """
UNWIND $rows AS row
MATCH (v:Version {record: $record, id: row.id}) USING INDEX SEEK v:Version(record, id) WHERE v.sequence = row.sequence
SET v.replaced = $sequence, v.known_to = $known_to"""


def promote(label: LiteralString) -> LiteralString:
    """Exchange the contents of anchors and their newer versions: the anchor holds what is so now."""
    return f"""
MATCH (v:Version) WHERE v.sequence = $sequence AND v.record = $record
WITH v LIMIT $limit
MATCH (n:{label} {{id: v.id}}) USING INDEX SEEK n:{label}(id)
WITH n, v, properties(n) AS before, properties(v) AS after,
     n.attested_by AS attested_by, n.open_from AS open_from,
     coalesce(v.search_names, [])
       + [name IN coalesce(n.search_names, []) WHERE NOT name IN coalesce(v.search_names, [])] AS names,
     coalesce(v.search_references, [])
       + [name IN coalesce(n.search_references, []) WHERE NOT name IN coalesce(v.search_references, [])] AS references
SET v = before, v.record = $record, n = after
SET v.restriction = CASE WHEN n:Report OR n:Operation THEN after.restriction ELSE before.restriction END
SET n.record = null, n.attested_by = attested_by, n.open_from = open_from,
    n.search_names = CASE WHEN size(names) = 0 THEN null ELSE names END,
    n.search_references = CASE WHEN size(references) = 0 THEN null ELSE references END,
    v.attested_by = null, v.open_from = null, v.search_names = null, v.search_references = null
RETURN count(*)"""


HAD_EPISODE: LiteralString = """
UNWIND $rows AS row
MATCH (e:Episode {id: row.id}) USING INDEX SEEK e:Episode(id)
MATCH (p:Person {id: row.person_id}) USING INDEX SEEK p:Person(id)
MERGE (p)-[:HAD_EPISODE]->(e)
RETURN count(*)"""
LOCALITIES_THERE: LiteralString = "UNWIND $ids AS id MATCH (l:Locality {id: id}) RETURN count(DISTINCT l)"


def latest_edge(label: LiteralString) -> LiteralString:
    return f"""
UNWIND $ids AS id
MATCH ()-[t:{label} {{id: id}}]->() USING INDEX SEEK t:{label}(id) WHERE t.replaced IS NULL AND t.newer IS NULL
RETURN t.id, t.digest, t.sequence, t.restrictions"""


def create_edge(label: LiteralString) -> LiteralString:
    return f"""
UNWIND range(0, $count - 1) AS i
MATCH (a:Node {{id: $source[i]}}) USING INDEX SEEK a:Node(id)
MATCH (b:Node {{id: $target[i]}}) USING INDEX SEEK b:Node(id)
CREATE (a)-[t:{label} {literal(EDGE)}]->(b)
RETURN count(*)"""


def end_edge(label: LiteralString) -> LiteralString:
    """Replace the newest version, or keep it for those who may not see the one that follows; what this same write
    brought is taken away instead."""
    return f"""
UNWIND $rows AS row
MATCH ()-[t:{label} {{id: row.id}}]->() USING INDEX SEEK t:{label}(id) WHERE t.replaced IS NULL AND t.newer IS NULL
FOREACH (closed IN CASE WHEN row.close AND t.sequence < $sequence THEN [t] ELSE [] END |
  SET closed.replaced = $sequence, closed.known_to = $known_to)
FOREACH (kept IN CASE WHEN NOT row.close AND t.sequence < $sequence THEN [t] ELSE [] END |
  SET kept.newer = row.keys, kept.newer_sequence = $sequence, kept.newer_known_from = $known_to)
FOREACH (own IN CASE WHEN t.sequence = $sequence THEN [t] ELSE [] END | DELETE own)"""


def open_edges(label: LiteralString) -> LiteralString:
    return f"""
UNWIND $ids AS id
MATCH ()-[t:{label} {{id: id}}]->() USING INDEX SEEK t:{label}(id)
WHERE t.replaced IS NULL AND t.newer_sequence < $sequence
RETURN id, t.sequence, t.restrictions"""


def close_edges(label: LiteralString) -> LiteralString:
    return f"""
UNWIND $rows AS row
MATCH ()-[t:{label} {{id: row.id}}]->() USING INDEX SEEK t:{label}(id)
WHERE t.sequence = row.sequence AND t.replaced IS NULL
FOREACH (closed IN CASE WHEN row.close THEN [t] ELSE [] END |
  SET closed.replaced = $sequence, closed.known_to = $known_to)
FOREACH (kept IN CASE WHEN row.close THEN [] ELSE [t] END | SET kept.newer = kept.newer + row.keys)"""


def release_edge(label: LiteralString) -> LiteralString:
    """Take the mark of the present version from those replaced or followed by this write."""
    return f"""
MATCH ()-[t:{label}]->() WHERE t.replaced = $sequence AND t.current
WITH t LIMIT $limit REMOVE t.current
RETURN count(*)
UNION ALL
MATCH ()-[t:{label}]->() WHERE t.newer_sequence = $sequence AND t.current
WITH t LIMIT $limit REMOVE t.current
RETURN count(*)"""


#: an address that is protected from now on is hidden in its past as well
PROTECT_PAST: LiteralString = """
UNWIND $rows AS row
MATCH (:Person)-[t:LIVES_AT {id: row.id}]->() USING INDEX SEEK t:LIVES_AT(id)
WHERE t.sequence < $sequence
SET t.restrictions = [key IN t.restrictions | row.key], t.protected = true"""

ANCHOR = {kind: anchor_forms(kind) for kind in (*NODE_RECORDS, *RECORD_LABELS)}
#: form of every column that is sent for ties
EDGE: dict[str, str] = dict.fromkeys(
    (
        "id", "digest", "file", "row", "restrictions", "known_from", "qualifier", "polarity", "start", "end",
        "confidence", "report_ids", "report", "protected", "current",
    ),
    "value",
) | {"start": "day", "end": "day"}  # fmt: skip
CREATE_ANCHOR = {
    (RECORD_OF_NODE[kind], f"Node:{label}"): create_anchor(RECORD_OF_NODE[kind], f"Node:{label}")
    for kind, label in LABELS.items()
} | {(kind, label): create_anchor(kind, label) for kind, label in RECORD_LABELS.items()}
CHANGE_ANCHOR = {kind: change_anchor(kind, RECORD_LABELS.get(kind, "Node")) for kind in ANCHOR}
LATEST_EDGE = {code: latest_edge(label) for code, label in TIE_LABELS.items()}
CREATE_EDGE = {code: create_edge(label) for code, label in TIE_LABELS.items()}
END_EDGE = {code: end_edge(label) for code, label in TIE_LABELS.items()}
OPEN_EDGES = {code: open_edges(label) for code, label in TIE_LABELS.items()}
CLOSE_EDGES = {code: close_edges(label) for code, label in TIE_LABELS.items()}
RELEASE_EDGE = {code: release_edge(label) for code, label in TIE_LABELS.items()}

#: what the store may hold, from the database's own counts
TYPES_IN_USE: LiteralString = "\nUNION ALL\n".join(
    f"MATCH ()-[t:{label}]->() RETURN '{code}' AS name, count(t) AS number" for code, label in TIE_LABELS.items()
)
KINDS_IN_USE: LiteralString = "\nUNION ALL\n".join(
    f"MATCH (n:{label}) RETURN '{name}' AS name, count(n) AS number"
    for name, label in (("node", "Node"), *((kind.value, label) for kind, label in RECORD_LABELS.items()))
)

#: newest version of reports and events, for what refers to them
KNOWN_REPORTS: LiteralString = """
UNWIND $ids AS id
MATCH (n:Report {id: id}) USING INDEX SEEK n:Report(id)
OPTIONAL MATCH (v:Version {record: 'report', id: id}) USING INDEX SEEK v:Version(record, id)
WHERE v.sequence = $sequence
WITH id, coalesce(v, n) AS r
RETURN id, r.first_known, r.restriction"""
KNOWN_EVENTS: LiteralString = """
UNWIND $ids AS id
MATCH (n:Event {id: id}) USING INDEX SEEK n:Event(id)
OPTIONAL MATCH (v:Version {record: 'node', id: id}) USING INDEX SEEK v:Version(record, id) WHERE v.sequence = $sequence
WITH id, coalesce(v, n) AS e
RETURN id, e.started_at.epochSeconds, e.ended_at.epochSeconds, e.report_id"""
#: the parts taken in events, as far as they follow from the event
PARTS_OF_EVENTS: LiteralString = """
UNWIND $ids AS id
MATCH (e:Event {id: id})<-[t:TOOK_PART_IN]-(a:Node) USING INDEX SEEK e:Event(id)
WHERE t.replaced IS NULL AND t.newer IS NULL
RETURN e.id, t.id, a.id, t.qualifier, t.report_ids, e.report_id, t.file, t.row"""
RESTRICTED_OPERATIONS: LiteralString = "MATCH (o:Operation) WHERE o.restricted RETURN o.id"

MERGE_RESTRICTIONS: LiteralString = "UNWIND $keys AS key MERGE (:Restriction {key: key})"
MERGE_WORDS: LiteralString = """
UNWIND $words AS row
MERGE (w:Word {word: row.word}) ON CREATE SET w.grams = row.grams"""

ANY_ATTESTED: LiteralString = "MATCH (n:Node) WHERE n.attested_by IS NOT NULL RETURN true LIMIT 1"
OPEN: LiteralString = """
UNWIND $ids AS id
MATCH (n:Node {id: id}) USING INDEX SEEK n:Node(id)
WHERE n.attested_by IS NOT NULL AND n.open_from IS NULL AND n.sequence < $sequence
SET n.open_from = $sequence"""
#: what a write brought about nodes that it brought too; most have an open tie, and need no more questions
RECORDS_OF_NEW: LiteralString = """
UNWIND $ids AS id
MATCH (n:Node {id: id}) USING INDEX SEEK n:Node(id) WHERE n.sequence = $sequence AND n.attested_by IS NULL
  AND NOT EXISTS { MATCH (n)-[t]-(:Node)
    WHERE t.sequence = $sequence AND t.replaced IS NULL AND NOT t:LIVES_AT AND '' IN t.restrictions }
CALL (n) {
  MATCH (n)-[t]-(:Node) WHERE t.sequence = $sequence AND t.replaced IS NULL AND NOT t:LIVES_AT
  RETURN t.restrictions AS keys, null AS person
  UNION ALL
  MATCH (n)-[:HAD_EPISODE]->(e:Episode) WHERE e.sequence = $sequence
  RETURN [e.restriction] AS keys, null AS person
  UNION ALL
  WITH n WHERE n:Event AND n.report_id IS NOT NULL
  RETURN [n.restriction] AS keys, null AS person
  UNION ALL
  MATCH (n)<-[t:LIVES_AT]-(p:Person) WHERE t.sequence = $sequence AND t.replaced IS NULL
    AND (p.attested_by IS NULL OR p.open_from IS NOT NULL OR p.sequence = $sequence)
  RETURN t.restrictions AS keys,
         CASE WHEN p.attested_by IS NULL OR p.open_from IS NOT NULL THEN null ELSE p.attested_by END AS person
}
RETURN id, keys, person"""
HOMES_OF: LiteralString = """
UNWIND $ids AS id
MATCH (:Person {id: id})-[t:LIVES_AT]->(n:Node) WHERE t.sequence = $sequence
RETURN DISTINCT n.id"""
ATTEST: LiteralString = """
UNWIND $rows AS row
MATCH (n:Node {id: row.id}) USING INDEX SEEK n:Node(id)
SET n.attested_by = row.keys"""

# -- restrictions that change afterwards -----------------------------------------------------------------------
_AGAIN: LiteralString = """
OPTIONAL MATCH (l:Load {sequence: t.sequence})
RETURN elementId(t), startNode(t).id, endNode(t).id, t.report_ids, t.protected,
       CASE WHEN t.sequence = $sequence THEN $note ELSE coalesce(l.restriction, '') END"""
TIES_OF_OPERATIONS: LiteralString = (
    """
UNWIND $ids AS id
MATCH (:Operation {id: id})-[t]-(:Node)
WITH DISTINCT t"""
    + _AGAIN
)
TIES_OF_REPORTS: LiteralString = (
    """
MATCH (:Node)-[t]->(:Node) WHERE any(id IN t.report_ids WHERE id IN $ids)
WITH t"""
    + _AGAIN
)
RESTRICT_TIES: LiteralString = """
UNWIND $rows AS row
MATCH ()-[t]->() WHERE elementId(t) = row.element
SET t.restrictions = row.keys"""
RECORDS_OF_REPORTS: LiteralString = """
UNWIND $ids AS id
CALL (id) {
  MATCH (e:Event {report_id: id}) RETURN e AS e
  UNION ALL
  MATCH (e:Episode {report_id: id}) RETURN e AS e
  UNION ALL
  MATCH (e:Version {report_id: id}) RETURN e AS e
}
OPTIONAL MATCH (l:Load {sequence: e.sequence})
RETURN elementId(e), id, CASE WHEN e.sequence = $sequence THEN $note ELSE coalesce(l.restriction, '') END,
       CASE WHEN e:Episode OR e.record = 'episode' THEN e.person_id ELSE e.id END"""
RESTRICT_RECORDS: LiteralString = """
UNWIND $rows AS row
MATCH (e) WHERE elementId(e) = row.element
SET e.restriction = row.key"""
PAST_OF: LiteralString = """
UNWIND $rows AS row
MATCH (v:Version {record: $record, id: row.id}) USING INDEX SEEK v:Version(record, id) WHERE v.sequence < $sequence
SET v.restriction = row.key"""
