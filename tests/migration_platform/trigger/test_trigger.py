"""Rollback triggers: tripped, clear, or nobody can tell; and only for who is live."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from migration_platform.trigger.trigger import (
    describe_decision,
    find_triggers,
    find_tripped,
    find_unknown,
)

AT = datetime(2026, 11, 21, 12, tzinfo=UTC)
LIVE: list[str] = []
NOT_LOADED = ["load", "reconcile"]


def cohort(name: str = "one", **other: Any) -> dict[str, Any]:
    seen = {"reconciled_at": "2026-11-21T10:00:00+00:00", "night": []}
    return {"name": name, "missing_stages": LIVE, **seen, **other}


def metric(value: str | None, **other: Any) -> dict[str, Any]:
    return {
        "cohort": "one", "name": "logins", "baseline": "12/300", "value": value,
        "measured_at": value and "2026-11-21T10:00:00+00:00", "freshness_hours": 4, **other,
    }  # fmt: skip


def document(measure: str, bound: str, value: str, **other: Any) -> dict[str, Any]:
    threshold = {"measure": measure, "bound": bound, "value": value}
    return {
        "wave": "pilot",
        "criteria": {"go": [], "triggers": [threshold], "freshness_hours": 24},
        "cohorts": [cohort("reference"), cohort()],
        "accounting": [
            {"loaded": 1000, "extracted": 3000, "mismatched": 1, "missing": 0, "unexpected": 0}
        ],
        "checks": [{"cohort": "one", "bad": 0, "expectations": 300}],
        "exceptions": [{"due": [["2026-11-21T11:00:00+00:00", 2]]}],
        "metrics": [metric("24/300")],
        "tripped_since": {},
        **other,
    }


@pytest.mark.parametrize(
    ("value", "state"),
    [("24/300", "clear"), ("2/25", "clear"), ("25/300", "tripped"), ("240001/3000000", "tripped")],
)
def test_a_count_is_judged_by_what_it_is_out_of_and_never_rounded(value: str, state: str) -> None:
    [found] = find_triggers(
        document("logins", "at_most_percent", "200", metrics=[metric(value)]), AT
    )

    assert found.state == state
    assert found.tolerated == "at most 200 % of its baseline 12 of 300"


@pytest.mark.parametrize(
    ("measured", "says"),
    [
        (metric(None), 'has not been recorded: `migration metric one "logins" VALUE`'),
        (metric("0/0"), "is 0 of 0, and something out of nothing says nothing"),
        (
            metric("1/300", measured_at="2026-11-21T07:59:59+00:00"),
            "was measured more than 4 hours ago",
        ),
        (metric("1/300", measured_at="2026-11-21T12:06:00+00:00"), "is dated in the future"),
    ],
)
def test_a_figure_that_does_not_arrive_is_not_clear(measured: dict[str, Any], says: str) -> None:
    asked = document("logins", "at_most_percent", "200", metrics=[measured])

    [found] = find_triggers(asked, AT)

    assert found.state == "cannot tell"
    assert says in found.said
    [reason] = find_unknown(asked, AT)
    assert reason.startswith("nobody can tell whether a rollback trigger has tripped: logins of")
    assert list(find_tripped(asked, AT)) == []


def test_a_figure_that_crossed_the_bound_stays_tripped_until_a_newer_one_says_otherwise() -> None:
    old = metric("100/300", measured_at="2026-11-01T00:00:00+00:00")

    [found] = find_triggers(document("logins", "at_most_percent", "200", metrics=[old]), AT)

    assert found.state == "tripped"


def test_a_criterion_for_going_on_says_itself_that_its_figure_is_lacking() -> None:
    asked = document("logins", "at_most_percent", "200", metrics=[metric(None)])
    asked["criteria"]["go"] = asked["criteria"]["triggers"]

    assert list(find_unknown(asked, AT)) == []


@pytest.mark.parametrize(
    ("cohorts", "says"),
    [
        ([cohort(missing_stages=["reconcile"])], "were not looked for: `migration reconcile"),
        ([cohort(reconciled_at=None)], "were not looked for"),
        ([cohort(reconciled_at="2026-11-20T11:59:59+00:00")], "more than 24 hours ago"),
        ([cohort(night=["no entity was compared"])], "in its last night: no entity was compared"),
    ],
)
def test_differences_that_nobody_looked_for_are_not_none(
    cohorts: list[dict[str, Any]], says: str
) -> None:
    [found] = find_triggers(document("differing records", "at_most", "1", cohorts=cohorts), AT)

    assert found.state == "cannot tell"
    assert says in found.said


def test_expectations_of_a_cohort_on_which_no_suite_was_run_are_not_known() -> None:
    [found] = find_triggers(document("failed expectations", "at_most", "0", checks=[]), AT)

    assert found.state == "cannot tell"


def test_a_cohort_that_is_not_live_is_not_watched() -> None:
    both = [cohort(), cohort("two", missing_stages=NOT_LOADED)]
    asked = document(
        "logins", "at_most_percent", "200", cohorts=both,
        metrics=[metric("1/300"), metric("300/300", cohort="two")],
    )  # fmt: skip

    assert [t.cohort for t in find_triggers(asked, AT)] == ["one"]
    asked["cohorts"] = [cohort(missing_stages=NOT_LOADED)]
    assert find_triggers(asked, AT) == []


def test_a_tripped_trigger_asks_for_a_decision_and_says_since_when() -> None:
    asked = document("differing records", "at_most", "0")
    asked["tripped_since"] = {"differing records, at most 0": "2026-11-21T11:45:00+00:00"}

    [reason] = find_tripped(asked, AT)

    assert reason == (
        "a rollback trigger has tripped: differing records: 1, tolerated is at most 0. It asks for a "
        "decision: resume or roll back, tripped since 2026-11-21T11:45:00+00:00"
    )


def test_what_to_run_names_the_cohort_that_tripped() -> None:
    asked = document("logins", "at_most", "0", metrics=[metric("1/300")])

    assert describe_decision("pilot", find_triggers(asked, AT)) == [
        "migration evidence pilot",
        "migration rollback --cohort one --dry-run",
        "migration resume pilot --dry-run",
    ]
