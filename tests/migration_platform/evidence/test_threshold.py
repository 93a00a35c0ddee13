"""Thresholds: judged exactly, and not measured is not fulfilled."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from migration_platform.evidence.readiness import find_undone
from migration_platform.evidence.threshold import exceeds, find_unfulfilled
from migration_platform.trigger.trigger import find_tripped

AT = datetime(2026, 11, 21, 12, tzinfo=UTC)


def document(measure: str, bound: str, value: str, **other: Any) -> dict[str, Any]:
    threshold = {"measure": measure, "bound": bound, "value": value}
    return {
        "wave": "pilot",
        "criteria": {"go": [threshold], "triggers": [threshold], "freshness_hours": 24},
        "accounting": [
            {"loaded": 1000, "extracted": 3000, "mismatched": 1, "missing": 0, "unexpected": 1}
        ],
        "checks": [{"cohort": "one", "bad": 1, "expectations": 300}],
        "exceptions": [
            {"due": [["2026-11-21T11:00:00+00:00", 2], ["2026-11-22T11:00:00+00:00", 1]]}
        ],
        "metrics": [
            {"cohort": "one", "name": "tickets", "baseline": "4", "value": "6.000001",
             "measured_at": "2026-11-21T10:00:00+00:00", "freshness_hours": 24}
        ],
        "cohorts": [{"name": "one", "missing_stages": [], "night": [],
                     "reconciled_at": "2026-11-21T10:00:00+00:00"}],
        "tripped_since": {},
        "search": None,
        **other,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("measure", "bound", "value", "fulfilled"),
    [
        ("differing records", "at_most", "2", True),
        ("differing records", "at_most", "1", False),
        ("differing records", "at_most_percent", "0.2", True),
        ("differing records", "at_most_percent", "0.1999999999", False),
        ("failed expectations", "at_most", "0", False),
        ("failed expectations", "at_most_percent", "0.3333333333333333", False),
        ("failed expectations", "at_most_percent", "0.3333333333333334", True),
        ("open exceptions", "at_most", "3", True),
        ("open exceptions", "at_most", "2", False),
        ("open exceptions", "at_most_percent", "0.1", True),
        ("overdue exceptions", "at_most", "2", True),
        ("overdue exceptions", "at_most", "1", False),
        ("tickets", "at_most_percent", "150", False),
        ("tickets", "at_most_percent", "150.000025", True),
        ("tickets", "at_most", "6.000001", True),
        ("tickets", "at_least", "6.000002", False),
        ("tickets", "at_least_percent", "150", True),
    ],
)
def test_a_threshold_is_judged_to_the_last_digit(
    measure: str, bound: str, value: str, fulfilled: bool
) -> None:
    found = document(measure, bound, value)

    assert (list(find_unfulfilled(found, AT)) == []) is fulfilled
    assert (list(find_tripped(found, AT)) == []) is fulfilled


@pytest.mark.parametrize(
    ("measure", "kind", "most", "fulfilled"),
    [
        ("open exceptions", "duplicate", 1, True),
        ("open exceptions", "waiting", 1, False),
        ("open exceptions", "", 2, False),
        ("overdue exceptions", "duplicate", 0, False),
        ("overdue exceptions", "waiting", 0, True),
        ("hours of the oldest exception", "", 26, True),
        ("hours of the oldest exception", "", 25, False),
        ("hours of the oldest exception", "waiting", 1, True),
        ("hours of the oldest exception", "waiting", 0, False),
        ("hours of the oldest exception", "difference", 0, True),
    ],
)
def test_backlog_breaches_and_age_are_judged_for_one_kind_or_all(
    measure: str, kind: str, most: int, fulfilled: bool
) -> None:
    found = document(measure, "at_most", str(most))
    found["criteria"]["go"][0]["kind"] = kind
    found["exceptions"] = [
        # A second more than 25 hours is a begun 26th hour.
        {"kind": "duplicate", "opened": "2026-11-20T10:59:59+00:00",
         "due": [["2026-11-21T11:00:00+00:00", 1]]},
        {"kind": "waiting", "opened": "2026-11-21T11:00:00+00:00",
         "due": [["2026-11-22T11:00:00+00:00", 2]]},
    ]  # fmt: skip

    assert (list(find_unfulfilled(found, AT)) == []) is fulfilled


def test_an_exception_becomes_overdue_by_the_clock_alone() -> None:
    found = document("overdue exceptions", "at_most", "2")
    later = datetime(2026, 11, 22, 11, 0, 1, tzinfo=UTC)

    assert list(find_unfulfilled(found, AT)) == []
    [reason] = find_unfulfilled(found, later)
    assert reason == "overdue exceptions: 3, and the wave's criteria ask for at most 2"


def test_a_figure_that_was_never_recorded_fulfils_nothing_and_trips_nothing() -> None:
    found = document("tickets", "at_most", "1")
    found["metrics"][0] |= {"value": None, "measured_at": None}

    [reason] = find_unfulfilled(found, AT)
    assert reason == (
        'tickets of cohort one has not been recorded: `migration metric one "tickets" VALUE`'
    )
    assert list(find_tripped(found, AT)) == []


def test_a_figure_older_than_the_freshness_limit_fulfils_nothing() -> None:
    found = document("tickets", "at_most", "10")

    [reason] = find_unfulfilled(found, datetime(2026, 11, 22, 10, 0, 1, tzinfo=UTC))

    assert "was measured more than 24 hours ago" in reason


def test_no_rounding_lets_a_record_through() -> None:
    assert exceeds(23, 1000, 2.3) is False
    assert exceeds(24, 1000, 2.3) is True
    assert exceeds(1, 10**12, 0) is True
    assert exceeds(2_000_001, 10**8, 2.0) is True


def test_items_that_are_not_done_are_named_with_their_owner() -> None:
    item = {"owner": "operations lead", "says": "…", "done": None}
    found = {
        "wave": "pilot",
        "readiness": [
            {**item, "name": "told", "due": "2026-12-01"},
            {**item, "name": "trained", "due": "2026-11-20"},
            {**item, "name": "agreed", "due": "2026-11-01", "done": {"person": "Ada"}},
        ],
    }

    [reason] = find_undone(found, AT)

    assert reason == (
        "not ready: trained, told (operations lead, 1 late, the first was due 2026-11-20): "
        "`migration ready pilot trained told`"
    )


def test_a_wave_without_items_is_not_ready() -> None:
    [reason] = find_undone({"wave": "pilot", "readiness": []}, AT)

    assert reason.startswith("no readiness item is declared for wave pilot")


SEARCHED = {"read_at": "2026-11-21T09:00:00+00:00", "records": 3000, "changed": []}


@pytest.mark.parametrize(
    ("search", "says"),
    [
        (SEARCHED, None),
        (None, "is not known: nobody has searched for duplicates (`migration duplicates find`)"),
        (
            {**SEARCHED, "changed": ["one", "two"]},
            "is not known: since duplicates were searched for (2026-11-21 09:00 UTC), patients changed at "
            "the source, or it cannot be told whether they did, as the extract of cohort one and 1 more "
            "saw: `migration duplicates find`",
        ),
        (
            {**SEARCHED, "read_at": "2026-11-20T11:59:59+00:00"},
            "is not known: more than 24 hours have passed since duplicates were searched for (2026-11-20 "
            "11:59 UTC): `migration duplicates find`",
        ),
        ({**SEARCHED, "read_at": "2026-11-20T12:00:00+00:00"}, None),
        (
            {**SEARCHED, "read_at": "2026-11-21T12:06:00+00:00"},
            "is not known: the search is dated in the future: set the clock, then `migration duplicates "
            "find`",
        ),
    ],
)
def test_possible_duplicates_are_known_only_by_a_search_of_the_patients_there_are(
    search: dict[str, Any] | None, says: str | None
) -> None:
    asked = {
        "measure": "open exceptions", "kind": "possible duplicate", "bound": "at_most", "value": "0",
    }  # fmt: skip
    criteria = {"go": [asked], "triggers": [], "freshness_hours": 24}
    found = document("", "", "", criteria=criteria, exceptions=[], search=search)

    reasons = list(find_unfulfilled(found, AT))

    assert reasons == ([f"open exceptions of kind 'possible duplicate' {says}"] if says else [])
