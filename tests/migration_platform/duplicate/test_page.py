"""A patient who is registered twice, on the pages: compared, merged by two persons."""

from __future__ import annotations

import threading
import time

import pytest

from migration_platform.duplicate.pair_store import newest_search
from migration_platform.exception.ruling import find_rulings
from migration_platform.exception.store import acts_on
from migration_platform.platform import Platform
from migration_platform.room.app import Room
from migration_platform.room.errand import Ended, Tell
from tests.migration_platform.duplicate.clinic import mark, move, search
from tests.migration_platform.room.conftest import (
    SIGNATURE,
    SignedIn,
    client,
    room,
    send,
    signed_in,
)

__all__ = ["client", "room", "signed_in"]


@pytest.fixture
def moved(platform: Platform) -> Platform:
    """The clinic moved and searched."""
    move(platform)
    search(platform)
    return platform


def test_a_merge_is_proposed_after_a_look_at_both_and_accepted_by_another(
    moved: Platform, signed_in: SignedIn
) -> None:
    cleo, ada = signed_in("Cleo"), signed_in("Ada")
    own, other = mark(moved, "anna-2"), mark(moved, "anna-1")
    page = f"/exceptions/{own}"

    before = cleo.get(page).text
    compared = send(cleo, page, f"{page}/values", reason="may be one person").text
    sent = send(
        cleo,
        page,
        f"{page}/merge",
        other=other,
        stays="other",
        reason="the clinic knows her by both names",
    )
    [proposed] = acts_on(moved.store, own)
    accepted = send(ada, page, f"{page}/accept", proposal=str(proposed.number), reason="compared")

    assert other in before
    assert "Bergstrom" not in before
    assert "<mark>Bergstrom</mark>" in compared
    assert (sent.status_code, accepted.status_code) == (303, 303)
    assert [(a.action, a.person) for a in acts_on(moved.store, own)] == [
        ("merge", "Cleo"),
        ("accept", "Ada"),
    ]


def test_who_stands_in_no_pair_cannot_be_merged_into(moved: Platform, signed_in: SignedIn) -> None:
    cleo, own = signed_in("Cleo"), mark(moved, "anna-2")
    page = f"/exceptions/{own}"

    refused = send(
        cleo,
        page,
        f"{page}/merge",
        other=mark(moved, "p03"),
        stays="other",
        reason="it looks alike",
    )

    assert refused.status_code == 400
    assert acts_on(moved.store, own) == []


def test_who_stays_is_chosen_on_the_page_and_another_accepts_exactly_that(
    moved: Platform, signed_in: SignedIn
) -> None:
    cleo, ada = signed_in("Cleo"), signed_in("Ada")
    own, other = mark(moved, "anna-2"), mark(moved, "anna-1")
    page, there = f"/exceptions/{own}", f"/exceptions/{other}"

    seen = send(cleo, page, f"{page}/values", reason="may be one person").text
    undecided = send(cleo, page, f"{page}/merge", other=other, stays="", reason="same papers")
    sent = send(cleo, page, f"{page}/merge", other=other, stays="this", reason="same papers")
    [_, proposed] = acts_on(moved.store, other)
    told = ada.get(page).text
    accepted = send(ada, there, f"{there}/accept", proposal=str(proposed.number), reason="called")

    assert f'<option value="this">this one, {own}</option>' in seen
    assert undecided.status_code == 400
    assert (sent.status_code, sent.headers["location"]) == (303, there)
    assert (proposed.action, proposed.detail["into"]) == ("merge", own)
    assert f"proposal {proposed.number} merges it into this one" in told
    assert accepted.status_code == 303
    assert [(r.token, r.about) for r in find_rulings(acts_on(moved.store, other))] == [(other, own)]


def test_a_pair_that_the_search_missed_is_proposed_on_the_page_and_waits(
    moved: Platform, signed_in: SignedIn
) -> None:
    cleo, own, other = signed_in("Cleo"), mark(moved, "p01"), mark(moved, "p07")
    fields = {"record": own, "other": other, "reason": "the clinic knows both"}

    unknown = send(cleo, "/duplicates", "/duplicates/pairs", **{**fields, "other": "0" * 16})
    sent = send(cleo, "/duplicates", "/duplicates/pairs", **fields)
    pairs, waiting = cleo.get("/duplicates").text, cleo.get(f"/exceptions/{own}").text

    assert unknown.status_code == 400
    assert (sent.status_code, sent.headers["location"]) == (303, f"/exceptions/{own}")
    assert [(a.action, a.detail) for a in acts_on(moved.store, own)] == [("pair", {"with": other})]
    assert "proposed by Cleo" in pairs
    assert f'href="/exceptions/{own}"' in pairs
    assert "possible duplicate" in waiting
    assert other in waiting


def test_a_search_begun_on_the_page_ends_in_the_pairs_that_it_found(
    moved: Platform, signed_in: SignedIn, room: Room
) -> None:
    cleo = signed_in("Cleo")
    before = newest_search(moved.store)
    assert before is not None

    begun = send(cleo, "/duplicates", "/duplicates")
    while room.errands.running(""):
        time.sleep(0.05)
    ended, page = cleo.get(begun.headers["location"]).text, cleo.get("/duplicates").text
    after = newest_search(moved.store)

    assert after is not None
    assert after.number == before.number + 1
    assert "Search for duplicates is done." in ended
    assert "may be a second registration" in ended
    assert f'href="/exceptions/{mark(moved, "anna-2")}"' in page
    assert "Bergstrom" not in page


def test_one_search_runs_at_a_time_and_its_page_says_so(
    moved: Platform, signed_in: SignedIn, room: Room
) -> None:
    go_on, ada = threading.Event(), signed_in("Cleo")

    def work(platform: Platform, tell: Tell) -> Ended:
        go_on.wait(30)
        return Ended(())

    before = ada.get("/duplicates").text
    number = room.errands.begin("Search for duplicates", "", "Bob", work)
    page = ada.get("/duplicates").text
    signature = SIGNATURE.search(page)
    assert signature
    again = ada.post("/duplicates", data={"signature": signature[1]})
    go_on.set()

    assert 'action="/duplicates"' in before
    assert 'action="/duplicates"' not in page
    assert f'href="/errands/{number}"' in page
    assert "begun by Bob" in page
    assert again.status_code == 409
    assert "Bob has begun this already" in again.text
