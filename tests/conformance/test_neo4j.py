"""The conformance suite against a real Neo4j server."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import LiteralString

import pytest

from graph.stores.chain import ORIGIN
from graph.stores.neo4j import Neo4jStore, schema
from graph.stores.neo4j.connection import Connection
from tests.conformance.suite import BackDoor, Clock, StoreConformance

WIPE: LiteralString = """
MATCH (n) WHERE NOT n:Store AND NOT n:AuditHead
CALL (n) { DETACH DELETE n } IN TRANSACTIONS OF 10000 ROWS"""
RESET: LiteralString = """
MERGE (s:Store {id: 'kith'})
SET s = {id: 'kith', layout: $layout, committed: 0, store_id: $store_id, created_at: datetime()}
WITH s UNWIND ['changes', 'views'] AS chain
MERGE (h:AuditHead {chain: chain}) SET h = {chain: chain}"""


@cache
def prepare(server: tuple[str, str, str]) -> None:
    """Make the layout, once for each server: it takes seconds."""
    url, user, password = server
    Neo4jStore(url, user=user, password=password).close()


def fresh(server: tuple[str, str, str], store_id: str) -> None:
    """Empty the database but for the layout."""
    prepare(server)
    url, user, password = server
    connection = Connection(url, user, password, database=None, deadline=5.0)
    try:
        connection.alone(WIPE)
        connection.alone(RESET, {"layout": schema.VERSION, "store_id": store_id})
    finally:
        connection.close()


class Neo4jBackDoor(BackDoor):
    def __init__(self, server: tuple[str, str, str], clock: Clock, folder: Path) -> None:
        url, user, password = server
        self.server, self.clock, self.folder = server, clock, folder
        self.connection = Connection(url, user, password, database=None, deadline=5.0)

    def edit_audit(self, chain: str, number: int) -> None:
        self.connection.alone(
            "MATCH (a:AuditEntry {chain: $chain, number: $number})"
            " SET a.entry = replace(a.entry, '\"actor\":\"', '\"actor\":\"not-'), a.actor = 'not-' + a.actor",
            {"chain": chain, "number": number},
        )

    def remove_audit(self, chain: str, number: int) -> None:
        self.connection.alone(
            "MATCH (a:AuditEntry {chain: $chain, number: $number}) DELETE a", {"chain": chain, "number": number}
        )

    def swap_audit(self, chain: str, first: int, second: int) -> None:
        self.connection.alone(
            """
            MATCH (a:AuditEntry {chain: $chain, number: $first})
            MATCH (b:AuditEntry {chain: $chain, number: $second})
            WITH a, b, properties(a) AS one, properties(b) AS other
            SET a.entry = other.entry, a.recorded_at_us = other.recorded_at_us, a.digest = other.digest,
                a.previous_digest = other.previous_digest,
                b.entry = one.entry, b.recorded_at_us = one.recorded_at_us, b.digest = one.digest,
                b.previous_digest = one.previous_digest
            """,
            {"chain": chain, "first": first, "second": second},
        )

    def cut_audit(self, chain: str, keep: int) -> None:
        self.connection.alone(
            "MATCH (a:AuditEntry {chain: $chain}) WHERE a.number > $keep DELETE a", {"chain": chain, "keep": keep}
        )
        self.connection.alone(
            """
            MATCH (h:AuditHead {chain: $chain})
            OPTIONAL MATCH (a:AuditEntry {chain: $chain, number: $keep})
            SET h.number = $keep, h.digest = coalesce(a.digest, $origin)
            """,
            {"chain": chain, "keep": keep, "origin": ORIGIN},
        )

    @contextmanager
    def refuse_audit(self, chain: str) -> Iterator[None]:
        """The next row's key is taken by another node, so that the constraint refuses it."""
        self.connection.alone(
            """
            MATCH (h:AuditHead {chain: $chain})
            CREATE (:AuditEntry {key: $chain + ':' + toString(coalesce(h.number, 0) + 1), blocking: true})
            """,
            {"chain": chain},
        )
        yield
        self.connection.alone("MATCH (a:AuditEntry) WHERE a.blocking DELETE a")

    def claim_version(self, number: int) -> None:
        self.connection.alone("MATCH (s:Store {id: 'kith'}) SET s.layout = $number", {"number": number})

    def newest_version(self) -> int:
        return schema.VERSION

    def reopened(self) -> Neo4jStore:
        url, user, password = self.server
        return Neo4jStore(url, user=user, password=password, clock=self.clock, cache=self.folder)


class TestNeo4j(StoreConformance):
    @pytest.fixture
    def store(self, neo4j_server: tuple[str, str, str], clock: Clock, tmp_path: Path) -> Iterator[Neo4jStore]:
        url, user, password = neo4j_server
        fresh(neo4j_server, tmp_path.name)
        store = Neo4jStore(url, user=user, password=password, clock=clock, cache=tmp_path)
        yield store
        store.close()

    @pytest.fixture
    def back_door(
        self, store: Neo4jStore, neo4j_server: tuple[str, str, str], clock: Clock, tmp_path: Path
    ) -> Iterator[BackDoor]:
        door = Neo4jBackDoor(neo4j_server, clock, tmp_path)
        yield door
        door.connection.close()
