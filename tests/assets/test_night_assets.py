"""The night in the graph: after the cohorts' runs, with a check that fails when something was found."""

import dagster as dg
import pytest

from assets.night_assets import NIGHT
from migration_platform.database import connect


@pytest.fixture
def moved(platform, definitions, instance):
    """Both cohorts of the pilot moved."""
    for job, partition in (("reference", None), ("cohort", "one"), ("cohort", "two")):
        assert run(definitions, instance, job, partition).success
    return platform


def run(definitions, instance, job: str, partition: str | None = None):
    """Run a job as its schedule would."""
    return definitions.resolve_job_def(job).execute_in_process(
        partition_key=partition, instance=instance, raise_on_error=False
    )


def night(definitions, instance):
    """The night's materialization and its check."""
    result = run(definitions, instance, "nightly_report")
    [event] = result.get_asset_materialization_events()
    assert event.asset_key == NIGHT
    [check] = result.get_asset_check_evaluations()
    return event.materialization, check


def look(definitions, instance, *cohorts: str) -> None:
    run(definitions, instance, "nightly_reference")
    for cohort in cohorts:
        run(definitions, instance, "nightly", cohort)


def test_a_quiet_night_passes_and_rests_on_the_proof(moved, definitions, instance) -> None:
    look(definitions, instance, "one", "two")

    seen, check = night(definitions, instance)

    assert check.passed
    assert seen.metadata["outcome"].value == "unchanged"
    assert "all 3 live cohorts are as they were sent" in seen.metadata["result"].value
    latest = moved.store.latest("one", "visit", "reconcile")
    assert latest.detail["unchanged"]["compared"] is False


def test_drift_fails_the_check_and_says_where(moved, definitions, instance) -> None:
    with connect(moved.settings, "destination") as connection:
        connection.execute("UPDATE visit SET note = 'secret' WHERE note = 'x'")
    look(definitions, instance, "one", "two")

    seen, check = night(definitions, instance)

    assert not check.passed
    assert check.severity == dg.AssetCheckSeverity.ERROR
    assert "1 drifted" in check.description
    assert "**one**: 1 mismatched" in seen.metadata["found"].value
    assert "secret" not in str(seen.metadata)


def test_a_cohort_whose_run_failed_was_not_looked_at(moved, definitions, instance) -> None:
    look(definitions, instance, "two")
    with connect(moved.settings, "destination") as connection:
        connection.execute("ALTER TABLE visit RENAME COLUMN note TO remark")
    run(definitions, instance, "nightly", "one")

    seen, check = night(definitions, instance)

    assert not check.passed
    assert seen.metadata["outcome"].value == "could not look"
    assert "**one**: visit could not be compared (" in seen.metadata["found"].value


def test_a_store_that_is_away_fails_the_run(moved, definitions, instance, monkeypatch) -> None:
    def refuse(*_):
        raise ConnectionError("gone")

    monkeypatch.setattr(type(moved.store), "latest_runs", refuse)

    assert not run(definitions, instance, "nightly_report").success


def test_the_night_comes_after_every_reconciliation(definitions) -> None:
    graph = definitions.resolve_asset_graph()

    parents = {key.to_user_string() for key in graph.get(NIGHT).parent_keys}

    assert parents == {"reconcile/site", "reconcile/patient", "reconcile/visit"}
