"""Every way in which Dagster can start a load of a later wave ends at the closed gate.

The other ways past it, and which test tries each, are listed in docs/promote.md.
"""

import dagster as dg
import pytest
from dagster._core.execution.backfill import BulkActionStatus

from migration_platform import stage as stages
from migration_platform.decision import move
from migration_platform.errors import GateClosedError
from migration_platform.store import STAGES
from tests.assets.daemon import (
    backfill,
    describe_environment,
    failures_in,
    loads_in,
    serve_location,
    steps_in,
)
from tests.assets.test_blocking import count, done, failures, run
from tests.assets.tiny_location import define_cohort_job
from tests.decisions import promote

PATIENT_STAGES = [f"{s}/{e}" for s in STAGES for e in ("patient", "visit")]


@pytest.fixture
def extracted(platform, definitions, instance):
    """The pilot's cohorts moved, not promoted; cohort `three` of the wave after it transformed."""
    run(definitions, instance, "reference")
    for cohort in ("one", "two"):
        assert run(definitions, instance, "cohort", cohort).success
    failed = run(definitions, instance, "cohort", "three")
    assert not failed.success
    assert "transform/visit" in done(failed)
    return failed


def start(definitions, instance, *only: str, job: str = "cohort"):
    """Start a job of cohort `three`; without a job, as an asset's own page does."""
    chosen = (
        definitions.resolve_job_def(job)
        if job
        else definitions.resolve_implicit_global_asset_job_def()
    )
    return chosen.execute_in_process(
        partition_key="three",
        instance=instance,
        raise_on_error=False,
        asset_selection=[dg.AssetKey(name.split("/")) for name in only] or None,
    )


WAYS: dict[str, tuple[str, tuple[str, ...]]] = {
    "one asset": ("cohort", ("load/patient",)),
    "an asset's own page": ("", ("load/patient",)),
    "two assets": ("cohort", ("transform/patient", "load/patient")),
}


def test_a_load_of_a_later_wave_is_refused_however_it_is_started(
    platform, definitions, instance, extracted, subtests
) -> None:
    before = count(platform, "patient")

    for way, (job, only) in WAYS.items():
        with subtests.test(way):
            result = start(definitions, instance, *only, job=job)

            assert not result.success
            assert not [key for key in done(result) if key.startswith("load/")]
            assert "wave pilot is not promoted" in failures(result)
            assert count(platform, "patient") == before

    with (
        subtests.test("the load function itself"),
        pytest.raises(GateClosedError, match="wave pilot is not promoted"),
    ):
        stages.load(platform, "three", "patient")


def test_materializing_the_promotion_promotes_nothing(
    platform, definitions, instance, extracted
) -> None:
    result = run(definitions, instance, "wave", "pilot", only=("wave/promotion",))

    assert not result.success
    assert platform.store.promotion("pilot") is None
    assert not start(definitions, instance, "load/patient").success


def test_a_held_wave_loads_nothing_however_it_is_started(
    platform, definitions, instance, extracted, monkeypatch
) -> None:
    promote(platform, "pilot")
    move.make_move(platform, "rest", "hold", person="Ada", reason="complaints")

    for job in ("cohort", ""):
        result = start(definitions, instance, "load/patient", job=job)
        assert not result.success
        assert "wave rest is held" in failures(result)
    again = reexecute(platform, instance, extracted.run_id, monkeypatch)
    assert not again.success
    assert loads_in(instance, again.run_id) == []
    assert "wave rest is held" in failures_in(instance, again.run_id)

    move.make_move(platform, "rest", "resume", person="Ada", reason="settled")
    assert start(definitions, instance, "load/patient").success


def test_a_backfill_by_the_daemon_and_the_re_execution_of_its_runs_load_nothing_of_a_later_wave(
    platform, definitions, instance, extracted, monkeypatch
) -> None:
    before = count(platform, "patient")

    with serve_location(platform, instance, monkeypatch) as workspace:
        ended, runs = backfill(workspace, ["three"], PATIENT_STAGES, "allofthr")
        loads, [load] = backfill(workspace, ["three"], ["load/patient", "load/visit"], "loadsonl")
    [run_of_all] = runs
    again = reexecute(platform, instance, run_of_all.run_id, monkeypatch)

    assert (ended, loads) == (BulkActionStatus.COMPLETED_FAILED,) * 2
    for run_id in (run_of_all.run_id, load.run_id, again.run_id):
        assert instance.get_run_by_id(run_id).status == dg.DagsterRunStatus.FAILURE
        assert "wave pilot is not promoted" in failures_in(instance, run_id)
        assert loads_in(instance, run_id) == []
    assert any(step.startswith("extract") for step in steps_in(instance, run_of_all.run_id))
    assert not any(
        step.startswith(("extract", "transform")) for step in steps_in(instance, again.run_id)
    )
    assert instance.get_run_by_id(again.run_id).parent_run_id == run_of_all.run_id
    assert count(platform, "patient") == before

    promote(platform, "pilot")
    assert reexecute(platform, instance, again.run_id, monkeypatch).success
    assert count(platform, "patient") == before + 1


def reexecute(platform, instance, run_id: str, monkeypatch) -> dg.JobExecutionResult:
    """Execute a failed run of cohort `three` again from where it failed."""
    for name, value in describe_environment(platform).items():
        monkeypatch.setenv(name, value)
    return dg.execute_job(
        dg.reconstructable(define_cohort_job),
        instance,
        tags={"dagster/partition": "three"},
        reexecution_options=dg.ReexecutionOptions.from_failure(run_id, instance),
    )


def test_no_schedule_loads_anything() -> None:
    from assets.definitions import defs

    schedules = defs.get_repository_def().schedule_defs
    keys = {
        key.to_user_string()
        for schedule in schedules
        for key in defs.resolve_job_def(schedule.job_name).asset_layer.selected_asset_keys
    }

    assert {"nightly", "nightly_reference", "nightly_report", "triggers"} == {
        s.name for s in schedules
    }
    assert any(key.startswith("reconcile/") for key in keys)
    assert not [key for key in keys if key.startswith(("load/", "transform/", "extract/"))]
