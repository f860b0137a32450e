"""The store of a team: a Neo4j server, 5.26 LTS or newer, Community Edition; no APOC and no GDS."""

from graph.stores.neo4j.store import Neo4jStore

__all__ = ["Neo4jStore"]
