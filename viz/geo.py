"""Places and events of a map as GeoJSON (RFC 7946: CRS84 longitude and latitude), made with shapely.

Only what has a location of its own goes in; a person has none. Coordinates come from the British National Grid through
PROJ; without the national grid-shift file the best available transformation is good to a few metres.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import orjson
import shapely
from pyproj import Transformer
from shapely.geometry import mapping

from graph.model import Event, Location, NodeRecord, Place, School

#: about a centimetre
_DECIMALS = 7


def location_of(record: NodeRecord) -> Location | None:
    """Where a record itself lies; None for what has no place of its own."""
    return record.location if isinstance(record, Place | School | Event) else None


def precision_of(record: NodeRecord) -> str | None:
    """How exact the location is, as recorded."""
    return record.precision if isinstance(record, Place) else None


def features(
    records: Sequence[NodeRecord], properties: Mapping[str, Mapping[str, Any]]
) -> tuple[list[dict[str, Any]], int]:
    """Point features of the records with a location, with their ``properties`` by id; and how many had none."""
    located = [(record, place) for record in records if (place := location_of(record)) is not None]
    if not located:
        return [], len(records)
    easting = [place.easting for _, place in located]
    northing = [place.northing for _, place in located]
    longitude, latitude = _to_crs84().transform(easting, northing)
    points = shapely.points(
        [[round(x, _DECIMALS), round(y, _DECIMALS)] for x, y in zip(longitude, latitude, strict=True)]
    )
    found = [
        {
            "type": "Feature",
            "id": str(record.id),
            "geometry": mapping(point),
            "properties": {**properties[str(record.id)], "precision": precision_of(record)},
        }
        for (record, _), point in zip(located, points, strict=True)
    ]
    return found, len(records) - len(located)


def feature_collection(
    records: Sequence[NodeRecord], properties: Mapping[str, Mapping[str, Any]], stamp: Mapping[str, Any]
) -> bytes:
    """The GeoJSON text; the ``stamp`` (marking, audience, purpose, serial, dates) is a foreign member ``kith``."""
    found, without = features(records, properties)
    return orjson.dumps(
        {"type": "FeatureCollection", "kith": {**stamp, "without_location": without}, "features": found},
        option=orjson.OPT_INDENT_2,
    )


@cache
def _to_crs84() -> Transformer:
    return Transformer.from_crs("EPSG:27700", "OGC:CRS84", always_xy=True)
