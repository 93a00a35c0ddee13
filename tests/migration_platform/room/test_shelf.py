"""What pages have worked out: kept while nothing changes, made anew when it does, slowly behind the page."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from migration_platform.errors import ConfigurationError
from migration_platform.evidence.evidence import Evidence
from migration_platform.platform import Platform
from migration_platform.room import shelf as shelves
from migration_platform.room.app import Room
from migration_platform.room.lender import Lender
from migration_platform.room.route.wave import say_since
from migration_platform.room.shelf import Seen, Shelf
from tests.decisions import get_ready
from tests.migration_platform.room.conftest import SignedIn, folder_of

NAME = ("how many",)


@pytest.fixture
def shelf(moved: Platform) -> Iterator[Shelf]:
    made = Shelf(moved.settings, Lender(lambda: moved.renew()))
    yield made
    made.close()


def count(platform: Platform) -> int:
    return len(platform.store.decisions())


def test_a_value_is_kept_until_somebody_writes(moved: Platform, shelf: Shelf) -> None:
    made = []

    def make(platform: Platform) -> int:
        made.append(1)
        return count(platform)

    before = shelf.read(moved, NAME, make).value
    shelf.read(moved, NAME, make)
    assert len(made) == 1
    get_ready(moved, "pilot")
    time.sleep(0.2)

    after = shelf.read(moved, NAME, make)

    assert (after.value, after.freshness) == (before + 1, "fresh")


def test_what_takes_long_is_shown_as_it_was_and_put_together_anew_behind_the_page(
    moved: Platform, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shelves, "QUICK", 0.0)
    before = shelf.read(moved, NAME, count)
    get_ready(moved, "pilot")

    at_once = shelf.read(moved, NAME, count)
    soon = wait_until_fresh(moved, shelf)

    assert (at_once.value, at_once.at, at_once.freshness) == (before.value, before.at, "renewing")
    assert soon.value == before.value + 1
    assert soon.at > before.at


def test_what_is_too_old_is_shown_at_once_and_said_to_be_too_old(
    moved: Platform, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shelves, "QUICK", 0.0)
    monkeypatch.setattr(shelves, "OLDEST", 0.0)
    before = shelf.read(moved, NAME, count)
    get_ready(moved, "pilot")

    at_once = shelf.read(moved, NAME, count)

    assert (at_once.value, at_once.freshness) == (before.value, "outdated")
    assert wait_until_fresh(moved, shelf).value == before.value + 1


def test_what_rests_on_files_that_say_something_else_now_is_too_old(
    moved: Platform, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shelves, "QUICK", 0.0)
    shelf.read(moved, NAME, count)
    with (folder_of(moved) / "people.toml").open("a") as file:
        file.write("# one line more\n")

    assert shelf.read(moved, NAME, count).freshness == "outdated"


def test_what_could_not_be_put_together_behind_the_page_fails_before_the_reader(
    moved: Platform, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shelves, "QUICK", 0.0)

    def fail(platform: Platform) -> int:
        raise ConfigurationError("waves.toml: cannot be read")

    shelf.read(moved, NAME, count)
    get_ready(moved, "pilot")
    shelf.read(moved, NAME, fail)
    while shelf.busy:
        time.sleep(0.01)

    with pytest.raises(ConfigurationError):
        shelf.read(moved, NAME, fail)


def test_what_was_begun_before_a_decision_is_not_kept_after_it(
    moved: Platform, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shelves, "QUICK", 0.0)

    def decide_meanwhile(platform: Platform) -> int:
        found = count(platform)
        get_ready(platform, "pilot")
        shelf.forget()
        return found

    name = ("evidence", "pilot")
    before = shelf.read(moved, name, decide_meanwhile).value

    assert shelf.read(moved, name, count).value == before + 1


def test_after_a_decision_evidence_that_takes_long_is_shown_as_too_old_and_not_waited_for(
    moved: Platform, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shelves, "QUICK", 0.0)
    monkeypatch.setattr(shelves, "PATIENCE", 0.0)
    name = ("evidence", "pilot")
    before = shelf.read(moved, name, count)
    get_ready(moved, "pilot")

    shelf.forget()
    at_once = shelf.read(moved, name, count)
    while (soon := shelf.read(moved, name, count)).freshness != "fresh":
        time.sleep(0.05)

    assert (at_once.value, at_once.freshness) == (before.value, "outdated")
    assert soon.value == before.value + 1


def test_every_waves_evidence_and_what_else_takes_long_is_there_once_the_server_has_started(
    moved: Platform, shelf: Shelf
) -> None:
    def refuse(platform: Platform) -> None:
        raise AssertionError("it was made anew")

    described = []

    def note(platform: Platform, seen: Evidence) -> str:
        described.append(seen.wave)
        return f"all of {seen.wave}"

    shelf.warm({NAME: count}, note)

    assert described == [wave.name for wave in moved.plan.waves]
    pilot = shelf.evidence(moved, "pilot").value
    assert shelf.describe(pilot, lambda seen: "made anew") == "all of pilot"
    for name in [*(("evidence", wave.name) for wave in moved.plan.waves), NAME]:
        assert shelf.read(moved, name, refuse).value is not None


def test_on_evidence_that_is_too_old_nobody_signs_and_the_page_says_so(
    moved: Platform, room: Room, signed_in: SignedIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    get_ready(moved, "pilot")
    ada = signed_in("Ada")
    fresh = ada.get("/waves/pilot").text
    monkeypatch.setattr(shelves, "QUICK", 0.0)
    monkeypatch.setattr(shelves, "OLDEST", 0.0)
    moved.store.start("one", "visit", "load")
    time.sleep(0.2)

    old = ada.get("/waves/pilot").text
    while "put together anew" in (new := ada.get("/waves/pilot").text):
        time.sleep(0.05)

    assert "Sign this evidence" in fresh
    assert "Something has changed since" in old
    assert "too old to decide on" in old
    assert "Sign this evidence" not in old
    assert "Hold wave pilot" in old  # which rests on no evidence
    assert "Sign this evidence" in new


def test_a_page_says_as_of_when_the_oldest_is_that_is_not_as_things_are() -> None:
    at = datetime(2026, 11, 21, 19, tzinfo=UTC)
    fresh, renewing = Seen(1, at, "fresh"), Seen(2, at.replace(hour=20), "renewing")
    outdated = Seen(3, at.replace(hour=21), "outdated")

    said = say_since(fresh, renewing, outdated)

    assert said == {"as_of": renewing.at, "freshness": "outdated"}
    assert say_since(fresh) == {"as_of": at, "freshness": "fresh"}


def wait_until_fresh(platform: Platform, shelf: Shelf) -> Seen[int]:
    for _ in range(600):
        seen = shelf.read(platform, NAME, count)
        if seen.freshness == "fresh":
            return seen
        time.sleep(0.05)
    raise TimeoutError(NAME)
