"""Writing the records that are relationships of the database."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from graph.stores.neo4j import statements
from graph.stores.neo4j.connection import Transaction
from graph.stores.neo4j.plan import (
    Edge,
    edge_columns,
)
from graph.stores.neo4j.write_sight import SightWriting


class TieWriting(SightWriting):
    """New versions of ties, and the end of those before."""

    def _latest_edges(self, transaction: Transaction, edges: list[Edge]) -> dict[str, tuple[int, str, list[str]]]:
        """(digest, type, restrictions) of the newest version of each tie that is there."""
        latest: dict[str, tuple[int, str, list[str]]] = {}

        def look(tie_type: str, some: list[str]) -> None:
            for key, digest, _, keys in transaction.run(statements.LATEST_EDGE[tie_type], {"ids": some}):
                latest[key] = (digest, tie_type, keys)

        by_type: dict[str, list[str]] = defaultdict(list)
        for edge in edges:
            by_type[edge.tie_type].append(edge.id)
        for tie_type, some in by_type.items():
            if tie_type in self.types:
                look(tie_type, some)
        # a correction may change the type; the ties that Kith makes cannot
        stated = [edge for edge in edges if edge.id.partition(":")[0] != edge.tie_type]
        for tie_type in sorted(self.types):
            left = [edge.id for edge in stated if edge.id not in latest and edge.tie_type != tie_type]
            if left:
                look(tie_type, left)
        return latest

    def _put_edges(self, transaction: Transaction, edges: list[Edge], tally: list[int]) -> None:
        """Write new and changed ties."""
        if not edges:
            return
        repeated = self.seen["tie"].add([edge.id for edge in edges])
        latest = self._latest_edges(transaction, edges) if repeated or not self.no_ties else {}
        new = [edge for edge in edges if edge.id not in latest]
        changed = [edge for edge in edges if edge.id in latest and latest[edge.id][0] != edge.stored["digest"]]
        tally[0] += len(new)
        tally[1] += len(changed)
        tally[2] += len(edges) - len(new) - len(changed)
        ended: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for edge in changed:
            self.plan.correct_edge(edge)
            _, tie_type, olds = latest[edge.id]
            close = edge.tie_type == "lives_at" or self.plan.keys.all_see(olds, edge.restrictions)
            ended[tie_type].append({"id": edge.id, "close": close, "keys": edge.restrictions})
        self._end(transaction, ended)
        protected = [{"id": edge.id, "key": edge.restrictions[0]} for edge in changed if edge.stored.get("protected")]
        if protected:
            transaction.run(statements.PROTECT_PAST, self._times | {"rows": protected})
        self._create(transaction, new + changed)

    def _end(self, transaction: Transaction, ended: dict[str, list[dict[str, Any]]]) -> None:
        for tie_type, rows in ended.items():
            self.replaced_types.add(tie_type)
            news = {row["id"]: row["keys"] for row in rows}
            found = transaction.run(statements.OPEN_EDGES[tie_type], self._times | {"ids": list(news)})
            older = [
                {"id": key, "sequence": sequence, "keys": news[key], "close": self.plan.keys.all_see(olds, news[key])}
                for key, sequence, olds in found
            ]
            if older:
                transaction.run(statements.CLOSE_EDGES[tie_type], self._times | {"rows": older})
            transaction.run(statements.END_EDGE[tie_type], self._times | {"rows": rows})

    def _end_vanished(
        self, transaction: Transaction, owners: list[str], edges: list[Edge], tie_types: tuple[str, ...]
    ) -> None:
        """End the ties that changed people or events no longer make."""
        made = {edge.id for edge in edges}
        for tie_type in tie_types:
            ids = [key for owner in owners if (key := f"{tie_type}:{owner}") not in made]
            if ids and tie_type in self.types:
                found = transaction.run(statements.LATEST_EDGE[tie_type], {"ids": ids})
                # those who may not see the change keep what they saw
                rows = [
                    {"id": key, "close": True, "keys": []}
                    for key, _, _, olds in found
                    if self.plan.keys.all_see(olds, [self.plan.note_key])
                ]
                self._end(transaction, {tie_type: rows} if rows else {})
                self._changed(str(row["id"]) for row in rows)

    def _create(self, transaction: Transaction, edges: list[Edge]) -> None:
        by_type: dict[str, list[Edge]] = defaultdict(list)
        opened: set[str] = set()
        for edge in edges:
            by_type[edge.tie_type].append(edge)
            if edge.tie_type == "lives_at":
                if "" not in edge.restrictions:
                    self.doubtful.add(edge.target)
                elif self.any_attested:
                    self.homes.append((edge.source, edge.target))
            elif "" in edge.restrictions:
                opened.update((edge.source, edge.target))
            else:
                self.doubtful.update((edge.source, edge.target))
        for tie_type, some in by_type.items():
            transaction.later(
                statements.CREATE_EDGE[tie_type],
                self._columns(edge_columns(some, statements.EDGE), len(some)),
                expected=len(some),
                complaint="a tie refers to a record that is not there",
            )
            self.types.add(tie_type)
        self._put_restrictions(transaction, {key for edge in edges for key in edge.restrictions})
        self._changed(edge.id for edge in edges)
        self._open(transaction, opened)
