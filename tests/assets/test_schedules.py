"""The nightly schedule asks for live cohorts, and for no others."""

from datetime import UTC, datetime
from types import SimpleNamespace

import dagster as dg

from assets.partitions import Partitions
from assets.schedules import define_nightly, define_nightly_report

PARTITIONS = Partitions(
    cohorts=dg.StaticPartitionsDefinition(["one", "two"]),
    waves=dg.StaticPartitionsDefinition(["pilot"]),
    wave_of_cohort={"one": "pilot", "two": "pilot"},
)


def tick(live: list[str]) -> list[dg.RunRequest] | dg.SkipReason:
    @dg.asset(partitions_def=PARTITIONS.cohorts)
    def nothing() -> None: ...

    job = dg.define_asset_job("nightly", selection=[nothing])
    platform = SimpleNamespace(live_cohorts=lambda: live)
    schedule = define_nightly(job, lambda: platform, PARTITIONS)  # type: ignore[arg-type, return-value]
    at = datetime(2026, 11, 20, 2, 15, tzinfo=UTC)
    with dg.DagsterInstance.ephemeral() as instance:
        context = dg.build_schedule_context(instance, scheduled_execution_time=at)
        return schedule(context)  # type: ignore[return-value]


def test_it_requests_a_run_for_each_live_cohort() -> None:
    requests = tick(["two"])
    assert isinstance(requests, list)
    [request] = requests
    assert request.partition_key == "two"
    assert request.run_key == "nightly/2026-11-20/two"
    assert request.tags["migration/wave"] == "pilot"


def test_it_skips_and_says_why_when_no_cohort_is_live() -> None:
    assert tick([]) == dg.SkipReason("No cohort is live on the destination yet.")


def test_it_runs_without_being_switched_on_at_a_quarter_past_two_utc() -> None:
    from assets.definitions import defs

    nightly = defs.get_repository_def().get_schedule_def("nightly")
    assert nightly.cron_schedule == "15 2 * * *"
    assert nightly.execution_timezone == "UTC"
    assert nightly.default_status == dg.DefaultScheduleStatus.RUNNING


def test_the_reference_entities_are_looked_at_in_the_same_night() -> None:
    from assets.definitions import defs

    schedule = defs.get_repository_def().get_schedule_def("nightly_reference")
    assert schedule.cron_schedule == "15 2 * * *"
    job = defs.resolve_job_def(schedule.job_name)
    keys = {key.to_user_string() for key in job.asset_layer.selected_asset_keys}
    assert keys == {"reconcile/organization", "reconcile/practitioner", "reconcile/payer"}


def test_the_night_is_judged_after_the_cohorts_without_being_switched_on() -> None:
    from assets.definitions import defs

    report = defs.get_repository_def().get_schedule_def("nightly_report")
    assert (report.cron_schedule, report.execution_timezone) == ("15 5 * * *", "UTC")
    assert report.default_status == dg.DefaultScheduleStatus.RUNNING
    keys = defs.resolve_job_def(report.job_name).asset_layer.selected_asset_keys
    assert {key.to_user_string() for key in keys} == {"night/report"}


def test_the_report_is_skipped_when_no_cohort_is_live() -> None:
    @dg.asset
    def nothing() -> None: ...

    job = dg.define_asset_job("nightly_report", selection=[nothing])
    at = datetime(2026, 11, 20, 5, 15, tzinfo=UTC)
    found = {}
    for live in ([], ["two"]):
        platform = SimpleNamespace(live_cohorts=lambda live=live: live)
        schedule = define_nightly_report(job, lambda platform=platform: platform)  # type: ignore[arg-type, misc, return-value]
        with dg.DagsterInstance.ephemeral() as instance:
            context = dg.build_schedule_context(instance, scheduled_execution_time=at)
            found[tuple(live)] = schedule(context)

    assert found[()] == dg.SkipReason("No cohort is live on the destination yet.")
    assert found[("two",)].run_key == "nightly/2026-11-20/report"  # type: ignore[union-attr]
