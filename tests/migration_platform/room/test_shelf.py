"""What pages have worked out: kept while nothing changes, made anew when it does, slowly behind the page."""

from __future__ import annotations

import time

import pytest

from migration_platform.platform import Platform
from migration_platform.room import shelf as shelves
from migration_platform.room.lender import Lender
from migration_platform.room.shelf import Shelf
from tests.decisions import get_ready

NAME = ("how many",)


@pytest.fixture
def shelf(moved: Platform) -> Shelf:
    return Shelf(moved.settings, Lender(lambda: moved.renew()))


def count(platform: Platform) -> int:
    return len(platform.store.decisions())


def test_a_value_is_kept_until_somebody_writes(moved: Platform, shelf: Shelf) -> None:
    made = []

    def make(platform: Platform) -> int:
        made.append(1)
        return count(platform)

    before = shelf.read(moved, NAME, make)
    shelf.read(moved, NAME, make)
    assert len(made) == 1
    get_ready(moved, "pilot")
    time.sleep(0.2)

    assert shelf.read(moved, NAME, make) == before + 1
    shelf.close()


def test_what_takes_long_is_made_behind_the_page_and_is_there_soon(
    moved: Platform, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shelves, "QUICK", 0.0)
    before = shelf.read(moved, NAME, count)
    get_ready(moved, "pilot")

    at_once = shelf.read(moved, NAME, count)
    for _ in range(100):
        if shelf.read(moved, NAME, count) != before:
            break
        time.sleep(0.05)

    assert at_once == before
    assert shelf.read(moved, NAME, count) == before + 1
    shelf.close()


def test_what_is_too_old_is_made_before_it_is_shown(
    moved: Platform, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shelves, "QUICK", 0.0)
    monkeypatch.setattr(shelves, "OLDEST", 0.0)
    before = shelf.read(moved, NAME, count)
    get_ready(moved, "pilot")

    assert shelf.read(moved, NAME, count) == before + 1
    shelf.close()


def test_every_waves_evidence_is_there_once_the_server_has_started(
    moved: Platform, shelf: Shelf
) -> None:
    def refuse(platform: Platform) -> None:
        raise AssertionError("it was made anew")

    shelf.warm()

    for wave in moved.plan.waves:
        assert shelf.read(moved, ("evidence", wave.name), refuse) is not None
    shelf.close()
