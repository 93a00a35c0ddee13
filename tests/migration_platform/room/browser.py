"""A real browser for tests: Debian's Chromium, headless, and the room served on a port of its own."""

from __future__ import annotations

import os
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from urllib.parse import urlsplit

import uvicorn
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from migration_platform.platform import Platform
from migration_platform.room.app import make_app, make_room
from migration_platform.room.route import WAYS

NAMES = ("chromium", "chromium-browser", "google-chrome")
CHROMIUM = next((found for name in NAMES if (found := shutil.which(name))), None)
WHY_NOT = f"no browser is installed (looked for {', '.join(NAMES)}): apt-get install chromium"

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
"""Of axe-core: WCAG 2.2, level AA."""


@contextmanager
def serve(platform: Platform, port: int) -> Iterator[str]:
    """The room of a platform on that port while the block runs; its address."""
    settings = replace(platform.settings, room_port=port, room_url=f"http://127.0.0.1:{port}")

    def make() -> Platform:
        return Platform(settings, platform.plan, platform.entities, suites=platform.suites)

    room = make_room(settings, WAYS, make)
    server = uvicorn.Server(
        uvicorn.Config(make_app(room), host="127.0.0.1", port=port, log_level="error")
    )
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield settings.room_url
    finally:
        server.should_exit = True
        thread.join()
        room.shelf.close()
        room.lender.close()


@contextmanager
def open_browser() -> Iterator[Browser]:
    """As root Chromium has no sandbox of its own: it only ever sees these pages."""
    assert CHROMIUM is not None
    alone = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=[*alone, "--disable-dev-shm-usage"]
        )
        try:
            yield browser
        finally:
            browser.close()


def watch_requests(context: BrowserContext, home: str) -> list[str]:
    """Every address outside of the room that a page of this context asks for, as they come."""
    strange: list[str] = []
    host = urlsplit(home).netloc

    def note(url: str) -> None:
        if urlsplit(url).netloc not in ("", host):
            strange.append(url)

    context.on("request", lambda request: note(request.url))
    return strange


def find_barriers(page: Page) -> list[str]:
    """What axe-core finds wrong with the page as it is, in words."""
    found = Axe().run(page, options={"runOnly": {"type": "tag", "values": RULES}})
    return [
        f"{page.url}: {each['id']} ({each['help']}): {node['html'][:160]}"
        for each in found.response["violations"]
        for node in each["nodes"][:3]
    ]


def sign_in(page: Page, name: str, password: str) -> None:
    page.goto("/sign-in")
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()


Enter = Callable[[str], Page]
