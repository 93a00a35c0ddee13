"""What is in force follows from the history alone."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from migration_platform.exception.ruling import (
    Act,
    digest_rulings,
    find_assignee,
    find_open_proposals,
    find_rulings,
    seal,
)

SEALED = ("propose", "merge", "exclude", "keep apart", "settle")


def act(number: int, action: str, token: str = "t1", **detail: Any) -> Act:
    sealed = {"seal": f"s{number}"} if action in SEALED else {}
    at = datetime(2026, 11, 21, tzinfo=UTC)
    return Act(number, "one", "patient", token, action, "Ada", "why", {**detail, **sealed}, at)


PROPOSED = act(1, "propose", column="NAME")
ACCEPTED = act(2, "accept", proposal=1)


def in_force(*acts: Act) -> list[tuple[int, str, str]]:
    return [(r.number, r.effect, r.about) for r in find_rulings(acts)]


def test_a_proposal_counts_once_it_is_accepted() -> None:
    assert in_force(PROPOSED) == []
    assert in_force(PROPOSED, ACCEPTED) == [(1, "correct", "NAME")]
    assert in_force(PROPOSED, act(2, "reject", proposal=1)) == []


def test_the_later_correction_of_a_column_counts() -> None:
    later = (act(3, "propose", column="NAME"), act(4, "accept", proposal=3))

    assert in_force(PROPOSED, ACCEPTED, *later) == [(3, "correct", "NAME")]


def test_a_merge_counts_once_it_is_accepted_and_ends_with_a_reopening() -> None:
    proposed, accepted = act(1, "merge", into="t2"), act(2, "accept", proposal=1)

    assert in_force(proposed) == []
    assert find_open_proposals([proposed]) == [proposed]
    assert in_force(proposed, accepted) == [(1, "merge", "t2")]
    assert in_force(proposed, accepted, act(3, "reopen")) == []


def test_of_two_decisions_on_where_a_record_goes_the_later_one_counts() -> None:
    merged = (act(1, "merge", into="t2"), act(2, "accept", proposal=1))
    corrected = (act(5, "propose", column="NAME"), act(6, "accept", proposal=5))

    assert in_force(*merged, act(3, "exclude")) == [(3, "exclude", "")]
    assert in_force(act(0, "keep apart"), *merged, *corrected) == [
        (1, "merge", "t2"),
        (5, "correct", "NAME"),
    ]


def test_an_exclusion_that_came_of_a_merge_says_so() -> None:
    assert in_force(act(1, "exclude", **{"while merged": True})) == [(1, "exclude", "while merged")]


def test_a_reopening_ends_what_was_decided_about_its_record_only() -> None:
    other = act(3, "exclude", token="t2")

    assert in_force(PROPOSED, ACCEPTED, other, act(4, "reopen")) == [(3, "exclude", "")]
    assert find_open_proposals([PROPOSED, act(2, "reopen")]) == []


def test_the_order_in_which_acts_are_read_does_not_matter() -> None:
    assert in_force(act(3, "reopen"), ACCEPTED, PROPOSED) == []


def test_the_digest_follows_what_is_in_force() -> None:
    nothing, corrected = find_rulings([PROPOSED]), find_rulings([PROPOSED, ACCEPTED])

    assert digest_rulings(nothing) == ""
    assert digest_rulings(corrected) == digest_rulings(find_rulings([ACCEPTED, PROPOSED]))
    assert digest_rulings(corrected) != digest_rulings(find_rulings([act(5, "exclude")]))


def test_the_newest_assignment_says_who_works_on_it() -> None:
    assert find_assignee([]) == ""
    assert find_assignee([act(1, "assign", to="Sam"), act(2, "assign", to="Kim")]) == "Kim"


def test_a_seal_tells_nothing_from_an_empty_text_and_one_record_from_another() -> None:
    seals = {
        seal(b"k", "patient", "a", "NAME", None),
        seal(b"k", "patient", "a", "NAME", ""),
        seal(b"k", "patient", "a", "NAME", "-"),
        seal(b"k", "patient", "b", "NAME", "-"),
        seal(b"k", "visit", "a", "NAME", "-"),
        seal(b"other", "patient", "a", "NAME", "-"),
    }

    assert len(seals) == 6
