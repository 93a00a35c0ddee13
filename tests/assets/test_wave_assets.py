"""A wave in the graph: its evidence says the verdict, its promotion is there when it is recorded."""

import dagster as dg
import pytest

from assets.wave_assets import EVIDENCE, PROMOTION
from tests.decisions import promote


@pytest.fixture
def moved(platform, definitions, instance):
    """Both cohorts of the pilot moved."""
    for job, partition in (("reference", None), ("cohort", "one"), ("cohort", "two")):
        result = definitions.resolve_job_def(job).execute_in_process(
            partition_key=partition, instance=instance, raise_on_error=False
        )
        assert result.success
    return platform


def show(definitions, instance, wave: str) -> dg.ExecuteInProcessResult:
    return definitions.resolve_job_def("wave").execute_in_process(
        partition_key=wave, instance=instance, raise_on_error=False
    )


def test_a_wave_that_has_not_moved_is_held_and_its_check_does_not_pass(
    platform, definitions, instance
) -> None:
    result = show(definitions, instance, "pilot")
    [check] = result.get_asset_check_evaluations()
    assert not check.passed
    assert check.description.startswith("Wave pilot is ")
    assert result.asset_materializations_for_node("wave__evidence")


def test_a_promotion_that_is_not_recorded_says_how_to_record_it(
    platform, definitions, instance
) -> None:
    result = show(definitions, instance, "pilot")
    assert not result.success
    [failure] = [e for e in result.all_events if e.event_type_value == "STEP_FAILURE"]
    assert "migration promote pilot" in str(failure.event_specific_data)


def test_a_recorded_promotion_shows_who_decided_on_which_evidence(
    moved, definitions, instance
) -> None:
    decision, _ = promote(moved, "pilot", person="Ada", reason="all matched")
    result = show(definitions, instance, "pilot")
    assert result.success
    events = {e.asset_key: e.materialization for e in result.get_asset_materialization_events()}
    assert events[EVIDENCE].metadata["verdict"].value == "promoted"
    assert events[PROMOTION].metadata["by"].value == "Ada"
    assert events[PROMOTION].metadata["evidence digest"].value == decision.evidence_digest
    assert all(check.passed for check in result.get_asset_check_evaluations())


def test_after_the_promotion_the_next_wave_loads(moved, definitions, instance) -> None:
    promote(moved, "pilot", person="Ada", reason="all matched")
    result = definitions.resolve_job_def("cohort").execute_in_process(
        partition_key="three", instance=instance, raise_on_error=False
    )
    assert result.success
