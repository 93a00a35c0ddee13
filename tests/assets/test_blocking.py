"""What stops a run, seen in real runs: a suite, a gate, something missing, an error."""

import dagster as dg

from migration_platform.database import connect
from migration_platform.platform import Platform

NAMES = ("reference", "cohort", "wave", "nightly")


def run(
    definitions: dg.Definitions,
    instance: dg.DagsterInstance,
    job: str,
    partition: str | None = None,
    only: tuple[str, ...] = (),
) -> dg.ExecuteInProcessResult:
    return definitions.resolve_job_def(job).execute_in_process(
        partition_key=partition,
        instance=instance,
        raise_on_error=False,
        asset_selection=[dg.AssetKey(name.split("/")) for name in only] or None,
    )


def done(result: dg.ExecuteInProcessResult) -> set[str]:
    events = result.get_asset_materialization_events()
    return {event.asset_key.to_user_string() for event in events if event.asset_key}


def failures(result: dg.ExecuteInProcessResult) -> str:
    """All that the event log says of why steps failed."""
    events = [e for e in result.all_events if e.event_type_value == "STEP_FAILURE"]
    return "\n".join(str(event.event_specific_data) for event in events)


def count(platform: Platform, table: str) -> int:
    with connect(platform.settings, "destination") as connection:
        return connection.execute(f"SELECT FROM {table}").rowcount


def test_a_cohort_moves_and_every_check_passes(platform, definitions, instance) -> None:
    assert run(definitions, instance, "reference").success
    result = run(definitions, instance, "cohort", "one")
    assert result.success
    checks = {(c.asset_key.path[0], c.check_name): c for c in result.get_asset_check_evaluations()}
    assert len(done(result)) == 8
    assert all(check.passed for check in checks.values())
    assert count(platform, "visit") == 2
    report = checks["load", "suite_in_destination"].metadata["expectation report"].value
    assert report == str(platform.settings.reports / "one.html")
    link = checks["load", "suite_in_destination"].metadata["open the report"].value
    assert link == "http://127.0.0.1:3010/cohorts/one/expectations"
    assert (platform.settings.reports / "one.html").exists()


def test_a_materialization_tells_counts_and_carries_the_contents_digest(
    definitions, instance
) -> None:
    run(definitions, instance, "reference")
    result = run(definitions, instance, "cohort", "one")
    event = next(
        e for e in result.get_asset_materialization_events()
        if e.asset_key == dg.AssetKey(["load", "visit"])
    )  # fmt: skip
    told = {name: value.value for name, value in event.materialization.metadata.items()}
    assert told["dagster/row_count"] == 2
    assert told["inserted"] == 2
    assert told["unchanged"] == 0
    assert len(event.materialization.tags["dagster/data_version"]) == 64
    again = run(definitions, instance, "cohort", "one")
    versions = [
        {e.asset_key: e.materialization.tags["dagster/data_version"]
         for e in r.get_asset_materialization_events()}
        for r in (result, again)
    ]  # fmt: skip
    assert versions[0] == versions[1]


def test_a_failed_suite_stops_the_load_and_all_that_hangs_on_it(
    platform, definitions, instance, suites
) -> None:
    run(definitions, instance, "reference")
    suites.answers["patient", "transformed"] = "failed"
    result = run(definitions, instance, "cohort", "one")
    assert not result.success
    assert done(result) == {"extract/patient", "extract/visit", "transform/patient"}
    assert count(platform, "patient") == 0
    assert (platform.settings.reports / "one.html").exists()


def test_a_failed_suite_stops_a_load_that_is_started_by_hand_later(
    platform, definitions, instance, suites
) -> None:
    run(definitions, instance, "reference")
    suites.answers["patient", "transformed"] = "failed"
    run(definitions, instance, "cohort", "one")
    result = run(definitions, instance, "cohort", "one", only=("load/patient",))
    assert not result.success
    assert "1 of 1 expectations failed" in failures(result)
    assert count(platform, "patient") == 0


def test_a_suite_that_could_not_look_stops_the_load_too(
    platform, definitions, instance, suites
) -> None:
    run(definitions, instance, "reference")
    suites.answers["patient", "transformed"] = "error"
    result = run(definitions, instance, "cohort", "one")
    assert not result.success
    assert count(platform, "patient") == 0


def test_a_failed_suite_in_the_destination_stops_the_reconciliation(
    definitions, instance, suites
) -> None:
    run(definitions, instance, "reference")
    suites.answers["visit", "destination"] = "failed"
    result = run(definitions, instance, "cohort", "one")
    assert not result.success
    assert {"load/visit", "reconcile/patient"} <= done(result)
    assert "reconcile/visit" not in done(result)


def test_not_applicable_is_not_a_pass_but_lets_the_cohort_go_on(
    definitions, instance, suites
) -> None:
    run(definitions, instance, "reference")
    suites.answers["visit", "transformed"] = "not applicable"
    suites.answers["visit", "destination"] = "not applicable"
    result = run(definitions, instance, "cohort", "two")
    assert result.success
    checks = {
        (c.asset_key.to_user_string(), c.check_name): c
        for c in result.get_asset_check_evaluations()
    }
    found = checks["transform/visit", "suite"]
    assert not found.passed
    assert found.severity == dg.AssetCheckSeverity.WARN
    assert not checks["reconcile/visit", "clean"].passed


def test_a_cohort_of_a_later_wave_does_not_load(platform, definitions, instance) -> None:
    run(definitions, instance, "reference")
    result = run(definitions, instance, "cohort", "three")
    assert not result.success
    assert "transform/patient" in done(result)
    assert "load/patient" not in done(result)
    assert "pilot" in failures(result)
    assert count(platform, "patient") == 0


def test_one_entity_by_hand_says_what_is_missing_before_it(definitions, instance) -> None:
    result = run(definitions, instance, "cohort", "one", only=("transform/visit",))
    assert not result.success
    assert "extract has not been run" in failures(result)


def test_one_entity_by_hand_works_when_all_before_it_is_there(
    platform, definitions, instance
) -> None:
    run(definitions, instance, "reference")
    run(definitions, instance, "cohort", "one")
    result = run(definitions, instance, "cohort", "one", only=("load/visit", "reconcile/visit"))
    assert result.success
    assert done(result) == {"load/visit", "reconcile/visit"}


def test_a_difference_at_the_destination_fails_the_nightly_run(
    platform, definitions, instance
) -> None:
    run(definitions, instance, "reference")
    run(definitions, instance, "cohort", "one")
    with connect(platform.settings, "destination") as connection:
        connection.execute("UPDATE visit SET note = 'changed' WHERE note = 'x'")
    result = run(definitions, instance, "nightly", "one")
    assert not result.success
    checks = {(c.asset_key.path[1], c.check_name): c for c in result.get_asset_check_evaluations()}
    assert not checks["visit", "clean"].passed
    assert "1 mismatched" in str(checks["visit", "clean"].description)
    assert checks["patient", "clean"].passed


def test_an_unforeseen_error_tells_its_kind_and_place_but_not_its_message(
    definitions, instance, suites
) -> None:
    run(definitions, instance, "reference")
    suites.answers["patient", "transformed"] = "raise"
    result = run(definitions, instance, "cohort", "one")
    assert not result.success
    assert "ValueError at tests/assets/conftest.py:" in failures(result)
    logged = "\n".join(str(entry) for entry in instance.all_logs(result.run_id))
    assert "Ann Smith" not in logged


def test_no_record_of_the_source_is_in_the_event_log(definitions, instance) -> None:
    run(definitions, instance, "reference")
    result = run(definitions, instance, "cohort", "one")
    logged = "\n".join(str(entry) for entry in instance.all_logs(result.run_id))
    for value in ("Ann", "v1", "'x'"):
        assert value not in logged
