"""The Cypher that reads records through a lens."""

from __future__ import annotations

from typing import LiteralString

from graph.model import NodeKind
from graph.stores.neo4j import lens
from graph.stores.neo4j.schema import LABELS, TIE_LABELS

#: columns of a tie as StoredTie reads them
TIE_COLUMNS: LiteralString = (
    "t.id, startNode(t).id, endNode(t).id, type(t), t.polarity, t.start, t.end, t.qualifier, t.confidence,"
    f" t.report_ids, t.restrictions, {lens.alternatives('t')}, t.sequence"
)
DEGREE: LiteralString = f"COUNT {{ MATCH (n)-[t]-(m:Node) WHERE {lens.tie('t')} AND {lens.node('m')} }}"
NODES: LiteralString = f"""
UNWIND $ids AS id
MATCH (n:Node {{id: id}}) USING INDEX SEEK n:Node(id) WHERE {lens.node("n")}
RETURN id, n {{.*}}, {lens.known("n")} AND {lens.past("n")}, CASE WHEN $degrees THEN {DEGREE} ELSE 0 END"""
PAST: LiteralString = f"""
UNWIND $ids AS id
MATCH (v:Version {{record: $record, id: id}}) USING INDEX SEEK v:Version(record, id)
WHERE {lens.known("v")} AND {lens.past("v")}
RETURN id, v {{.*}} ORDER BY v.sequence DESC"""
TIES: LiteralString = f"""
UNWIND $ids AS id
MATCH (n:Node {{id: id}})-[t]-(m:Node) USING INDEX SEEK n:Node(id)
WHERE {lens.tie("t")} AND {lens.filtered("t")} AND {lens.node("m")}
RETURN id, {TIE_COLUMNS}"""
PARALLEL: LiteralString = f"""
UNWIND $pairs AS pair
MATCH (a:Node {{id: pair[0]}}) USING INDEX SEEK a:Node(id)
MATCH (b:Node {{id: pair[1]}}) USING INDEX SEEK b:Node(id)
MATCH (a)-[t]->(b)
WHERE {lens.tie("t")}
RETURN {TIE_COLUMNS}"""
REPORTS: LiteralString = """
UNWIND $ids AS id
MATCH (r:Report {id: id}) USING INDEX SEEK r:Report(id) WHERE r.sequence <= $now
RETURN id, r {.*}"""
PAST_REPORTS: LiteralString = f"""
UNWIND $ids AS id
MATCH (r:Version {{record: 'report', id: id}})
WHERE r.sequence <= $now AND r.known_from <= $known_at AND {lens.past("r")}
RETURN id, r {{.*}} ORDER BY r.sequence DESC"""
EVENTS_OF: LiteralString = f"""
UNWIND $ids AS id
MATCH (e:Event {{report_id: id}}) USING INDEX SEEK e:Event(report_id) WHERE {lens.node("e")}
RETURN id, min(e.id)"""
PARTS_OF: LiteralString = f"""
UNWIND $ids AS id
MATCH ()-[t:TOOK_PART_IN {{report: id}}]->(e:Event) USING INDEX SEEK t:TOOK_PART_IN(report)
WHERE {lens.tie("t")} AND {lens.node("e")}
RETURN id, min(e.id)"""
LOADS: LiteralString = """
UNWIND $sequences AS sequence
MATCH (l:Load {sequence: sequence}) RETURN sequence, l.id, l.author, l.reason"""
VERSIONS: LiteralString = f"""
MATCH (n:Node {{id: $id}}) USING INDEX SEEK n:Node(id) WHERE {lens.known("n")}
RETURN n {{.*}} AS stored, n.sequence AS sequence
UNION ALL
MATCH (n:Version {{record: 'node', id: $id}}) USING INDEX SEEK n:Version(record, id) WHERE {lens.known("n")}
RETURN n {{.*}} AS stored, n.sequence AS sequence"""
EPISODES: LiteralString = f"""
MATCH (:Person {{id: $id}})-[:HAD_EPISODE]->(e:Episode)
CALL (e) {{
  WITH e WHERE {lens.known("e")} AND {lens.past("e")}
  RETURN e AS v
  UNION ALL
  MATCH (v:Version {{record: 'episode', id: e.id}}) USING INDEX SEEK v:Version(record, id)
  WHERE {lens.known("v")} AND {lens.past("v")}
  RETURN v
}}
WITH v WHERE v.person_id = $id
RETURN v {{.*}} ORDER BY v.sequence DESC"""
LOCALITIES: LiteralString = f"""
MATCH (l:Locality)
CALL (l) {{
  WITH l WHERE l.sequence <= $now AND {lens.past("l")}
  RETURN l AS v
  UNION ALL
  MATCH (v:Version {{record: 'locality', id: l.id}}) USING INDEX SEEK v:Version(record, id)
  WHERE v.sequence <= $now AND {lens.past("v")}
  RETURN v
}}
RETURN v {{.*}} ORDER BY v.id"""


def list_statement(label: LiteralString) -> LiteralString:
    return f"""
MATCH (n:{label}) WHERE n.id > $after AND n.id STARTS WITH $prefix AND {lens.node("n")}
RETURN n.id ORDER BY n.id LIMIT $limit"""


def ties_by_id(label: LiteralString) -> LiteralString:
    """The ties with these ids of one type: each type has an index of its own."""
    return f"""
UNWIND $ids AS id
MATCH (n:Node)-[t:{label} {{id: id}}]->(m:Node) USING INDEX SEEK t:{label}(id)
WHERE {lens.tie("t")} AND {lens.node("n")} AND {lens.node("m")}
RETURN {TIE_COLUMNS}"""


TIES_BY_ID = {label: ties_by_id(label) for label in TIE_LABELS.values()}
#: types of which there are ties with these ids
TYPES_OF_TIES: LiteralString = "\nUNION ALL\n".join(
    f"UNWIND $ids AS id MATCH ()-[t:{label} {{id: id}}]->() USING INDEX SEEK t:{label}(id)"
    " RETURN DISTINCT type(t) AS label"
    for label in TIE_LABELS.values()
)
LIST = {kind: list_statement("Node" if kind is NodeKind.PLACE else label) for kind, label in LABELS.items()}
