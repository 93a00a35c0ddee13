"""Amounts and numbers: exact, or refused."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from migration_platform.translation import decimal, integer, money, number_within

NO_MONEY = (
    None,
    "not an amount of money with at most 12 digits before and 6 after the point",
)
NO_NUMBER = (None, "not a number with at most 12 digits before and 6 after the point")


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("1234.5", (Decimal("1234.5"), None)),
        ("$1,234.50", (Decimal("1234.50"), None)),
        ("$1,234,567.89", (Decimal("1234567.89"), None)),
        ("(12.00)", (Decimal("-12"), None)),
        ("($1,200)", (Decimal("-1200"), None)),
        ("-$5", (Decimal("-5"), None)),
        ("$-5", (Decimal("-5"), None)),
        ("$ 5", (Decimal("5"), None)),
        ("USD 12.00", (Decimal("12"), None)),
        ("12.00 usd", (Decimal("12"), None)),
        (".50", (Decimal("0.5"), None)),
        ("0.0000010", (Decimal("0.000001"), None)),
        ("999999999999.999999", (Decimal("999999999999.999999"), None)),
        ("", (None, None)),
        (None, (None, None)),
        ("0.0000001", NO_MONEY),
        ("1000000000000", NO_MONEY),
        ("1,23", NO_MONEY),
        ("1.234,50", NO_MONEY),
        ("--5", NO_MONEY),
        ("(-5)", NO_MONEY),
        ("€5", NO_MONEY),
        ("$", NO_MONEY),
        ("free", NO_MONEY),
    ],
)
def test_money(apply, text: str | None, read: Any) -> None:
    assert apply(money("X"), [text]) == [read]


cents = st.integers(min_value=-(10**13), max_value=10**13)


@settings(deadline=None, max_examples=50)
@given(st.lists(cents, max_size=20))
def test_money_is_exact_to_the_cent_however_it_is_written(apply, amounts: list[int]) -> None:
    values = [Decimal(each).scaleb(-2) for each in amounts]
    spellings = (
        [f"{v:.2f}" for v in values],
        [f"{'-' if v < 0 else ''}${abs(v):,.2f}" for v in values],
        [f"({abs(v):,.2f})" if v < 0 else f"{v:,.2f}" for v in values],
    )

    for texts in spellings:
        assert apply(money("X"), texts) == [(v, None) for v in values]


@settings(deadline=None, max_examples=50)
@given(st.decimals(min_value=-(10**11), max_value=10**11, places=6))
def test_a_decimal_is_exact_to_the_sixth_digit(apply, value: Decimal) -> None:
    assert apply(decimal("X"), [f"{value:f}"]) == [(value, None)]


@pytest.mark.parametrize("text", ["1e5", "1,000", "NaN", ".", "-", "0.1234567", "1 2"])
def test_what_is_no_plain_number_is_refused(apply, text: str) -> None:
    assert apply(decimal("X"), [text]) == [NO_NUMBER]


def test_a_value_that_may_be_words_is_a_number_only_where_it_is_one(apply) -> None:
    assert apply(number_within("X"), ["6.3", "-1", "Never smoker", "", None]) == [
        (Decimal("6.3"), None),
        (Decimal("-1"), None),
        (None, None),
        (None, None),
        (None, None),
    ]


@pytest.mark.parametrize("text", ["0.1234567", "1234567890123"])
def test_a_number_that_cannot_be_kept_is_not_taken_for_words(apply, text: str) -> None:
    assert apply(number_within("X"), [text]) == [NO_NUMBER]


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("3", (3, None)),
        ("03", (3, None)),
        ("-1", (-1, None)),
        ("12.0", (12, None)),
        ("", (None, None)),
        ("12.5", (None, "not a whole number")),
        ("3 tablets", (None, "not a whole number")),
        ("99999999999999999999", (None, "not a whole number")),
    ],
)
def test_whole_numbers(apply, text: str, read: Any) -> None:
    assert apply(integer("X"), [text]) == [read]
