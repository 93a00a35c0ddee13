"""Accounting: the sums of DESIGN.md, each of which must be able to fail."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migration_platform.accounting import Account

GOOD = Account(
    "c", "e", extracted=10, loaded=6, archived=2, excluded=1, excepted=1,
    matched=6, mismatched=0, missing=0, unexpected=0, found=6,
)  # fmt: skip


def test_an_account_whose_sums_hold_balances() -> None:
    assert (GOOD.balanced, GOOD.clean, GOOD.differences) == (True, True, ())


@pytest.mark.parametrize(
    "field",
    ["extracted", "loaded", "archived", "excluded", "excepted", "matched", "missing",
     "mismatched", "unexpected", "found"],
)  # fmt: skip
def test_one_record_more_in_any_count_unbalances_it(field: str) -> None:
    off = replace(GOOD, **{field: getattr(GOOD, field) + 1})

    assert off.balanced is False
    assert off.differences


def test_a_difference_leaves_the_sums_whole_and_is_not_clean() -> None:
    differing = replace(GOOD, matched=5, mismatched=1)

    assert (differing.balanced, differing.clean) == (True, False)


def test_nothing_to_balance_is_neither_true_nor_false() -> None:
    nothing = replace(GOOD, **dict.fromkeys(("extracted", "loaded", "archived", "excluded", "excepted", "matched", "found"), 0))  # fmt: skip

    assert nothing.balanced is None
    assert replace(GOOD, applicable=False).balanced is None
    assert replace(GOOD, found=None, matched=None).balanced is None


@given(st.lists(st.integers(0, 1000), min_size=7, max_size=7))
def test_counts_that_add_up_by_construction_always_balance(n: list[int]) -> None:
    matched, mismatched, missing, unexpected, archived, excluded, excepted = n
    loaded = matched + mismatched + missing
    account = Account(
        "c", "e", extracted=loaded + archived + excluded + excepted, loaded=loaded,
        archived=archived, excluded=excluded, excepted=excepted, matched=matched,
        mismatched=mismatched, missing=missing, unexpected=unexpected,
        found=matched + mismatched + unexpected,
    )  # fmt: skip

    assert account.differences == ()
