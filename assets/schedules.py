"""Schedules: the nightly reconciliation of every cohort that is live on the destination."""

from collections.abc import Callable
from typing import Any

import dagster as dg

from assets.partitions import WAVE_TAG, Partitions
from migration_platform.platform import Platform

NIGHTLY_CRON = "15 2 * * *"
"""02:15 UTC: a quarter past two has no twin and no gap when there is no summer time."""


def define_nightly(
    job: Any, open_platform: Callable[[], Platform], partitions: Partitions
) -> dg.ScheduleDefinition:
    """One run for each live cohort. It runs as soon as a daemon does; nothing has to be switched on."""

    @dg.schedule(
        name="nightly",
        job=job,
        cron_schedule=NIGHTLY_CRON,
        execution_timezone="UTC",
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description="Reconciles every live cohort at 02:15 UTC.",
    )
    def nightly(
        context: dg.ScheduleEvaluationContext,
    ) -> list[dg.RunRequest] | dg.SkipReason:
        live = open_platform().live_cohorts()
        night = context.scheduled_execution_time.date().isoformat()
        requests = [
            dg.RunRequest(
                run_key=f"nightly/{night}/{cohort}",
                partition_key=cohort,
                tags={WAVE_TAG: partitions.wave_of_cohort[cohort]},
            )
            for cohort in live
        ]
        return requests or dg.SkipReason("No cohort is live on the destination yet.")

    return nightly
