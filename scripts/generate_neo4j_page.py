"""Write docs/neo4j-model.md: the labels, relationship types, properties and indexes of the Neo4j store.

    python -m scripts.generate_neo4j_page

The example queries of the page are run by ``tests/graph/stores/test_neo4j_page.py``.
"""

# ruff: noqa: E501

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from graph.records import RecordKind
from graph.stores.neo4j import codec, schema
from graph.stores.rows import RECORD_OF_NODE
from graph.vocabulary import tie_types

PAGE = Path(__file__).parents[1] / "docs" / "neo4j-model.md"


@dataclass(frozen=True, slots=True)
class Example:
    """A query of the page."""

    question: str
    query: str


EXAMPLES = (
    Example(
        "Who is a person tied to, how, and on which reports?",
        """MATCH (p:Person {id: $person})-[t {current: true}]-(other:Person)
RETURN other.id AS other, type(t) AS tie, t.start AS start, t.end AS end, t.report_ids AS reports
ORDER BY other, tie""",
    ),
    Example(
        "Which agencies reported each tie of a person, and how did they grade it?",
        """MATCH (p:Person {id: $person})-[t {current: true}]-(other:Node)
UNWIND t.report_ids AS report_id
MATCH (r:Report {id: report_id})
RETURN other.id AS other, type(t) AS tie, r.agency AS agency, r.grading_scheme AS scheme,
       r.source_evaluation AS source, r.information_assessment AS information
ORDER BY other, tie, agency""",
    ),
    Example(
        "At which places within 500 metres of a point did most happen since a day?",
        """MATCH (place:Place)
WHERE point.distance(place.location, point({x: $easting, y: $northing, srid: 7203})) <= 500
MATCH (place)<-[at:OCCURRED_AT {current: true}]-(event:Event)
WHERE event.started_at >= datetime($since)
RETURN place.id AS place, count(event) AS events
ORDER BY events DESC, place
LIMIT 10""",
    ),
    Example(
        "Whom do two people both know?",
        """MATCH (a:Person {id: $first})-[one {current: true}]-(shared:Person)-[two {current: true}]-(b:Person {id: $second})
RETURN shared.id AS shared, type(one) AS with_first, type(two) AS with_second
ORDER BY shared, with_first, with_second""",
    ),
    Example(
        "What did we believe about a person before, who changed it, and when?",
        """MATCH (earlier:Version {record: 'node', id: $person})
MATCH (load:Load {sequence: earlier.sequence})
RETURN earlier.given_name AS given_name, earlier.family_name AS family_name, load.author AS author,
       load.committed_at AS loaded_at, datetime.fromepochmillis(earlier.known_to / 1000) AS known_to
ORDER BY earlier.sequence DESC""",
    ),
)

_OPENING = """# The Neo4j model

<!-- written by python -m scripts.generate_neo4j_page; change that, not this page -->

For people who query a Kith store in Cypher themselves. Neo4j 5.26 or newer, Community Edition, no plugins.

**Read this first.** Every user of a Community Edition database sees all of it: the access rules live in Kith, and a
query made beside Kith is neither restricted nor recorded in the audit log. Give database accounts to those only who may
see everything, treat every result as OFFICIAL-SENSITIVE, and never write: Kith would not know, and its audit check and
counters would no longer hold. A tie is a claim supported by reports, not a fact.

## What is now so

- A node labelled `Node` holds the present version of a person, place, school, peer group, operation, event, vehicle,
  phone or online account. Earlier versions are nodes labelled `Version` with the same properties, `record` and the same
  `id`.
- A relationship between two `Node`s is one version of a tie. Present ones carry `current: true`: put it into every
  pattern. Earlier ones stay between the same nodes without it.
- While a large load is being written, `current: true` also stands on ties of that load. To be exact at that moment add
  `MATCH (s:Store)` and keep what has `sequence <= s.committed`.

## Numbers that every record carries

| property | meaning |
|---|---|
| `sequence` | number of the write that brought this version; `(:Load {sequence})` tells who, when, why and from which files |
| `file`, `row` | where it stood in that load (the header is row 1) |
| `known_from` | when this became known, in microseconds since 1970 (UTC): `datetime.fromepochmillis(known_from / 1000)`; the year 1 stands for "since ever"; on ties one for each report |
| `replaced`, `known_to` | number of the write that replaced it and when (as `known_from`); absent while it holds |
| `restriction` | who may know of it, as canonical text, empty when open to the hub; on ties `restrictions`, one for each report |
| `newer`, `newer_sequence`, `newer_known_from` | on a tie: a stricter version followed; this one stays for those who may not see that |
| `attested_by`, `open_from` | on a node brought by restricted records only: seen past one of these, or by all from that write on |
| `digest` | fingerprint of the content, by which an unchanged record is known |
| `search_names`, `search_references` | folded names and references for the full-text index |

Days are `DATE`, what happened or was recorded at an instant is a `ZONED DATETIME` in UTC, periods half-open (`start` is in, `end` is out). `location` is a
cartesian point (srid 7203) whose x and y are eastings and northings of EPSG:27700 in metres, so `point.distance` gives
metres.
"""


def _property_rows(kind: RecordKind) -> str:
    names = [name for _, name, _, _ in codec.FIELDS[kind]]
    if kind in codec.EASTING:
        names.append("location")
    return ", ".join(f"`{name}`" for name in names)


def _labels() -> list[str]:
    lines = ["", "## Labels", "", "| label | typed id | properties |", "|---|---|---|"]
    for kind, label in schema.LABELS.items():
        shown = " ".join(f"`:{name}`" for name in ("Node", *label.split(":")))
        lines.append(f"| {shown} | `{kind}:KEY` | {_property_rows(RECORD_OF_NODE[kind])} |")
    for record, label in schema.RECORD_LABELS.items():
        lines.append(f"| `:{label}` | the source's key | {_property_rows(record)} |")
    lines += [
        "| `:Version` | | `record` (`node`, `report`, `episode` …) and the properties of that record |",
        "| `:Load` | `load-SEQUENCE` | `sequence`, `committed_at`, `author`, `action`, `reason`, `agency`, `restriction`,"
        " `content_digest`, `files` and `tallies` (JSON) |",
        "| `:Run`, `:Flag`, `:FlagDecision` | | what detectors said and what people decided; `content` is JSON |",
        "| `:Store` | `kith` | `committed` (newest write), `layout`, and the state of a load under way |",
        "| `:AuditEntry`, `:AuditHead`, `:Document`, `:Restriction`, `:Word` | | Kith's own; not for queries |",
    ]
    return lines


def _types() -> list[str]:
    lines = ["", "## Relationship types", "", "| type | meaning | from | to |", "|---|---|---|---|"]
    for code, tie in tie_types().items():
        ends = (", ".join(sorted(kinds)) for kinds in (tie.source_kinds, tie.target_kinds))
        lines.append(f"| `{schema.TIE_LABELS[code]}` | {tie.label} | " + " | ".join(ends) + " |")
    lines += [
        "| `HAD_EPISODE` | a dated status of a person, as an `:Episode` | person | `:Episode` |",
        "| `RAISED` | a run raised a flag | `:Run` | `:Flag` |",
        "",
        "Properties of ties: `id`, `qualifier` (for `TOOK_PART_IN` the role in that event), `polarity` (concern, neutral,"
        " protective), `start`, `end`, `confidence`, `report_ids`, and the numbers above. `TOOK_PART_IN`, `OCCURRED_AT`,"
        " `WENT_MISSING_FROM` and `LIVES_AT` are also built by Kith from events and people; their ids begin with the name"
        " of the type.",
    ]
    return lines


def _indexes() -> list[str]:
    ties = len(schema.TIE_LABELS)
    own = [statement for statement in schema.statements() if " tie_" not in statement]
    lines = ["", "## Constraints and indexes", "", "```cypher"]
    lines += [statement.replace(" IF NOT EXISTS", "") for statement in own]
    lines += ["```", "", f"Each of the {ties} types of tie has range indexes on `id`, `replaced` and `newer_sequence`."]
    return lines


def page() -> str:
    """The page as it should be."""
    lines = [_OPENING.rstrip("\n"), *_labels(), *_types(), *_indexes()]
    lines += ["", "## Five queries to start from", "", "Each is run in the tests."]
    for number, example in enumerate(EXAMPLES, start=1):
        lines += ["", f"### {number}. {example.question}", "", "```cypher", example.query, "```"]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
