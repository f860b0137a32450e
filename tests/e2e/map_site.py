"""A small site that serves one map page as the product does: same fragment, same files, same content policy."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from jinja2 import Environment, FileSystemLoader, select_autoescape

WEB = Path(__file__).resolve().parents[2] / "viz" / "web"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"
)
_TYPES = {".js": "text/javascript", ".css": "text/css", ".html": "text/html", ".json": "application/json"}
_PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{{ map_title }}</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><link rel="icon" href="data:,"></head>
<body><main><h1>{{ map_title }}</h1>{% include "_map.html" %}</main></body></html>"""

#: typed id of the node to expand -> map document, or None when it must not be shown
Expand = Callable[[str], bytes | None]


def page(title: str, *, expand: bool, hub_limit: int = 200) -> bytes:
    environment = Environment(loader=FileSystemLoader(WEB / "templates"), autoescape=select_autoescape(default=True))
    return (
        environment.from_string(_PAGE)
        .render(
            map_title=title, map_source="/map.json", map_expand="/expand" if expand else None, map_hub_limit=hub_limit
        )
        .encode()
    )


@contextmanager
def serve(document: bytes, expand: Expand | None = None, title: str = "Around Oakfield School") -> Iterator[str]:
    """The address of the page while it is served."""
    html = page(title, expand=expand is not None)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            body, kind, status = b"", "application/json", 200
            if parts.path == "/":
                body, kind = html, "text/html; charset=utf-8"
            elif parts.path == "/map.json":
                body = document
            elif parts.path == "/expand" and expand is not None:
                found = expand(parse_qs(parts.query)["seed"][0])
                body, status = (found, 200) if found is not None else (b"{}", 404)
            elif parts.path.startswith("/static/") and ".." not in parts.path:
                file = WEB / parts.path.removeprefix("/static/")
                body, kind = file.read_bytes(), _TYPES[file.suffix]
            else:
                status = 404
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Content-Security-Policy", POLICY)
            self.send_header("X-Content-Type-Options", "nosniff")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Quiet: a request line may hold an id."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
