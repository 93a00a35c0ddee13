"""Dagster's storage with connections that stay open: the same contents, fewer connections."""

import os

import dagster as dg
import sqlalchemy as sa
from dagster_postgres import DagsterPostgresStorage

from assets.dagster_storage import FrugalEventLogStorage, PooledPostgresStorage


def test_a_connection_is_used_again(instance: dg.DagsterInstance) -> None:
    events = PooledPostgresStorage(os.environ["MIGRATION_DAGSTER_STORAGE_URL"]).event_log_storage
    assert isinstance(events, FrugalEventLogStorage)
    served_by = set()
    for _ in range(3):
        with events.index_connection() as connection:
            served_by.add(connection.execute(sa.text("SELECT pg_backend_pid()")).scalar())
    assert len(served_by) == 1


def test_what_it_stores_the_shipped_storage_reads(instance: dg.DagsterInstance) -> None:
    url = os.environ["MIGRATION_DAGSTER_STORAGE_URL"]
    pooled, shipped = PooledPostgresStorage(url), DagsterPostgresStorage(url)
    pooled.run_storage.set_cursor_values({"test": "kept"})
    pooled.event_log_storage.add_dynamic_partitions("test", ["one"])
    assert shipped.run_storage.get_cursor_values({"test"}) == {"test": "kept"}
    assert shipped.event_log_storage.get_dynamic_partitions("test") == ["one"]


def test_the_events_it_stores_are_all_there_for_the_shipped_storage(
    instance: dg.DagsterInstance,
) -> None:
    @dg.asset(check_specs=[dg.AssetCheckSpec("sound", asset="kept_event")])
    def kept_event() -> dg.MaterializeResult:
        check = dg.AssetCheckResult(check_name="sound", passed=True)
        return dg.MaterializeResult(metadata={"rows": 3}, check_results=[check])

    run = dg.materialize([kept_event], instance=instance)

    shipped = DagsterPostgresStorage(os.environ["MIGRATION_DAGSTER_STORAGE_URL"]).event_log_storage
    kinds = [e.dagster_event_type for e in shipped.get_logs_for_run(run.run_id)]
    assert isinstance(instance.event_log_storage, FrugalEventLogStorage)
    assert kinds == [e.dagster_event_type for e in instance.all_logs(run.run_id)]
    assert {e.event_type for e in run.all_events} <= set(kinds)
    latest = shipped.get_latest_materialization_events([dg.AssetKey("kept_event")])
    assert latest[dg.AssetKey("kept_event")].asset_materialization.metadata["rows"].value == 3
    sound = dg.AssetCheckKey(dg.AssetKey("kept_event"), "sound")
    assert len(shipped.get_asset_check_execution_history(sound, limit=9)) == 1
