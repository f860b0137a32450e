"""The conformance suite: the numbered sentences of ``graph.store``, run against every back end.

A back end's test module makes a subclass with the fixtures ``store`` (empty, with ``clock`` set to ``Clock``) and
``back_door`` (a ``BackDoor`` to the same store). The sentences are in the modules beside this one.
"""

from __future__ import annotations

from tests.conformance.audits import AuditSentences
from tests.conformance.basis import START, BackDoor, Clock, square
from tests.conformance.columns import SnapshotSentences
from tests.conformance.flagging import FlagSentences
from tests.conformance.knowledge import KnowledgeSentences
from tests.conformance.neighbourhoods import NeighbourhoodSentences
from tests.conformance.orders import OrderSentences
from tests.conformance.sight import SightSentences
from tests.conformance.versions import VersionSentences

__all__ = ["START", "BackDoor", "Clock", "StoreConformance", "square"]


class StoreConformance(
    SnapshotSentences,
    FlagSentences,
    AuditSentences,
    OrderSentences,
    NeighbourhoodSentences,
    SightSentences,
    KnowledgeSentences,
    VersionSentences,
):
    """Inherit, give the fixtures, and every sentence is checked."""
