"""The expectation report of a run's cohort, as a Dagster resource.

Checks link to it from the start; it is written once, when the run ends, however that ends. Writing
it after each of a cohort's checks took a quarter of the run.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

import dagster as dg

from assets.asset_event import safe_errors
from migration_platform.evidence.governance import write_expectation_report
from migration_platform.platform import REFERENCE, Platform

NAME = "expectation_report"
PARTITION_TAG = "dagster/partition"


def define_report(open_platform: Callable[[], Platform]) -> dg.ResourceDefinition:
    """The path of the report; behind it the cohort's newest outcomes once the run has ended."""

    @dg.resource(description="Writes the cohort's expectation report when the run ends.")
    def expectation_report(context: dg.InitResourceContext) -> Iterator[Path]:
        cohort = context.run.tags.get(PARTITION_TAG, REFERENCE) if context.run else REFERENCE
        platform = open_platform()
        yield platform.settings.reports / f"{cohort}.html"
        with safe_errors(f"expectation report of {cohort}"):
            write_expectation_report(platform, cohort)

    return expectation_report
