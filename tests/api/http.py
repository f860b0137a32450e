"""A plain client of the application: one request, one answer, cookies kept like a browser."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
from fastapi import FastAPI

ORIGIN = "http://kith.test"


class Client:
    """Somebody who asks; ``log_in`` first."""

    def __init__(self, app: FastAPI, *, bearer: str | None = None) -> None:
        self.app = app
        self.cookies = httpx.Cookies()
        self.form_token = ""
        self.bearer = bearer

    def request(self, method: str, path: str, **given: Any) -> httpx.Response:
        headers = dict(given.pop("headers", {}))
        if self.bearer is not None:
            headers.setdefault("Authorization", f"Bearer {self.bearer}")
        elif self.form_token and method not in {"GET", "HEAD"}:
            headers.setdefault("X-Kith-Token", self.form_token)

        async def send() -> httpx.Response:
            transport = httpx.ASGITransport(self.app, client=("192.0.2.1", 50_000))
            async with httpx.AsyncClient(
                transport=transport, base_url=ORIGIN, cookies=self.cookies, follow_redirects=False
            ) as client:
                answer = await client.request(method, path, headers=headers, **given)
                self.cookies = client.cookies
                return answer

        return asyncio.run(send())

    def get(self, path: str, **given: Any) -> httpx.Response:
        return self.request("GET", path, **given)

    def post(self, path: str, **given: Any) -> httpx.Response:
        return self.request("POST", path, **given)

    def log_in(self, name: str, password: str, purpose: str = "a test of access") -> httpx.Response:
        answer = self.post("/api/v1/session", json={"name": name, "password": password, "purpose": purpose})
        if answer.status_code == 200:
            self.form_token = answer.json()["form_token"]
        return answer
