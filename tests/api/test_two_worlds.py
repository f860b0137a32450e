"""Over HTTP: for every reading route, outsiders get the same bytes with and without the secret; nothing is logged."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator

import pytest
from fastapi import FastAPI

from api.app import create_app
from graph.access.actors import Role
from tests.api.conftest import PASSWORD, Clock, make_hub
from tests.api.http import Client
from tests.api.world import CANARIES

OUTSIDERS = ("officer", "socialworker", "panel", "governance", "admin", "hubber")
IDS = ("person:1", "person:77", "person:404", "operation:OP2", "event:secret", "place:park", "school:100")
ADDRESSES = (
    *(f"/api/v1/entities/{node_id}" for node_id in IDS),
    *(f"/entities/{node_id}" for node_id in IDS),
    *(f"/api/v1/neighbourhood?seed={node_id}&hops=3" for node_id in IDS),
    *(f"/api/v1/paths?from=person:2&to={node_id}" for node_id in IDS),
    *(f"/maps/{node_id.replace(':', '/')}" for node_id in IDS),
    *(f"/api/v1/entities?kind={kind}" for kind in ("person", "operation", "event", "place", "school")),
    *(f"/api/v1/search?q={word}" for word in ("zephyrine", "osmunda", "thistle", "OP2", "person:77")),
    *(f"/lists/{kind}" for kind in ("operation", "place", "school", "group")),
    "/api/v1/ties/t-secret",
    "/ties/t-secret",
    "/api/v1/reports/r-secret",
    "/api/v1/flags",
    "/api/v1/flags?subject=person:77",
    "/flags",
    "/api/v1/localities",
    "/api/v1/localities.geojson",
    "/api/v1/hotspots",
    "/hotspots",
    "/localities",
    "/",
)

Apps = tuple[FastAPI, FastAPI]


@pytest.fixture(scope="module")
def apps(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Apps]:
    made = []
    for secret in (True, False):
        wiring = make_hub(tmp_path_factory.mktemp("world"), Clock(), secret=secret)
        wiring.accounts.add("hubber", Role.ANALYST, "health", PASSWORD, by="operator")
        made.append(wiring)
    yield create_app(made[0]), create_app(made[1])
    for wiring in made:
        wiring.close()


@pytest.fixture(scope="module")
def clients(apps: Apps) -> dict[str, tuple[Client, Client]]:
    answer = {}
    for name in OUTSIDERS:
        pair = Client(apps[0]), Client(apps[1])
        for client in pair:
            assert client.log_in(name, PASSWORD).status_code == 200
        answer[name] = pair
    return answer


def plain(text: str) -> str:
    """Without what is drawn anew for each answer, each session and each store: pseudonyms, tokens, write instants."""
    for number, name in enumerate(dict.fromkeys(re.findall(r"anon-[0-9a-f]+", text))):
        text = text.replace(name, f"anon-{number}")
    text = re.sub(r'name="form_token" value="[^"]*"', "TOKEN", text)
    text = re.sub(r'content="[\w-]{32}"', "TOKEN", text)
    text = re.sub(r'"load":"[^"]*"', "LOAD", text)
    return re.sub(r"20\d\d-\d\d-\d\dT[\d:.]+Z", "INSTANT", text)


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize("name", OUTSIDERS)
def test_the_same_in_both_worlds(clients: dict[str, tuple[Client, Client]], name: str, address: str) -> None:
    with_secret, without = (client.get(address) for client in clients[name])
    assert (with_secret.status_code, plain(with_secret.text)) == (without.status_code, plain(without.text))
    assert with_secret.status_code < 500


def test_no_name_in_any_log_whatever_is_asked(apps: Apps, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        client = Client(apps[0])
        client.log_in("police", PASSWORD)
        for address in ADDRESSES:
            client.get(address)
    # the client of this test logs the addresses that it asks for; Kith does not
    said = " ".join(record.getMessage() for record in caplog.records if record.name != "httpx")
    assert not [name for name in CANARIES if name in said]
