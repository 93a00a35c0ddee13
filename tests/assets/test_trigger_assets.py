"""The look at the rollback triggers in the graph: it holds a wave, and its check says so."""

from __future__ import annotations

from datetime import UTC, datetime

import dagster as dg
import pytest

from assets.definitions import build_definitions
from assets.trigger_assets import TRIGGERS
from migration_platform.exception.store import OpenException, replace_exceptions
from migration_platform.platform import Platform
from tests.assets.test_blocking import failures, run
from tests.decisions import measure, tamper

CRITERIA = """
[[wave.trigger]]
measure = "logins"
at_most_percent = 200

[[wave.metric]]
name = "logins"
baseline = "12/300"

[[wave]]
name = "rest"
"""


@pytest.fixture
def live(platform: Platform, suites, instance):
    """The definitions of a migration whose cohort `one` is live, with a trigger on its logins."""
    criteria = platform.plan.file.with_name("criteria.toml")
    criteria.write_text(criteria.read_text().replace('\n[[wave]]\nname = "rest"\n', CRITERIA))
    definitions = build_definitions(lambda: platform, suites)
    for job, partition in (("reference", None), ("cohort", "one")):
        assert run(definitions, instance, job, partition).success
    return definitions


def look(definitions, instance):
    """A look as the schedule makes it: its materialization and its check."""
    result = run(definitions, instance, "triggers")
    [event] = result.get_asset_materialization_events()
    assert event.asset_key == TRIGGERS
    [check] = result.get_asset_check_evaluations()
    return event.materialization, check


def test_a_look_passes_only_when_every_trigger_is_known_to_be_clear(
    platform, live, instance
) -> None:
    seen, check = look(live, instance)
    assert not check.passed
    assert check.severity == dg.AssetCheckSeverity.ERROR
    assert "nobody can tell" in check.description
    assert seen.metadata["cannot tell"].value == 1

    measure(platform, "one", "logins", "24/300")
    seen, check = look(live, instance)
    assert check.passed
    assert seen.metadata["result"].value == "Wave pilot: all 1 rollback triggers are clear."


def test_a_tripped_trigger_holds_the_wave_and_no_run_of_it_loads(platform, live, instance) -> None:
    measure(platform, "one", "logins", "25/300")

    seen, check = look(live, instance)

    assert not check.passed
    assert seen.metadata["tripped"].value == 1
    assert "It is held, and asks for a decision: resume or roll back" in check.description
    refused = run(live, instance, "cohort", "two", only=("extract/patient", "extract/visit"))
    assert refused.success
    refused = run(live, instance, "cohort", "one", only=("load/patient",))
    assert not refused.success
    assert "wave pilot is held (by the trigger" in failures(refused)


def test_a_look_that_cannot_be_made_fails_the_run(platform, live, instance) -> None:
    tamper(platform, "UPDATE migration.decision SET person = 'Eve' WHERE sequence = 1")

    result = run(live, instance, "triggers")

    assert not result.success
    assert "the decision log is not whole" in failures(result)


def test_the_schedule_looks_before_any_cohort_is_live_once_an_exception_is_overdue(
    platform, definitions, instance
) -> None:
    schedule = definitions.get_repository_def().get_schedule_def("triggers")
    at = datetime(2026, 11, 21, 12, 45, tzinfo=UTC)
    context = dg.build_schedule_context(instance, scheduled_execution_time=at)
    nothing = dg.SkipReason("No cohort is live on the destination yet, and nothing is overdue.")
    assert schedule(context) == nothing
    replace_exceptions(platform.store, "one", "patient", "transform", [
        OpenException("patient", "0123", "untranslated", "name", "name", "operations lead", -1)
    ])  # fmt: skip

    assert schedule(context).run_key == "triggers/2026-11-21T12:45+00:00"

    seen, _ = look(definitions, instance)
    assert seen.metadata["overdue"].value == (
        "- Wave pilot: 1 exception of kind 'untranslated' is past its due time."
    )


def test_the_schedule_needs_no_switching_on_and_looks_every_quarter_of_an_hour() -> None:
    from assets.definitions import defs

    schedule = defs.get_repository_def().get_schedule_def("triggers")
    assert (schedule.cron_schedule, schedule.execution_timezone) == ("*/15 * * * *", "UTC")
    assert schedule.default_status == dg.DefaultScheduleStatus.RUNNING
    keys = defs.resolve_job_def(schedule.job_name).asset_layer.selected_asset_keys
    assert {key.to_user_string() for key in keys} == {"trigger/look"}
