"""The expectation report: its first line, its order, its numbers, and what it never does."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from html.parser import HTMLParser

import pytest

from migration_platform.check import (
    CheckOutcome,
    ExpectationResult,
    Outcome,
    Point,
    overall_outcome,
)
from migration_platform.report import render_cohort_report
from migration_platform.report.expectation_report import describe_result, state_verdict

NOW = datetime(2026, 6, 30, 8, 15, tzinfo=UTC)


def expected(
    outcome: Outcome = "passed",
    sentence: str = "Every encounter is coded.",
    counts: tuple[int | None, int | None, int | None] = (1204, 0, 0),
    *,
    expectation: str = "expect_column_values_to_not_be_null",
    error: str = "",
) -> ExpectationResult:
    return ExpectationResult(expectation, "code", sentence, outcome, *counts, error)


def checked(entity: str, point: Point, *results: ExpectationResult) -> CheckOutcome:
    return CheckOutcome(
        cohort="pilot-a",
        entity=entity,
        point=point,
        digest="0123456789abcdef" * 4,
        suite_digest="fedcba9876543210" * 4,
        outcome=overall_outcome(results),
        results=results,
        checked_at=NOW,
    )


def both(entity: str, *results: ExpectationResult) -> list[CheckOutcome]:
    return [checked(entity, "transformed", *results), checked(entity, "destination", *results)]


def verdict(outcomes: list[CheckOutcome], absent: Mapping[str, str] | None = None) -> str:
    return state_verdict("pilot-a", outcomes, absent or {}).sentence


def render(outcomes: list[CheckOutcome], absent: Mapping[str, str] | None = None) -> str:
    return render_cohort_report("pilot-a", "pilot", outcomes, absent or {}, NOW, {"GX": "1.24.1"})


def text_of(html: str) -> str:
    """The words of a page, without its style and its tags."""
    body = re.sub(r"(?s)<style>.*?</style>", "", html)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", body)).replace("&lt;", "<")


def test_failures_are_counted_and_located_first() -> None:
    outcomes = [
        *both("patient", expected()),
        *both("payment", expected("failed")),
        checked("encounter", "transformed", expected("failed"), expected("passed", "Other.")),
    ]

    assert verdict(outcomes) == (
        "Cohort pilot-a: 3 of 6 expectations failed, in payment and encounter"
    )


def test_errors_are_not_failures() -> None:
    outcomes = [*both("patient", expected()), *both("claim", expected("error"))]

    assert verdict(outcomes) == (
        "Cohort pilot-a: 2 of 4 expectations could not be checked, in claim"
    )


def test_all_passed_says_so() -> None:
    assert verdict(both("patient", expected())) == "Cohort pilot-a: all 2 expectations passed"


def test_what_had_nothing_to_check_does_not_count_as_passed() -> None:
    outcomes = both("patient", expected(), expected("not applicable", "Other.", (9, 0, 9)))

    assert verdict(outcomes) == (
        "Cohort pilot-a: all 2 expectations that had something to check passed"
    )


def test_what_was_not_run_in_the_destination_is_no_pass() -> None:
    outcomes = [checked("patient", "transformed", expected())]

    stated = state_verdict("pilot-a", outcomes, {})

    assert stated.state == "not run"
    assert stated.sentence == (
        "Cohort pilot-a: its only expectation passed, but not all have been run"
    )
    assert "Not run in the destination: patient." in stated.rest


def test_nothing_at_all_is_not_run() -> None:
    assert verdict([]) == "Cohort pilot-a: not run, nothing has been checked yet"


def test_only_empty_batches_are_nothing_to_check() -> None:
    outcomes = both("patient", expected("not applicable", counts=(None, None, None)))

    assert verdict(outcomes) == "Cohort pilot-a: nothing to check, no record was mapped"


@pytest.mark.parametrize(
    ("result", "words"),
    [
        (expected("failed", counts=(1204, 3, 0)), "3 of 1,204 records (0.25 %) break it"),
        (
            expected("failed", counts=(1204, 3, 4)),
            "3 of 1,200 records with a value (0.25 %) break it",
        ),
        (expected("failed", counts=(10**7, 1, 0)), "1 of 10,000,000 records (< 0.01 %) break it"),
        (expected(counts=(5, 0, 0)), "0 of 5 records break it"),
        (expected(counts=(100, 2, 0)), "2 of 100 records (2 %) break it, no more than allowed"),
        (expected("not applicable", counts=(7, 0, 7)), "none of 7 records has a value"),
        (expected("not applicable", counts=(None, None, None)), "there is no record"),
        (expected("error", error="UndefinedColumn"), "UndefinedColumn was raised"),
        (expected("failed", counts=(None, None, None)), "it does not hold"),
    ],
)
def test_a_result_in_words(result: ExpectationResult, words: str) -> None:
    assert describe_result(result).replace("\N{NO-BREAK SPACE}", " ") == words


def test_records_that_are_missing_and_too_many_are_told_apart() -> None:
    counting = "expect_table_row_count_to_equal"

    missing = expected("failed", counts=(7, 3, 3), expectation=counting)
    surplus = expected("failed", counts=(13, 3, 0), expectation=counting)

    assert describe_result(missing) == "7 found, 3 missing"
    assert describe_result(surplus) == "13 found, 3 too many"


def test_failed_come_first_then_errors_then_nothing_to_check_then_passed() -> None:
    outcomes = [
        *both("allergy", expected()),
        *both("condition", expected("not applicable")),
        *both("payment", expected("error")),
        *both("procedure", expected("failed")),
    ]

    overview = render(outcomes, {"claim": "The source has no table claims."})
    overview = overview[overview.index('id="entities"') : overview.index('id="expectations"')]

    names = re.findall(r'<th scope="row">(?:<a href="#\w+">)?(\w+)', overview)
    assert names == ["procedure", "payment", "condition", "claim", "allergy"]


def test_the_numbers_on_the_page_add_up() -> None:
    outcomes = both("a", expected("failed"), expected("error", "B."), expected("passed", "C."))

    total, *parts = map(int, re.findall(r"<dd>(\d+)</dd>", render(outcomes)))

    assert (total, sum(parts)) == (6, 6)


def test_zero_not_run_and_nothing_to_check_look_different() -> None:
    outcomes = [
        checked("patient", "transformed", expected(), expected("not applicable", "B.", (9, 0, 9)))
    ]

    words = text_of(render(outcomes))

    assert "0 of 1,204 records" in words
    assert "not run" in words
    assert "nothing to check none of 9 records has a value" in words


def test_an_entity_that_the_source_lacks_stands_there_with_the_reason() -> None:
    html = render(both("patient", expected()), {"claim": "The source has no table claims."})

    assert "claim not applicable The source has no table claims." in text_of(html)


def test_state_is_a_word_and_a_shape_wherever_it_is() -> None:
    html = render([*both("a", expected("failed")), *both("b", expected())])

    marks = re.findall(r'<span class="state is-([\w-]+)">(.*?)</span>', html)

    assert marks
    for state, inside in marks:
        assert f"#shape-{state}" in inside
        assert re.sub(r"<[^>]+>", "", inside).strip()


def test_provenance_comes_last_with_digests_and_zones() -> None:
    words = text_of(render(both("patient", expected())))

    assert words.index("Where this comes from") > words.index("Every expectation")
    assert "0123456789abcdef" in words
    assert "fedcba9876543210" in words
    assert "2026-06-30 08:15:00 UTC" in words
    assert words.rstrip().endswith("GX 1.24.1")


def test_a_page_needs_nothing_else_and_runs_nothing() -> None:
    html = render(both("patient", expected("failed")))

    assert not re.search(r"(?i)<script|javascript:|\bon\w+=|@import|<link|<img|<iframe", html)
    assert not re.search(r"(?i)(src|href|url)\s*[=(]\s*[\"']?(?!#)[\w/.]", html)
    assert "http" not in html.replace("http-equiv", "")


def test_what_looks_like_markup_is_text() -> None:
    html = render(both("patient", expected("failed", "<b onmouseover=x>Every</b> name.")))

    assert "<b onmouseover" not in html
    assert "&lt;b onmouseover" in html


class Balance(HTMLParser):
    """Notes tags that are not closed where they should be."""

    VOID = frozenset({"meta", "path", "rect", "circle", "use", "br"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in self.VOID:
            assert self.open.pop() == tag


def test_the_markup_is_closed() -> None:
    page = Balance()

    page.feed(render([*both("a", expected("failed")), *both("b", expected())], {"c": "No table."}))

    assert page.open == []
