"""Dagster's storage with connections that stay open: the same contents, fewer connections."""

import os

import dagster as dg
import sqlalchemy as sa
from dagster_postgres import DagsterPostgresStorage

from assets.dagster_storage import PooledPostgresStorage


def test_a_connection_is_used_again(instance: dg.DagsterInstance) -> None:
    events = PooledPostgresStorage(os.environ["MIGRATION_DAGSTER_STORAGE_URL"]).event_log_storage
    served_by = set()
    for _ in range(3):
        with events.index_connection() as connection:  # type: ignore[attr-defined]
            served_by.add(connection.execute(sa.text("SELECT pg_backend_pid()")).scalar())
    assert len(served_by) == 1


def test_what_it_stores_the_shipped_storage_reads(instance: dg.DagsterInstance) -> None:
    url = os.environ["MIGRATION_DAGSTER_STORAGE_URL"]
    pooled, shipped = PooledPostgresStorage(url), DagsterPostgresStorage(url)
    pooled.run_storage.set_cursor_values({"test": "kept"})
    pooled.event_log_storage.add_dynamic_partitions("test", ["one"])
    assert shipped.run_storage.get_cursor_values({"test"}) == {"test": "kept"}
    assert shipped.event_log_storage.get_dynamic_partitions("test") == ["one"]
