"""A patient who is registered twice, on the pages: compared, merged by two persons."""

from __future__ import annotations

import pytest

from migration_platform.exception_store import acts_on
from migration_platform.platform import Platform
from migration_platform.ruling import find_rulings
from tests.migration_platform.duplicate.clinic import mark, move, search
from tests.migration_platform.room.conftest import SignedIn, client, send, signed_in

__all__ = ["client", "signed_in"]


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
