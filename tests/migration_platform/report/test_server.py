"""The report server: what it serves, what it refuses, and that it ends with whoever started it."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from migration_platform.report.server import ReportServer, report_url

ROOT = Path(__file__).parents[3]
PAGE = "<!doctype html><title>Cohort one</title>"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ReportServer]:
    """A reports folder with one page and a draft, and beside it what nobody may read."""
    folder = tmp_path / "reports"
    (folder / "deeper").mkdir(parents=True)
    (folder / "one.html").write_text(PAGE)
    (folder / ".one.html.1.part").write_text("draft")
    (folder / ".one.html").write_text("draft")
    (folder / "notes.txt").write_text("notes")
    (folder / "deeper" / "two.html").write_text("deeper")
    (tmp_path / "secret.html").write_text("secret")
    (folder / "link.html").symlink_to(tmp_path / "secret.html")
    with ReportServer(folder, 0) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def ask(
    server: ReportServer, path: str, method: str = "GET", host: str | None = None
) -> tuple[int, dict[str, str], str]:
    """Status, headers and text. The path goes out as it stands: no client tidies it up."""
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=10)
    connection.putrequest(method, path, skip_host=True)
    connection.putheader("Host", host or f"127.0.0.1:{server.server_port}")
    connection.endheaders()
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return answer.status, dict(answer.getheaders()), text


def test_a_report_is_served_as_it_stands_and_may_load_nothing(server: ReportServer) -> None:
    status, headers, text = ask(server, "/one.html")

    assert (status, text) == (200, PAGE)
    assert headers["Content-Type"] == "text/html; charset=utf-8"
    policy = headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; style-src 'unsafe-inline';")
    assert "frame-ancestors 'none'" in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cache-Control"] == "no-store"
    assert headers["Referrer-Policy"] == "no-referrer"


def test_the_address_in_a_check_is_where_the_report_is_served(server: ReportServer) -> None:
    address = report_url(server.server_port, Path("/anywhere/one.html"))

    assert address == f"http://127.0.0.1:{server.server_port}/one.html"
    assert ask(server, address.removeprefix(f"http://127.0.0.1:{server.server_port}"))[0] == 200


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/two.html",
        "/../secret.html",
        "/..%2fsecret.html",
        "/%2e%2e/secret.html",
        "/..\\secret.html",
        "/..%5csecret.html",
        "//secret.html",
        "/one.html%00.txt",
        "/link.html",
        "/deeper/two.html",
        "/deeper",
        "/notes.txt",
        "/.one.html",
        "/.one.html.1.part",
        "/etc/passwd",
        "http://elsewhere/../secret.html",
    ],
)
def test_nothing_but_the_pages_of_the_folder_is_served(server: ReportServer, path: str) -> None:
    status, headers, text = ask(server, path)

    assert (status, text) == (404, "404 Not Found\n")
    assert headers["Content-Type"] == "text/plain; charset=utf-8"
    assert headers["Content-Security-Policy"].startswith("default-src 'none'")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "BREW"])
def test_every_other_method_is_refused(server: ReportServer, method: str) -> None:
    status, headers, text = ask(server, "/one.html", method)

    assert (status, text) == (405, "405 Method Not Allowed\n")
    assert headers["Allow"] == "GET"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert (server.folder / "one.html").read_text() == PAGE


def test_a_head_is_refused_without_a_body(server: ReportServer) -> None:
    assert ask(server, "/one.html", "HEAD")[0::2] == (405, "")


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1", "127.0.0.1:1", "evil.example:80"])
def test_a_name_that_was_made_to_lead_here_gets_nothing(server: ReportServer, host: str) -> None:
    status, _, text = ask(server, "/one.html", host=host)

    assert (status, text) == (421, "421 Misdirected Request\n")


def test_it_listens_on_loopback_only(server: ReportServer) -> None:
    assert server.socket.getsockname()[0] == "127.0.0.1"


def test_it_ends_with_the_process_that_started_it_even_if_that_is_killed(bare_home: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    (bare_home / "reports").mkdir()
    (bare_home / "reports" / "one.html").write_text(PAGE)
    starts = (
        "import os, subprocess, sys, time\n"
        "subprocess.Popen([sys.executable, '-m', 'migration_platform.report.server', "
        "str(os.getpid())])\n"
        "os.execv(sys.executable, [sys.executable, '-c', 'import time; time.sleep(600)'])\n"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", starts],
        cwd=ROOT, env={**os.environ, "MIGRATION_REPORT_PORT": str(port)},
    )  # fmt: skip
    try:
        assert _wait_until(lambda: _answers(port)), "it never answered"
    finally:
        parent.send_signal(signal.SIGKILL)
        parent.wait()

    assert _wait_until(lambda: not _answers(port)), "it outlived its parent"


def _answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
    except OSError:
        return False


def _wait_until(holds: object, seconds: float = 20) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if holds():  # type: ignore[operator]
            return True
        time.sleep(0.1)
    return False
