"""From `make demo` to a promoted pilot without leaving the pages, in a real browser."""

from __future__ import annotations

import socket

import pytest

pytest.importorskip("playwright", reason="playwright is not installed: pip install playwright")

from tests.migration_platform.room.browser import CHROMIUM, WHY_NOT, open_browser
from tests.scenarios.conftest import Project
from tests.scenarios.walk import entering, serve_room, walk

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason=WHY_NOT)


def test_from_a_demo_to_a_promoted_pilot_without_leaving_the_pages(demoed: Project) -> None:
    project = demoed
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]

    with serve_room(project.root, project.home, port) as address, open_browser() as browser:
        walk(entering(browser, address, project.root, project.home), lambda page, place: None)

    decided = [(d["action"], d["person"]) for d in project.ask("log")]
    assert decided[-4:] == [
        ("sign", "Dana Ortiz"),
        ("sign", "Omar Haddad"),
        ("promote", "Eva Laurent"),
        ("hold", "Omar Haddad"),
    ]
