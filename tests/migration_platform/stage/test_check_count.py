"""Checks counted where they are kept are the checks that the report shows one by one."""

from __future__ import annotations

from migration_platform import stage as stages
from migration_platform.check import ExpectationResult
from migration_platform.platform import Platform
from tests.migration_platform.stage.small_migration import check


def test_expectations_and_those_that_do_not_hold_are_counted_of_the_newest_outcome(
    platform: Platform,
) -> None:
    stages.extract(platform, "one", ["patient", "visit"])
    stages.transform(platform, "one", "patient")
    check(platform, "one", "patient", "transformed", "passed")
    batch = stages.batch(platform, "one", "patient", "transformed")
    results = [
        ExpectationResult("a", "", "holds", "passed", batch.rows, 0, 0),
        ExpectationResult("b", "", "does not", "failed", batch.rows, 1, 0),
        ExpectationResult("c", "", "cannot be looked at", "error"),
        ExpectationResult("d", "", "has nothing to look at", "not applicable", 0, 0, 0),
    ]
    stages.record_check(platform, batch, "suite", results)

    [counted] = platform.store.count_checks(["one"])
    [outcome] = platform.store.check_outcomes(["one"])

    assert (counted.expectations, counted.bad) == (4, 2)
    for name in ("cohort", "entity", "point", "digest", "suite_digest", "outcome"):
        assert getattr(counted, name) == getattr(outcome, name)
