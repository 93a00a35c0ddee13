"""Dates in each spelling."""

from __future__ import annotations

from datetime import date as Day

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from migration_platform.translation import date

REFUSED = (None, "not a date in an accepted spelling")


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("2024-03-09", (Day(2024, 3, 9), None)),
        (" 2024-03-09 ", (Day(2024, 3, 9), None)),
        ("03/09/2024", (Day(2024, 3, 9), None)),
        ("3/9/2024", (Day(2024, 3, 9), None)),
        ("09-Mar-2024", (Day(2024, 3, 9), None)),
        ("9-MAR-2024", (Day(2024, 3, 9), None)),
        ("2024-03-09T23:59:59Z", (Day(2024, 3, 9), None)),
        ("2024-02-29", (Day(2024, 2, 29), None)),
        ("", (None, None)),
        (None, (None, None)),
        ("2023-02-29", REFUSED),
        ("13/09/2024", REFUSED),  # the month comes first
        ("3/9/24", REFUSED),  # which century
        ("2024", REFUSED),
        ("20240309", REFUSED),
        ("yesterday", REFUSED),
    ],
)
def test_each_spelling(apply, text: str | None, read: tuple[Day | None, str | None]) -> None:
    assert apply(date("X"), [text]) == [read]


def test_a_year_is_its_first_or_last_day_where_the_entity_says_so(apply) -> None:
    assert apply(date("X", ("iso", "year start")), ["2015"]) == [(Day(2015, 1, 1), None)]
    assert apply(date("X", ("iso", "year end")), ["2015"]) == [(Day(2015, 12, 31), None)]


def test_a_word_for_none_is_no_value(apply) -> None:
    assert apply(date("X", absent=("9999-12-31",)), ["9999-12-31"]) == [(None, None)]


@settings(deadline=None, max_examples=50)
@given(st.lists(st.dates(min_value=Day(1850, 1, 1), max_value=Day(2100, 1, 1)), max_size=20))
def test_every_day_is_the_same_in_every_spelling(apply, days: list[Day]) -> None:
    for written in ("%Y-%m-%d", "%m/%d/%Y", "%d-%b-%Y", "%Y-%m-%dT04:05:06Z"):
        texts = [day.strftime(written) for day in days]

        assert apply(date("X"), texts) == [(day, None) for day in days]
