"""Dagster's Postgres storage with a connection that stays open. Named in `dagster.yaml`.

As shipped, dagster-postgres connects anew for every event and asks the catalog again and again for
tables and columns that do not change: 17 s of a cohort's run, 4 s with this class. The tables and
their contents are dagster-postgres's own; without this class everything works, slower.
"""

from collections.abc import Mapping
from typing import Any, Self

from dagster import EventLogEntry
from dagster._core.storage.event_log import SqlEventLogStorage
from dagster._serdes import ConfigurableClassData
from dagster_postgres import DagsterPostgresStorage, PostgresEventLogStorage
from dagster_postgres.utils import get_token_provider_from_config, pg_url_from_config
from sqlalchemy.engine import Connection

FOREVER, HOUR, MOST = 0, 3600, 20
"""No limit to a statement; a connection is renewed after an hour; so many for threads at once."""


class FrugalEventLogStorage(PostgresEventLogStorage):
    """Asks the catalog once for what only `dagster instance migrate` changes, and notifies nobody."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._known: dict[str, bool] = {}
        super().__init__(*args, **kwargs)

    def store_event(self, event: EventLogEntry) -> None:
        """Without the NOTIFY that dagster-postgres still sends for releases of Dagster that listened
        to it: those who watch a run ask for its events now."""
        SqlEventLogStorage.store_event(self, event)

    def has_table(self, table_name: str) -> bool:
        """Whether Dagster's own schema has that table."""
        if table_name not in self._known:
            self._known[table_name] = super().has_table(table_name)
        return self._known[table_name]

    def _has_asset_key_col_on_connection(self, conn: Connection, column_name: str) -> bool:
        name = f"asset_keys.{column_name}"
        if name not in self._known:
            self._known[name] = super()._has_asset_key_col_on_connection(conn, column_name)
        return self._known[name]


class PooledPostgresStorage(DagsterPostgresStorage):
    """Keeps one connection open for each of its three parts, as dagster-webserver does."""

    def __init__(self, postgres_url: str, *args: Any, **kwargs: Any) -> None:
        super().__init__(postgres_url, *args, **kwargs)
        kwargs.pop("inst_data", None)
        self._event_log_storage = FrugalEventLogStorage(postgres_url, *args, **kwargs)
        for part in (self._run_storage, self._event_log_storage, self._schedule_storage):
            part.optimize_for_webserver(FOREVER, pool_recycle=HOUR, max_overflow=MOST)

    @classmethod
    def from_config_value(
        cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, Any]
    ) -> Self:
        """Called by Dagster with what `dagster.yaml` says."""
        return cls(
            pg_url_from_config(config_value),
            should_autocreate_tables=config_value.get("should_autocreate_tables", True),
            inst_data=inst_data,
            token_provider=get_token_provider_from_config(config_value),
        )
