"""Schedules: the nightly reconciliation of every cohort that is live on the destination, of the
reference entities that they stand on (a job of its own, because those have no partition), the
judgement of the night, and the look at the rollback triggers and for overdue exceptions."""

from collections.abc import Callable
from typing import Any

import dagster as dg

from assets.partitions import WAVE_TAG, Partitions
from migration_platform.exception.breach import find_breaches
from migration_platform.night.night import BEGINS
from migration_platform.platform import Platform

NIGHTLY_CRON = f"{BEGINS.minute} {BEGINS.hour} * * *"
"""02:15 UTC, when a night begins."""

REPORT_CRON = "15 5 * * *"
"""05:15 UTC: what has not been looked at by then counts as not looked at, until somebody has."""


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


def define_nightly_reference(
    job: Any, open_platform: Callable[[], Platform]
) -> dg.ScheduleDefinition:
    """One run for the reference entities, at the same time, once a cohort is live."""

    @dg.schedule(
        name="nightly_reference",
        job=job,
        cron_schedule=NIGHTLY_CRON,
        execution_timezone="UTC",
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description="Reconciles the reference entities at 02:15 UTC.",
    )
    def nightly_reference(
        context: dg.ScheduleEvaluationContext,
    ) -> dg.RunRequest | dg.SkipReason:
        if not open_platform().live_cohorts():
            return dg.SkipReason("No cohort is live on the destination yet.")
        night = context.scheduled_execution_time.date().isoformat()
        return dg.RunRequest(run_key=f"nightly/{night}/reference")

    return nightly_reference


def define_nightly_report(job: Any, open_platform: Callable[[], Platform]) -> dg.ScheduleDefinition:
    """One run that judges the night, however the cohorts' runs have ended."""

    @dg.schedule(
        name="nightly_report",
        job=job,
        cron_schedule=REPORT_CRON,
        execution_timezone="UTC",
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description="Judges the night at 05:15 UTC.",
    )
    def nightly_report(
        context: dg.ScheduleEvaluationContext,
    ) -> dg.RunRequest | dg.SkipReason:
        if not open_platform().live_cohorts():
            return dg.SkipReason("No cohort is live on the destination yet.")
        night = context.scheduled_execution_time.date().isoformat()
        return dg.RunRequest(run_key=f"nightly/{night}/report")

    return nightly_report


def define_triggers(
    job: Any, open_platform: Callable[[], Platform], minutes: int
) -> dg.ScheduleDefinition:
    """One run every so many minutes, once a cohort is live or an exception is past its due time."""

    @dg.schedule(
        name="triggers",
        job=job,
        cron_schedule="0 * * * *" if minutes == 60 else f"*/{minutes} * * * *",
        execution_timezone="UTC",
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description="Looks at the rollback triggers and for overdue exceptions every few minutes.",
    )
    def triggers(
        context: dg.ScheduleEvaluationContext,
    ) -> dg.RunRequest | dg.SkipReason:
        platform = open_platform()
        if not platform.live_cohorts() and not find_breaches(platform):
            return dg.SkipReason(
                "No cohort is live on the destination yet, and nothing is overdue."
            )
        at = context.scheduled_execution_time.isoformat(timespec="minutes")
        return dg.RunRequest(run_key=f"triggers/{at}")

    return triggers
