"""Who sees the nodes that a write brought, and restrictions that change afterwards."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from typing import LiteralString

from graph.stores.neo4j import statements
from graph.stores.neo4j.connection import Transaction
from graph.stores.neo4j.plan import (
    PROTECTED_ADDRESS,
)
from graph.stores.neo4j.write_state import WriteState

#: nodes looked at together when their attestation is worked out
ATTEST_ROWS = 2_000

CLOSED_PEOPLE: LiteralString = """
UNWIND $ids AS id
MATCH (p:Person {id: id}) WHERE p.attested_by IS NOT NULL AND p.open_from IS NULL
RETURN p.id"""


class SightWriting(WriteState):
    """Attestation of nodes (S7) and restrictions that become others (S6)."""

    def _open(self, transaction: Transaction, ids: set[str]) -> None:
        """Nodes that only restricted records spoke of become open once an open one does."""
        if ids and self.any_attested:
            transaction.later(statements.OPEN, {"ids": sorted(ids), "sequence": self.sequence})

    def finish(self, each: Callable[[Callable[[Transaction], None]], None]) -> None:
        """What is known only when all rows are in: who sees the nodes. ``each`` gives every step a transaction."""
        if self.reports_restricted or self.operations_restricted:
            each(self._restrict_again)
        places = {node_id for node_id in self.doubtful if node_id.startswith(("place:", "school:"))}
        homes: set[str] = set()
        self._attest_all(each, self.doubtful - places, homes)
        self._attest_all(each, places | homes, set())
        each(self._open_homes)

    def _attest_all(
        self, each: Callable[[Callable[[Transaction], None]], None], ids: set[str], homes: set[str]
    ) -> None:
        doubtful = sorted(ids)
        for start in range(0, len(doubtful), ATTEST_ROWS):
            some = doubtful[start : start + ATTEST_ROWS]
            each(lambda transaction, some=some: self._attest_new(transaction, some, homes))  # type: ignore[misc]

    def _attest_new(self, transaction: Transaction, ids: list[str], homes: set[str]) -> None:
        keys: dict[str, set[str]] = defaultdict(set)
        found = transaction.run(statements.RECORDS_OF_NEW, {"ids": ids, "sequence": self.sequence})
        for node_id, alternatives, person in found:
            keys[node_id].update(alternatives if person is None else person)
        rows = [{"id": node_id, "keys": sorted(some)} for node_id, some in keys.items() if "" not in some]
        if rows:
            self._put_restrictions(transaction, {key for row in rows for key in row["keys"]})
            transaction.run(statements.ATTEST, {"rows": rows})
            people = [row["id"] for row in rows if str(row["id"]).startswith("person:")]
            parameters = {"ids": people, "sequence": self.sequence}
            homes.update(home for (home,) in transaction.run(statements.HOMES_OF, parameters))

    def _open_homes(self, transaction: Transaction) -> None:
        if self.homes:
            closed = {row[0] for row in transaction.run(CLOSED_PEOPLE, {"ids": [person for person, _ in self.homes]})}
            self._open(transaction, {place for person, place in self.homes if person not in closed})

    def _restrict_again(self, transaction: Transaction) -> None:
        """A report or an operation is handled otherwise from now on: so is what rests on it, in its past as well."""
        reports = sorted(self.reports_restricted)
        combined = self.plan.keys.combined
        known = self._known(transaction, reports)
        rows = []
        for element, report_id, base, touched in transaction.run(
            statements.RECORDS_OF_REPORTS, self._times | {"ids": reports}
        ):
            key = combined(base, known[report_id].restriction)
            rows.append({"element": element, "key": key})
            if not key and touched is not None:
                self._open(transaction, {touched})
        transaction.run(statements.RESTRICT_RECORDS, {"rows": rows})
        self._put_restrictions(transaction, {row["key"] for row in rows})
        ties = []
        if self.operations_restricted:
            ids = sorted(self.operations_restricted)
            ties += transaction.run(statements.TIES_OF_OPERATIONS, self._times | {"ids": ids})
        if reports:
            ties += transaction.run(statements.TIES_OF_REPORTS, self._times | {"ids": reports})
        known = self._known(transaction, (report_id for tie in ties for report_id in tie[3]))
        again = []
        for element, source, target, report_ids, protected, base in ties:
            base = self.plan.touching(combined(base, PROTECTED_ADDRESS if protected else ""), source, target)
            keys = [combined(base, known[report_id].restriction) for report_id in report_ids] or [base]
            again.append({"element": element, "keys": keys})
            if "" in keys:
                self._open(transaction, {source, target})
        transaction.run(statements.RESTRICT_TIES, {"rows": again})
        self._put_restrictions(transaction, {key for row in again for key in row["keys"]})
