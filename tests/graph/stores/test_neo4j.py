"""What is particular to the Neo4j store: loads too large for a transaction, hostile text, a server that is away."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, LiteralString

import pytest

from graph.errors import StoreUnavailable, UsageError
from graph.model import NodeId, TieId
from graph.records import Block
from graph.store import AuditEntry, Lens
from graph.stores.neo4j import Neo4jStore, connection, loads
from graph.stores.neo4j.write import Writer
from scripts.neo4j_server import Neo4jServer, Neo4jUnavailable
from tests.conformance.factories import blocks, members_of, note, operation, person, report, tie
from tests.conformance.test_neo4j import fresh
from tests.support import needs

EVERYTHING = Lens()
HOSTILE = (
    "`}) DETACH DELETE n //",
    "' OR 1=1 RETURN 1 //",
    "$ids",
    "a'}) MATCH (n) DETACH DELETE n //",
    '"\\u0027',
    "x:y:z",
)


@pytest.fixture
def store(neo4j_server: tuple[str, str, str], tmp_path: Path) -> Iterator[Neo4jStore]:
    url, user, password = neo4j_server
    fresh(neo4j_server, tmp_path.name)
    made = Neo4jStore(url, user=user, password=password, cache=tmp_path)
    yield made
    made.close()


@pytest.fixture
def large(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every write is written in batches, each in a transaction of its own."""
    monkeypatch.setattr(loads, "SMALL_ROWS", 0)
    monkeypatch.setattr(loads, "BATCH_ROWS", 2)


def count(store: Neo4jStore) -> int:
    return int(store.connection.alone("MATCH (n:Node) RETURN count(n)")[0][0])


PEOPLE = [person(str(number), given_name=f"Ana{number}") for number in range(5)]
TIES = [tie(f"t{number}", "person:0", f"person:{number + 1}", "r1") for number in range(4)]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_only_text(store: Neo4jStore, text: str) -> None:
    store.write(blocks([person(text, given_name=text, family_name="Marsh"), report(text, reference=text)]), note(text))
    entity = store.entity(NodeId(f"person:{text}"), EVERYTHING)
    assert entity is not None
    assert entity.version.author == text
    assert [hit.node.record.id for hit in store.search("marsh", EVERYTHING)] == [f"person:{text}"]
    assert store.search(text, Lens(sight=lambda _: False)) == ()


def test_a_large_load_is_like_a_small_one(store: Neo4jStore, large: None) -> None:
    store.write(blocks([*PEOPLE, report("r1"), *TIES]), note())
    store.write(
        blocks([person("0", given_name="Bea"), tie("t0", "person:0", "person:1", "r1", polarity="concern")]), note()
    )
    entity = store.entity(NodeId("person:0"), EVERYTHING)
    assert entity is not None
    assert (entity.node.degree, len(entity.history), entity.version.sequence) == (4, 1, 2)
    current = store.connection.alone("MATCH ()-[t]->() WHERE t.current RETURN count(t)")
    assert current[0][0] == 4
    assert [hit.node.record.id for hit in store.search("bea", EVERYTHING)] == ["person:0"]


def test_nobody_sees_part_of_a_large_load(store: Neo4jStore, large: None) -> None:
    store.write(blocks([person("0"), report("r1")]), note())
    seen: list[tuple[int, int, int]] = []

    def some() -> Iterator[Block]:
        yield from blocks([*PEOPLE, *TIES])
        nodes = store.nodes([NodeId(f"person:{number}") for number in range(5)], EVERYTHING)
        ties = store.ties([TieId("t0")], EVERYTHING)
        seen.append((len(nodes), len(ties), store.change_counter))

    store.write(some(), note())
    assert seen == [(1, 0, 1)]
    assert store.change_counter == 2
    assert len(store.ties([TieId(f"t{number}") for number in range(4)], EVERYTHING)) == 4


def test_a_failed_large_load_leaves_nothing(store: Neo4jStore, large: None) -> None:
    store.write(blocks([person("0", given_name="Ana"), person("1"), report("r1"), TIES[0]]), note())

    def some() -> Iterator[Block]:
        yield from blocks(
            [person("0", given_name="Bea"), person("7"), tie("t0", "person:0", "person:1", "r1", polarity="concern")]
        )
        raise RuntimeError("broken file")

    with pytest.raises(RuntimeError, match="broken file"):
        store.write(some(), note())
    assert count(store) == 2
    entity = store.entity(NodeId("person:0"), EVERYTHING)
    assert entity is not None
    assert (entity.history, [seen.tie.polarity.value for seen in entity.ties]) == ((), ["neutral"])
    assert store.connection.alone("MATCH (n) WHERE n.replaced IS NOT NULL RETURN count(n)")[0][0] == 0


def test_the_leavings_of_a_killed_load_are_swept(
    store: Neo4jStore, large: None, neo4j_server: tuple[str, str, str]
) -> None:
    loading = loads.Loading(store.connection, note(), None, store.clock)
    sequence = loading._wait_for_lock()
    with loading._step() as transaction:
        writer = Writer(transaction, note(), sequence, store.clock())
        for block in blocks(PEOPLE):
            writer.put(transaction, block)
    assert count(store) == 5
    assert store.nodes([NodeId("person:1")], EVERYTHING) == {}
    store.connection.alone("MATCH (s:Store) SET s.load_expires = 0")
    url, user, password = neo4j_server
    with Neo4jStore(url, user=user, password=password) as again:
        assert count(store) == 0
        assert again.write(blocks(PEOPLE), note()).sequence == 1


def test_a_write_beside_a_load_waits_and_is_refused(store: Neo4jStore, large: None) -> None:
    loading = loads.Loading(store.connection, note(), None, store.clock)
    loading._wait_for_lock()
    store.connection.deadline = 1.0
    with pytest.raises(StoreUnavailable):
        store.write(blocks([person("1")]), note())
    store.append_audit(AuditEntry("ana", "view"))


def test_a_large_load_hides_what_only_restricted_records_speak_of(store: Neo4jStore, large: None) -> None:
    store.write(
        blocks(
            [person("1"), operation("OP1", restricted=1), tie("t", "person:1", "operation:OP1", tie_type="subject_of")]
        ),
        note(),
    )
    assert store.nodes([NodeId("person:1")], Lens(sight=members_of())) == {}
    assert set(store.nodes([NodeId("person:1")], Lens(sight=members_of("OP1")))) == {"person:1"}


def test_an_address_of_another_kind_is_refused() -> None:
    with pytest.raises(UsageError):
        Neo4jStore("http://127.0.0.1:7474")


def test_a_closed_port_is_unavailable_within_the_deadline() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    assert _seconds_until_unavailable(port) < 5.5


def test_a_port_that_says_nothing_is_unavailable_within_the_deadline() -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        assert _seconds_until_unavailable(silent.getsockname()[1]) < 6.5


def _seconds_until_unavailable(port: int) -> float:
    started = time.monotonic()
    with pytest.raises(StoreUnavailable):
        Neo4jStore(f"bolt://127.0.0.1:{port}", password="x")
    return time.monotonic() - started


@pytest.mark.slow
def test_a_hung_server_is_unavailable_and_comes_back(tmp_path: Path) -> None:
    try:
        server = Neo4jServer(heap="512m", short_lived=True).start()
    except Neo4jUnavailable as error:
        needs.missing("neo4j", str(error))
    try:
        store = Neo4jStore(server.url, user=server.user, password=server.password, cache=tmp_path)
        store.write(blocks([person("1")]), note())
        server.suspend()
        started = time.monotonic()
        with pytest.raises(StoreUnavailable):
            store.change_counter  # noqa: B018
        assert time.monotonic() - started < 6.5
        server.resume()
        time.sleep(connection.PAUSE_SECONDS + 1)
        assert store.change_counter == 1
        server.kill()
        with pytest.raises(StoreUnavailable):
            store.nodes([NodeId("person:1")], EVERYTHING)
        store.close()
    finally:
        server.stop()


def test_a_first_snapshot_may_take_longer_than_other_questions(
    store: Neo4jStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[float] = []
    begin = store.connection.transaction

    def noted(**values: Any) -> Any:
        begun.append(values.get("seconds", connection.SHORT_TRANSACTION_SECONDS))
        return begin(**values)

    monkeypatch.setattr(store.connection, "transaction", noted)
    store.snapshot(EVERYTHING)
    store.recorded(lambda reader: reader.snapshot(EVERYTHING), lambda _: AuditEntry("ana", "view"))
    store.nodes([NodeId("person:1")], EVERYTHING)
    short = connection.SHORT_TRANSACTION_SECONDS
    assert begun == [connection.READING_SECONDS, connection.READING_SECONDS, short]
    assert short < connection.READING_SECONDS


def test_parameters_are_sent_within_one_map() -> None:
    statement: LiteralString = "MATCH (n {id: $id}) WHERE n.key IN $keys RETURN $columns[i]"
    within = "MATCH (n {id: $given.id}) WHERE n.key IN $given.keys RETURN $given.columns[i]"
    assert connection.within_one_map(statement) == within


def test_the_password_is_not_in_the_url(store: Neo4jStore, neo4j_server: tuple[str, str, str]) -> None:
    assert store.url == neo4j_server[0]
