"""Check outcomes: a pass only where something passed, and shares that hide no failure."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migration_platform.check import (
    CheckOutcome,
    ExpectationResult,
    Outcome,
    count_outcomes,
    format_percentage,
    overall_outcome,
)


def result(outcome: Outcome) -> ExpectationResult:
    return ExpectationResult("expect_something", "code", "Something holds.", outcome)


def check(*outcomes: Outcome) -> CheckOutcome:
    results = tuple(result(each) for each in outcomes)
    return CheckOutcome(
        cohort="pilot-a",
        entity="encounter",
        point="transformed",
        digest="d",
        suite_digest="s",
        outcome=overall_outcome(results),
        results=results,
        checked_at=datetime(2026, 6, 30, tzinfo=UTC),
    )


@pytest.mark.parametrize(
    ("results", "expected"),
    [
        ([], "not applicable"),
        (["not applicable"], "not applicable"),
        (["passed", "not applicable"], "passed"),
        (["passed", "error", "not applicable"], "error"),
        (["passed", "error", "failed"], "failed"),
    ],
)
def test_the_worst_result_is_the_suites_and_nothing_is_no_pass(
    results: list[Outcome], expected: Outcome
) -> None:
    assert overall_outcome([result(each) for each in results]) == expected


def test_an_outcome_knows_when_it_proves_nothing() -> None:
    assert check("passed").passed is True
    assert check("passed", "failed").passed is False
    assert check("error").passed is False
    assert check("not applicable").passed is None


def test_every_outcome_is_counted_also_those_that_did_not_occur() -> None:
    counts = count_outcomes([check("passed", "passed"), check("passed", "failed")])

    assert counts == {"failed": 1, "error": 0, "not applicable": 0, "passed": 3}


@pytest.mark.parametrize(
    ("part", "whole", "words"),
    [
        (3, 1204, "0.25 %"),
        (1, 2, "50 %"),
        (0, 1204, "0 %"),
        (1204, 1204, "100 %"),
        (1, 10_000_000, "< 0.01 %"),
        (9_999_999, 10_000_000, "> 99.99 %"),
        (0, 0, "nothing to compare"),
    ],
)
def test_shares_in_words(part: int, whole: int, words: str) -> None:
    assert format_percentage(part, whole) == words


@given(st.integers(min_value=1, max_value=10**12), st.data())
def test_only_none_is_0_percent_and_only_all_are_100(whole: int, data: st.DataObject) -> None:
    part = data.draw(st.integers(min_value=0, max_value=whole))

    words = format_percentage(part, whole)

    assert (words == "0 %") == (part == 0)
    assert (words == "100 %") == (part == whole)
