"""Report server: the expectation reports over HTTP on this machine, so that a check can link one.

`migration ui` starts it beside Dagster. Reading only, pages of the reports folder only, 127.0.0.1
only. It has no login; the pages hold no patient data.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

from migration_platform.server import LOOPBACK
from migration_platform.settings import Settings

HEADERS = {
    # The pages bring their style along; nothing else is fetched, run, framed or sent.
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
}

LOOK = 0.5
"""Seconds between two looks whether the process that this one belongs to is still there."""


def report_url(port: int, path: Path) -> str:
    """Where a report is served."""
    return f"http://{LOOPBACK}:{port}/{quote(path.name)}"


class ReportServer(ThreadingHTTPServer):
    """Serves the pages that stand in one folder, on the loopback interface."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder = folder
        super().__init__((LOOPBACK, port), _Handler)

    def read(self, target: str) -> bytes | None:
        """The page that a request's path names; None if it names none of the folder's pages."""
        name = unquote(urlsplit(target).path).removeprefix("/")
        # A page's name and nothing else: no folder, no way up, no draft of a page.
        if not name.endswith(".html") or name.startswith(".") or {"/", "\\", "\0"} & set(name):
            return None
        place = self.folder / name
        if place.is_symlink() or not place.is_file():
            return None
        return place.read_bytes()


class _Handler(BaseHTTPRequestHandler):
    server: ReportServer
    server_version, sys_version = "migration", ""
    timeout = 10

    def do_GET(self) -> None:
        # A page of somewhere else whose name was made to lead here must not read along.
        host, _, port = self.headers.get("Host", "").partition(":")
        if host not in (LOOPBACK, "localhost") or port != str(self.server.server_port):
            self.send_error(HTTPStatus.MISDIRECTED_REQUEST)
        elif (page := self.server.read(self.path)) is None:
            self.send_error(HTTPStatus.NOT_FOUND)
        else:
            self._answer(HTTPStatus.OK, "text/html", page)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Answer with the code's own words: what was asked is not said back."""
        status = HTTPStatus(code)
        if status is HTTPStatus.NOT_IMPLEMENTED:  # every method but GET comes here
            status = HTTPStatus.METHOD_NOT_ALLOWED
        self._answer(status, "text/plain", f"{status.value} {status.phrase}\n".encode())

    def _answer(self, status: HTTPStatus, kind: str, body: bytes) -> None:
        self.send_response(status)
        for name, value in HEADERS.items():
            self.send_header(name, value)
        if status is HTTPStatus.METHOD_NOT_ALLOWED:
            self.send_header("Allow", "GET")
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Who reads which report is nobody's business."""


def main(arguments: list[str]) -> None:
    """Serve until the process of that number, our parent, ends; without one, until stopped."""
    settings = Settings.load()
    parent = int(arguments[0]) if arguments else None
    with ReportServer(settings.reports, settings.report_port) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            while parent is None or os.getppid() == parent:
                time.sleep(LOOK)
        except KeyboardInterrupt:
            pass
        server.shutdown()


if __name__ == "__main__":
    main(sys.argv[1:])
