"""The room over the small migration, and people who are signed in."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx2
import pytest
from starlette.testclient import TestClient

from migration_platform.platform import Platform
from migration_platform.room import shelf
from migration_platform.room.app import Room, make_app, make_room
from migration_platform.room.route import WAYS
from migration_platform.room.session import begin_session
from tests.migration_platform.stage.conftest import platform as platform
from tests.migration_platform.stage.small_migration import move

SIGNATURE = re.compile(r'name="signature" value="([0-9a-f]+)"')
SignedIn = Callable[[str], TestClient]


@pytest.fixture
def moved(platform: Platform) -> Platform:
    """The pilot moved: nothing but readiness and sign-offs is missing."""
    move(platform)
    return platform


@pytest.fixture(autouse=True)
def unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages wait for what they show, however busy the machine is."""
    monkeypatch.setattr(shelf, "QUICK", 600.0)


@pytest.fixture
def room(moved: Platform) -> Iterator[Room]:
    def make() -> Platform:
        return Platform(moved.settings, moved.plan, moved.entities, suites=moved.suites)

    made = make_room(moved.settings, WAYS, make)
    yield made
    made.shelf.close()
    made.lender.close()


@pytest.fixture
def client(room: Room) -> TestClient:
    """Somebody who has not signed in."""
    return TestClient(make_app(room), base_url=room.settings.room_url, follow_redirects=False)


@pytest.fixture
def signed_in(client: TestClient, moved: Platform) -> SignedIn:
    """A client of a person who is signed in."""

    def enter(person: str) -> TestClient:
        held = begin_session(moved.store, person, None)
        other = TestClient(client.app, base_url=moved.settings.room_url, follow_redirects=False)
        other.cookies.set("session", held)
        return other

    return enter


def send(client: TestClient, page: str, url: str, **fields: str) -> httpx2.Response:
    """Send a form as the page that has it would."""
    found = SIGNATURE.search(client.get(page).text)
    assert found, f"{page} has no form"
    return client.post(url, data={"signature": found[1], **fields})


def folder_of(platform: Platform) -> Path:
    return platform.plan.file.parent
