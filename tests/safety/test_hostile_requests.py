"""What nobody sends by mistake: refused cleanly, in the one shape, with nothing of it said back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, MutableMapping
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from tests.safety.hubs import Clock, Hub, canary_hub

#: stands in what is sent; may not stand in what comes back
MARK = "Quillfeather"

BODIES: dict[str, bytes] = {
    "not a number": b'{"seeds": ["person:1"], "positions": {"person:1": [NaN, Infinity]}}',
    "half a surrogate pair": b'{"seeds": ["person:\\ud800Quillfeather"]}',
    "half a surrogate pair in a key": b'{"seeds": ["person:1"], "\\udfffQuillfeather": 1}',
    "bytes that are no text": b'{"seeds": ["\xff\xfe"]}',
    "a huge whole number": b'{"seeds": ["person:1"], "hops": ' + b"9" * 5000 + b"}",
    "a huge exponent": b'{"seeds": ["person:1"], "hops": 1e999}',
    "deep lists": b"[" * 50_000,
    "deep objects": b'{"a":' * 20_000 + b"1" + b"}" * 20_000,
    "a NUL": b'{"seeds": ["person:1\\u0000Quillfeather"]}',
    "the wrong kind": b'{"seeds": "Quillfeather"}',
    "a list at the top": b'["Quillfeather"]',
    "nothing": b"",
    "no JSON": b"Quillfeather",
    "a field too many": b'{"seeds": ["person:1"], "Quillfeather": 1}',
    "an endless id": b'{"seeds": ["person:' + b"Q" * 5000 + b'"]}',
    "a year without end": b'{"seeds": ["person:1"], "as_at": "99999-01-01"}',
    "too many seeds": b'{"seeds": [' + b",".join([b'"person:1"'] * 5000) + b"]}",
}

PATHS = {
    "an endless id": "/api/v1/entities/person:" + "Q" * 5000,
    "a NUL": "/api/v1/entities/person:1%00Quillfeather",
    "a line break": "/api/v1/entities/person:1%0d%0aSet-Cookie:%20Quillfeather=1",
    "bytes that are no text": "/api/v1/entities/person:%ff%fe",
    "half a surrogate pair": "/api/v1/entities/person:%ed%a0%80",
    "a path upwards": "/api/v1/entities/..%2f..%2fetc%2fpasswd",
    "a kind that is none": "/api/v1/entities/Quillfeather:1",
    "an empty id": "/api/v1/entities/",
    "no id": "/api/v1/entities/person:",
    "a tie with a NUL": "/api/v1/ties/t1%00",
    "a report with a NUL": "/api/v1/reports/r1%00",
    "an endless tie": "/api/v1/ties/" + "Q" * 5000,
    "a flag with a NUL": "/api/v1/flags/%00",
    "a limit that is none": "/api/v1/flags?limit=Quillfeather",
    "a limit without end": "/api/v1/flags?limit=" + "9" * 400,
    "a limit below nothing": "/api/v1/entities?kind=person&limit=-1",
    "a cursor that is none": "/api/v1/loads?cursor=Quillfeather",
    "a cursor without end": "/api/v1/loads?cursor=" + "9" * 19,
    "digits of another script": "/api/v1/loads?cursor=%D9%A1",
    "a day that is none": "/api/v1/entities/person:1?as_at=Quillfeather",
    "a day before all days": "/api/v1/entities/person:1?known_at=-9999999999999999",
    "a day without end": "/api/v1/entities/person:1?known_at=1e400",
    "an ending that is none": "/api/v1/maps/person/1.Quillfeather?recipient=the+board",
    "no ending": "/api/v1/maps/person/1?recipient=the+board",
    "a path in a file name": "/api/v1/maps/person/..%2f..%2fetc%2fpasswd.csv?recipient=the+board",
    "a word that is none": "/api/v1/neighbourhood?seed=person:1&tie_type=Quillfeather",
    "too many seeds": "/api/v1/neighbourhood?" + "&".join(["seed=person:1"] * 60),
    "hops without end": "/api/v1/neighbourhood?seed=person:1&hops=99",
    "a path through everything": "/api/v1/paths?from=person:1&to=person:3&max_hops=99",
    "an address of pages with a NUL": "/entities/person:1%00Quillfeather",
    "an endless address of pages": "/entities/person:" + "Q" * 5000,
    "a list that is none": "/lists/Quillfeather",
    "a list after a NUL": "/lists/place?after=place:%00",
    "a map of a kind that is none": "/maps/Quillfeather/1",
    "a map of too many hops": "/maps/person/1?hops=99",
    "a prompt with a line break": "/flags/%0d%0aQuillfeather",
    "a page of prompts that is none": "/flags?offset=99999999999999999999",
    "static files upwards": "/static/css/..%2f..%2ftemplates%2fbase.html",
    "static files upwards twice": "/static/css/%2e%2e/%2e%2e/%2e%2e/pyproject.toml",
    "static files with a NUL": "/static/css/a%00.css",
    "static files with backslashes": "/static/css/..%5c..%5ctemplates%5cbase.html",
    "a static file without end": "/static/css/" + "Q" * 5000,
}


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    """One hub for all: nothing that is sent here may change it."""
    with canary_hub(tmp_path_factory.mktemp("hub"), Clock()) as made:
        yield made


def clean(answer: httpx.Response) -> None:
    """A refusal in the one shape that repeats nothing."""
    assert 400 <= answer.status_code < 500, (answer.status_code, answer.text[:300])
    assert MARK.casefold() not in answer.text.casefold()
    assert MARK.casefold() not in str(answer.headers).casefold()
    assert "QQQQQQQQ" not in answer.text
    if answer.request.url.path.startswith("/api/"):
        assert set(answer.json()) == {"error"}
        assert set(answer.json()["error"]) == {"code", "message", "problems"}


@pytest.mark.parametrize("what", BODIES)
def test_bodies(hub: Hub, what: str) -> None:
    headers = {"Content-Type": "application/json"}
    clean(hub.ask("analyst", "POST", "/api/v1/neighbourhood", content=BODIES[what], headers=headers))


@pytest.mark.parametrize("what", PATHS)
def test_addresses(hub: Hub, what: str) -> None:
    clean(hub.ask("analyst", "GET", PATHS[what]))


@pytest.mark.parametrize(
    "path", ["/search", "/accounts", "/accounts/grant", "/flags/none/decisions", "/login", "/logout"]
)
@pytest.mark.parametrize(
    "body",
    [b"\xff\xfe=\xed\xa0\x80", b"&" * 200_000, b"%00=%00&q=%00", b"q=" + b"Q" * 100_000, b"--x\r\n\r\n", b""],
)
def test_forms(hub: Hub, path: str, body: bytes) -> None:
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    assert hub.ask("admin", "POST", path, content=body, headers=headers).status_code < 500


@pytest.mark.parametrize("boundary", ["x", "", "x" * 500, '"'])
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"--x",
        b"--x\r\nContent-Disposition: form-data\r\n\r\n1\r\n--x--",
        b'--x\r\nContent-Disposition: form-data; name="files"; filename="../../Quillfeather\x00.csv"\r\n\r\na\r\n'
        b"--x--\r\n",
        b"--x\r\n" + b"A: b\r\n" * 5000 + b"\r\n1\r\n--x--\r\n",
        b'--x\r\nContent-Disposition: form-data; name="files"; filename="a.csv"\r\n\r\n' * 200,
    ],
)
def test_forms_of_files(hub: Hub, boundary: str, body: bytes) -> None:
    headers = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
    clean(hub.ask("analyst", "POST", "/api/v1/loads", content=body, headers=headers))


def test_a_key_given_twice_does_not_get_past_a_check(hub: Hub) -> None:
    """Whichever of the two counts, it is the one that is checked."""
    body = b'{"seeds": ["person:1"], "hops": 1, "hops": 99}'
    clean(
        hub.ask("analyst", "POST", "/api/v1/neighbourhood", content=body, headers={"Content-Type": "application/json"})
    )


@pytest.mark.parametrize("name", [b"\xff", b"a" * 10_000, b"x\r\nSet-Cookie: a=b", b"person\x00"])
def test_file_names_that_are_none(hub: Hub, name: bytes) -> None:
    body = b'--x\r\nContent-Disposition: form-data; name="files"; filename="' + name + b'"\r\n\r\na\r\n--x--\r\n'
    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    answer = hub.ask("analyst", "POST", "/api/v1/loads", content=body, headers=headers)
    clean(answer)
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize(
    "recipient", ["the board\r\nX-Injected: yes", "the\x00board", "‮drob eht", "🙂" * 100, "</script>"]
)
@pytest.mark.parametrize("form", ["html", "svg", "csv", "geojson", "graphml", "gexf", "json"])
def test_recipients_with_signs_of_control(hub: Hub, recipient: str, form: str) -> None:
    answer = hub.ask("analyst", "GET", f"/api/v1/maps/person/1.{form}?recipient={quote(recipient)}")
    assert answer.status_code < 500
    assert "x-injected" not in answer.headers
    assert "</script><" not in answer.text


def test_a_number_in_the_store_beyond_its_range(hub: Hub) -> None:
    answer = hub.ask("governance", "GET", "/api/v1/audit?cursor=" + "9" * 18)
    assert answer.status_code == 200
    clean(hub.ask("governance", "GET", "/api/v1/audit?cursor=" + "9" * 25))
    assert hub.ask("governance", "GET", "/audit?before=" + "9" * 30).status_code < 500
    assert hub.ask("analyst", "GET", "/loads?before=" + "9" * 30).status_code < 500


@pytest.mark.parametrize(
    "headers",
    [
        {"X-HTTP-Method-Override": "DELETE"},
        {"X-User": "admin", "X-Forwarded-User": "admin", "X-Remote-User": "admin", "X-Role": "analyst"},
        {"X-Original-URL": "/api/v1/audit", "X-Rewrite-URL": "/api/v1/audit"},
        {"X-Forwarded-For": "127.0.0.1", "Forwarded": "for=127.0.0.1;host=elsewhere"},
    ],
)
def test_headers_that_claim_somebody(hub: Hub, headers: dict[str, str]) -> None:
    assert hub.ask("panel", "GET", "/api/v1/flags", headers=headers).status_code == 403
    assert hub.ask(None, "GET", "/api/v1/flags", headers=headers).status_code == 401


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "TRACE", "CONNECT", "PROPFIND", "get"])
@pytest.mark.parametrize("path", ["/api/v1/flags", "/api/v1/search", "/flags", "/", "/api/v1/health"])
def test_methods_that_are_not_used(hub: Hub, method: str, path: str) -> None:
    answer = hub.ask("analyst", method, path, headers={"X-Kith-Token": "none"})
    assert answer.status_code in ({401, 403, 404, 405} if method != "get" else {200, 405, 422, 401, 403})


def test_a_body_in_pieces_is_cut(hub: Hub) -> None:
    sent = 0

    async def pieces() -> AsyncIterator[bytes]:
        nonlocal sent
        for _ in range(4000):
            sent += 1000
            yield b" " * 1000

    answer = hub.ask(
        "analyst", "POST", "/api/v1/search", content=pieces(), headers={"Content-Type": "application/json"}
    )
    clean(answer)
    assert answer.status_code == 413
    assert sent <= hub.wiring.settings.body_limit + 2000


@pytest.mark.parametrize("length", ["-1", "1e9", "99999999999999999999", "1, 1", "Ⅷ"])
def test_lengths_that_are_none(hub: Hub, length: str) -> None:
    statuses: list[int] = []

    async def receive() -> MutableMapping[str, Any]:
        return {"type": "http.request", "body": b"{}", "more_body": False}

    async def send(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    headers = [
        (b"authorization", f"Bearer {hub.token('analyst')}".encode()),
        (b"content-length", length.encode()),
        (b"content-type", b"application/json"),
    ]
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "POST", "path": "/api/v1/search",
        "raw_path": b"/api/v1/search", "root_path": "", "scheme": "http", "query_string": b"", "headers": headers,
        "client": ("192.0.2.9", 1), "server": ("kith.test", 80), "state": {},
    }  # fmt: skip
    hub.loop.run_until_complete(hub.app(scope, receive, send))
    assert 400 <= statuses[0] < 500


@pytest.mark.parametrize("path", ["/", "/api/v1/boards/1/live", "/api/v1/flags", "/static/js/map.js", "/login"])
@pytest.mark.parametrize("name", [None, "analyst", "admin"])
def test_web_sockets_are_refused(hub: Hub, path: str, name: str | None) -> None:
    """There is no socket in Kith yet: whoever asks and wherever, the handshake is refused before it is accepted."""
    sent: list[MutableMapping[str, Any]] = []

    async def receive() -> MutableMapping[str, Any]:
        return {"type": "websocket.connect"}

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    headers = [] if name is None else [(b"authorization", f"Bearer {hub.token(name)}".encode())]
    scope = {
        "type": "websocket", "asgi": {"version": "3.0"}, "http_version": "1.1", "path": path, "raw_path": path.encode(),
        "root_path": "", "scheme": "ws", "query_string": b"", "headers": headers, "client": ("192.0.2.9", 1),
        "server": ("kith.test", 80), "subprotocols": [], "state": {},
    }  # fmt: skip
    hub.loop.run_until_complete(asyncio.wait_for(hub.app(scope, receive, send), 5))
    assert [message["type"] for message in sent] == ["websocket.close"]
