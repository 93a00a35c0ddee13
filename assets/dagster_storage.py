"""Dagster's Postgres storage with a connection that stays open. Named in `dagster.yaml`.

As shipped, dagster-postgres connects anew for every event. The tables and their contents are its own;
without this class everything works, slower. When events are written stands in `event_log`.
"""

from collections.abc import Mapping
from typing import Any, Self

from dagster._serdes import ConfigurableClassData
from dagster_postgres import DagsterPostgresStorage
from dagster_postgres.utils import get_token_provider_from_config, pg_url_from_config

from assets.event_log import FrugalEventLogStorage

FOREVER, HOUR, MOST = 0, 3600, 20
"""No limit to a statement; a connection is renewed after an hour; so many for threads at once."""


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
