"""A web site on a free loopback port, in a thread: pages as the test lays them out, and the requests."""

from __future__ import annotations

import gzip
import os
import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

Headers = dict[str, str]


@dataclass
class Page:
    body: bytes = b""
    headers: Headers = field(default_factory=dict)
    status: int = 200
    pause_s: float = 0
    """Before the body's last byte."""


@dataclass
class Asked:
    path: str
    headers: Headers


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hangs up is what some tests are about."""


class Website:
    """Use as a context manager; `site.pages['/a'] = Page(...)`, then ask for `site.url + '/a'`."""

    def __init__(self) -> None:
        self.pages: dict[str, Page | Callable[[], Page]] = {}
        self.repositories: Path | None = None
        """Where bare git repositories lie that are served below /git/."""
        self.asked: list[Asked] = []
        self.most_at_once = 0
        self._at_once = 0
        self._lock = threading.Lock()
        self._server = _Server(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    def add(self, path: str, text: str | bytes, media_type: str = "text/html", **headers: str) -> None:
        body = text.encode() if isinstance(text, str) else text
        fields = {name.replace("_", "-"): value for name, value in headers.items()}
        self.pages[path] = Page(body, {"Content-Type": media_type} | fields)

    def add_packed(self, path: str, body: bytes, media_type: str = "text/html", layers: int = 1) -> None:
        """A page sent with gzip as its content encoding, as often as layers says."""
        for _ in range(layers):
            body = gzip.compress(body)
        encoding = ", ".join(["gzip"] * layers)
        self.pages[path] = Page(body, {"Content-Type": media_type, "Content-Encoding": encoding})

    def add_sitemap(self, path: str, *addresses: str, index: bool = False) -> None:
        outer, inner = ("sitemapindex", "sitemap") if index else ("urlset", "url")
        entries = "".join(f"<{inner}><loc>{address}</loc></{inner}>" for address in addresses)
        namespace = "http://www.sitemaps.org/schemas/sitemap/0.9"
        text = f'<?xml version="1.0"?><{outer} xmlns="{namespace}">{entries}</{outer}>'
        self.add(path, text, "application/xml")

    def redirect(self, path: str, target: str, status: int = 302) -> None:
        self.pages[path] = Page(status=status, headers={"Location": target})

    def paths(self) -> list[str]:
        """What was asked for, without robots.txt."""
        return [asked.path for asked in self.asked if asked.path != "/robots.txt"]

    def __enter__(self) -> Website:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        site = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                site._answer(self)

            do_POST = do_GET

            def log_message(self, *_: Any) -> None:
                pass

        return Handler

    def _answer(self, request: BaseHTTPRequestHandler) -> None:
        self.asked.append(Asked(request.path, {k.lower(): v for k, v in request.headers.items()}))
        with self._lock:
            self._at_once += 1
            self.most_at_once = max(self.most_at_once, self._at_once)
        try:
            if self.repositories and request.path.startswith("/git/"):
                self._answer_git(request, self.repositories)
            else:
                self._answer_page(request)
        except ConnectionError:
            pass  # the client had enough
        finally:
            with self._lock:
                self._at_once -= 1

    def _answer_page(self, request: BaseHTTPRequestHandler) -> None:
        page = self.pages.get(request.path, Page(b"not here", status=404))
        page = page() if callable(page) else page
        etag, modified = page.headers.get("ETag"), page.headers.get("Last-Modified")
        is_known = (etag and request.headers.get("If-None-Match") == etag) or (
            modified and request.headers.get("If-Modified-Since") == modified
        )
        if is_known:
            page = Page(status=304, headers=page.headers)
        request.send_response(page.status)
        for name, value in page.headers.items():
            request.send_header(name, value)
        if page.status != 304:
            request.send_header("Content-Length", str(len(page.body)))
        request.end_headers()
        request.wfile.write(page.body[:-1])
        request.wfile.flush()
        time.sleep(page.pause_s)
        request.wfile.write(page.body[-1:])

    def _answer_git(self, request: BaseHTTPRequestHandler, root: Path) -> None:
        """git's own server program, spoken to by CGI."""
        parts = urlsplit(request.path.removeprefix("/git"))
        environment = os.environ | {
            "GIT_PROJECT_ROOT": str(root),
            "GIT_HTTP_EXPORT_ALL": "1",
            "REQUEST_METHOD": request.command,
            "PATH_INFO": parts.path,
            "QUERY_STRING": parts.query,
            "CONTENT_TYPE": request.headers.get("Content-Type", ""),
            "GIT_PROTOCOL": request.headers.get("Git-Protocol", ""),
            "HTTP_CONTENT_ENCODING": request.headers.get("Content-Encoding", ""),
        }
        sent = request.rfile.read(int(request.headers.get("Content-Length", 0)))
        done = subprocess.run(["git", "http-backend"], input=sent, env=environment, capture_output=True)
        head, _, body = done.stdout.partition(b"\r\n\r\n")
        fields = [line.split(": ", 1) for line in head.decode().split("\r\n") if line]
        status = next((value for name, value in fields if name == "Status"), "200 OK")
        request.send_response(int(status.split()[0]))
        for name, value in fields:
            if name != "Status":
                request.send_header(name, value)
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body)
