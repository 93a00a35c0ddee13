"""Bare: what Dagster and Great Expectations take by themselves, for as many assets and suites as a
cohort has, with nothing in them. A process of its own; prints seconds as JSON."""

from __future__ import annotations

import json
import os
import sys

from benchmarks.trial import now

EXPECTATIONS = 20
"""In a suite: the shipped ones have 768 in the 36 that a cohort runs."""


def main(assets: int, suites: int) -> None:
    """Import both, run so many empty assets in process on the home's Dagster storage, and validate
    three rows so many times."""
    from migration_platform.launcher import dagster_environment
    from migration_platform.settings import Settings

    os.environ |= dagster_environment(Settings.load())
    started = now()
    import dagster as dg
    import great_expectations as gx
    import pandas as pd

    imported = now()

    def define(number: int) -> dg.AssetsDefinition:
        @dg.asset(name=f"empty_{number}")
        def empty() -> None:
            pass

        return empty

    with dg.DagsterInstance.get() as instance:
        if not dg.materialize([define(n) for n in range(assets)], instance=instance).success:
            raise RuntimeError("the run of empty assets failed")
    ran = now()
    context = gx.get_context(mode="ephemeral")
    batch = (
        context.data_sources.add_pandas("bare")
        .add_dataframe_asset("bare")
        .add_batch_definition_whole_dataframe("bare")
        .get_batch({"dataframe": pd.DataFrame({"value": [1, 2, 3]})})
    )
    for _ in range(suites):
        suite = gx.ExpectationSuite(name="bare")
        for highest in range(EXPECTATIONS):
            suite.add_expectation(
                gx.expectations.ExpectColumnValuesToBeBetween(
                    column="value", min_value=0, max_value=10 + highest
                )
            )
        if not batch.validate(suite).success:
            raise RuntimeError("the bare suite failed")
    ended = now()
    print(
        json.dumps({"import": imported - started, "assets": ran - imported, "suites": ended - ran})
    )


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
