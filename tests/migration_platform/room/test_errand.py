"""What takes a while says how far it is, on its own page and on that of its wave, with or without a script."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from migration_platform.platform import Platform
from migration_platform.progress import CohortProgress
from migration_platform.room.app import Room
from migration_platform.room.errand import Ended, Tell
from tests.migration_platform.room.conftest import SignedIn

AGAIN = '<noscript><meta http-equiv="refresh"'


@pytest.fixture
def under_way(room: Room) -> Iterator[tuple[str, threading.Event]]:
    """A run that is 3 of 8 stages far until it is let go on: its page, and what lets it."""
    told, go_on = threading.Event(), threading.Event()

    def work(platform: Platform, tell: Tell) -> Ended:
        far = CohortProgress("one", 3, 8, loaded=2, now=("load of visit",))
        tell("Stages that have ended", 3, 8, (far,))
        told.set()
        go_on.wait(30)
        return Ended(("Cohort one passed.",))

    number = room.errands.begin("Run wave pilot", "pilot", "Cleo", work)
    assert told.wait(30)
    yield f"/errands/{number}", go_on
    go_on.set()


def test_a_run_shows_its_share_its_stage_and_its_records_and_is_looked_at_again_without_a_script(
    signed_in: SignedIn, under_way: tuple[str, threading.Event]
) -> None:
    url, _ = under_way

    page = signed_in("Ada").get(url).text

    assert "Stages that have ended: 3 of 8, 37 %" in page
    assert '<progress max="8" value="3"' in page
    assert "load of visit" in page
    assert AGAIN in page


def test_the_page_of_its_wave_leads_to_it_while_it_runs_and_not_after(
    room: Room, signed_in: SignedIn, under_way: tuple[str, threading.Event]
) -> None:
    url, go_on = under_way
    ada = signed_in("Ada")

    running = ada.get("/waves/pilot").text
    go_on.set()
    while room.errands.running("pilot"):
        go_on.wait(0.01)
    ended, wave = ada.get(url).text, ada.get("/waves/pilot").text

    assert f'href="{url}"' in running
    assert "3 of 8, 37 %" in running
    assert AGAIN not in running  # there are forms on it: nobody's words are taken away
    assert "Run wave pilot is done." in ended
    assert "Cohort one passed." in ended
    assert AGAIN not in ended
    assert url not in wave


def test_what_runs_for_a_wave_is_seen_whoever_began_it(
    signed_in: SignedIn, moved: Platform
) -> None:
    ada = signed_in("Ada")
    before = ada.get("/waves/pilot").text
    moved.store.start("one", "visit", "load")
    time.sleep(0.2)

    wave, cohort = ada.get("/waves/pilot").text, ada.get("/cohorts/one").text

    assert "load of visit" not in before
    assert "load of visit" in wave
    assert "Cohort one is running: 7 of 8 stages have ended." in cohort
    assert AGAIN in cohort
