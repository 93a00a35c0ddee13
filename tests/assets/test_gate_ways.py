"""Every way in which Dagster can start a load of a later wave ends at the closed gate.

The other ways past it, and which test tries each, are listed in docs/promote.md.
"""

import dagster as dg
import pytest

from migration_platform import move
from migration_platform import stage as stages
from migration_platform.errors import GateClosedError
from tests.assets.test_blocking import count, done, failures, run
from tests.decisions import promote

RETRY = {"dagster/is_resume_retry": "true"}
BACKFILL = {"dagster/backfill": "ufabcdef"}


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


def start(definitions, instance, tags: dict[str, str], *only: str, job: str = "cohort"):
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
        tags=tags,
        asset_selection=[dg.AssetKey(name.split("/")) for name in only] or None,
    )


WAYS: dict[str, tuple[str, dict[str, str], tuple[str, ...]]] = {
    "one asset": ("cohort", {}, ("load/patient",)),
    "an asset's own page": ("", {}, ("load/patient",)),
    "two assets": ("cohort", {}, ("transform/patient", "load/patient")),
    "re-execution from failure": (
        "cohort", RETRY, ("load/patient", "load/visit", "reconcile/patient", "reconcile/visit"),
    ),
    "backfill": ("cohort", BACKFILL, ("load/patient", "load/visit")),
    "whole backfill": ("cohort", BACKFILL, ()),
}  # fmt: skip


def test_a_load_of_a_later_wave_is_refused_however_it_is_started(
    platform, definitions, instance, extracted, subtests
) -> None:
    before = count(platform, "patient")

    for way, (job, tags, only) in WAYS.items():
        with subtests.test(way):
            parent = {"dagster/parent_run_id": extracted.run_id}
            result = start(definitions, instance, {**tags, **parent}, *only, job=job)

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
    assert not start(definitions, instance, {}, "load/patient").success


def test_a_held_wave_loads_nothing_however_it_is_started(
    platform, definitions, instance, extracted
) -> None:
    promote(platform, "pilot")
    move.make_move(platform, "rest", "hold", person="Ada", reason="complaints")

    for tags in ({}, RETRY, BACKFILL):
        result = start(definitions, instance, tags, "load/patient")
        assert not result.success
        assert "wave rest is held" in failures(result)

    move.make_move(platform, "rest", "resume", person="Ada", reason="settled")
    assert start(definitions, instance, {}, "load/patient").success


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
