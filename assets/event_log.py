"""Dagster's event log in Postgres, written and asked less often.

As shipped, dagster-postgres writes each event by itself, in two or three transactions, and a step asks
anew for what it has just written or read. Only when something is written or asked is decided here;
what stands in the tables is dagster-postgres's own.
"""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from threading import local
from typing import Any

from dagster import (
    AssetKey,
    AssetRecordsFilter,
    DagsterEventType,
    EventLogEntry,
    EventLogRecord,
    EventRecordsResult,
)
from dagster._core.event_api import EventLogCursor
from dagster._core.events import ASSET_CHECK_EVENTS, ASSET_EVENTS
from dagster._core.storage.event_log import SqlEventLogStorageTable
from dagster._core.storage.event_log.base import AssetRecord
from dagster_postgres import PostgresEventLogStorage
from sqlalchemy.engine import Connection

AT_ITS_END = {
    DagsterEventType.STEP_OUTPUT,
    DagsterEventType.ASSET_MATERIALIZATION,
    DagsterEventType.ASSET_CHECK_EVALUATION,
}
"""What a step says once its work is done. Its success or failure follows at once."""


class Step(local):
    """What a thread knows of the step that it executes, from one event to the next."""

    def __init__(self) -> None:
        self.held: list[EventLogEntry] = []
        self.stored: dict[tuple[AssetKey, str | None], EventLogRecord] = {}
        self.found: dict[AssetKey, AssetRecord] = {}
        self.starts = False
        self.connection: Connection | None = None


class FrugalEventLogStorage(PostgresEventLogStorage):
    """Writes what a step says at its end together, asks for nothing that it has just written or read,
    and asks the catalog once for what only `dagster instance migrate` changes."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._known: dict[str, bool] = {}
        self._step = Step()
        super().__init__(*args, **kwargs)

    def store_event(self, event: EventLogEntry) -> None:
        """Now, or together with the step's next event: with whatever comes next, a question too.

        Without the NOTIFY that dagster-postgres still sends for releases of Dagster that listened to
        it: those who watch a run ask for its events now.
        """
        step = self._step
        step.held.append(event)
        if event.run_id and event.step_key and event.dagster_event_type in AT_ITS_END:
            return
        self._write_held()
        step.stored.clear()
        step.found.clear()
        step.starts = event.dagster_event_type == DagsterEventType.STEP_START

    def store_event_batch(self, events: Sequence[EventLogEntry]) -> None:
        """What Dagster itself hands over together: all that a run plans."""
        self._step.held.extend(events)
        self._write_held()

    def fetch_materializations(
        self,
        records_filter: AssetKey | AssetRecordsFilter,
        limit: int,
        cursor: str | None = None,
        ascending: bool = False,
    ) -> EventRecordsResult:
        """For each of its checks a step asks which materialization is the newest: its own."""
        newest = limit == 1 and cursor is None and not ascending
        if newest and (mine := self._find_stored(records_filter)) is not None:
            after = EventLogCursor.from_storage_id(mine.storage_id).to_string()
            return EventRecordsResult([mine], cursor=after, has_more=True)
        return super().fetch_materializations(records_filter, limit, cursor, ascending)

    def get_asset_records(
        self, asset_keys: Sequence[AssetKey] | None = None
    ) -> Sequence[AssetRecord]:
        """As a step starts it asks for its parents, and for the tags of each right after."""
        records = super().get_asset_records(asset_keys)
        if self._step.starts:
            self._step.found = {record.asset_entry.asset_key: record for record in records}
        return records

    def get_latest_tags_by_partition(
        self,
        asset_key: AssetKey,
        event_type: DagsterEventType,
        tag_keys: Sequence[str],
        asset_partitions: Sequence[str] | None = None,
        before_cursor: int | None = None,
        after_cursor: int | None = None,
    ) -> Mapping[str, Mapping[str, str]]:
        """Out of the newest materialization, if that is the one asked for and was just read."""
        found = self._step.found.pop(asset_key, None)
        if (
            found is not None
            and (newest := found.asset_entry.last_materialization_record) is not None
            and (materialization := newest.asset_materialization) is not None
            and not found.asset_entry.asset_details
            and newest.partition_key is not None
            and list(asset_partitions or ()) == [newest.partition_key]
            and event_type == DagsterEventType.ASSET_MATERIALIZATION
            and before_cursor is None
            and after_cursor is None
        ):
            tags = materialization.tags or {}
            asked = {key: tags[key] for key in tag_keys if key in tags}
            return {newest.partition_key: asked} if asked else {}
        return super().get_latest_tags_by_partition(
            asset_key, event_type, tag_keys, asset_partitions, before_cursor, after_cursor
        )

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

    def _connect(self) -> AbstractContextManager[Connection]:
        """Every question and every statement of Dagster's comes through here."""
        if self._step.connection is not None:
            return nullcontext(self._step.connection)
        self._write_held()
        return super()._connect()

    def _write_held(self) -> None:
        """The events in one statement, then in one transaction what is kept beside them."""
        events, self._step.held = self._step.held, []
        if not events:
            return
        insert = SqlEventLogStorageTable.insert().returning(
            SqlEventLogStorageTable.c.id, sort_by_parameter_order=True
        )
        with super()._connect() as connection:
            rows = [self._event_to_row(event) for event in events]
            ids = [int(number) for number in connection.execute(insert, rows).scalars()]
        numbered = list(zip(events, ids, strict=True))
        # Always in the order of keys, as Dagster plans them: two runs must not wait for each other.
        of_assets = sorted(
            (each for each in numbered if _asset_key(each[0]) is not None),
            key=lambda each: str(_asset_key(each[0])),
        )
        of_checks = [each for each in numbered if each[0].dagster_event_type in ASSET_CHECK_EVENTS]
        if of_assets or of_checks:
            with self.index_transaction() as connection:
                self._step.connection = connection
                try:
                    self._store_asset_event_tags(
                        connection, [e for e, _ in of_assets], [number for _, number in of_assets]
                    )
                    for event, number in of_assets:
                        self._store_asset_event(connection, event, number)
                    for event, number in of_checks:
                        self.store_asset_check_event(event, number)
                finally:
                    self._step.connection = None
        for event, number in numbered:
            if event.dagster_event_type == DagsterEventType.ASSET_MATERIALIZATION:
                record = EventLogRecord(storage_id=number, event_log_entry=event)
                if (key := record.asset_key) is not None:
                    self._step.stored[key, record.partition_key] = record

    def _find_stored(self, asked: AssetKey | AssetRecordsFilter) -> EventLogRecord | None:
        """The materialization that this step has stored since its last other event, if asked for."""
        if not isinstance(asked, AssetRecordsFilter) or len(asked.asset_partitions or ()) != 1:
            return None
        key, [partition] = asked.asset_key, asked.asset_partitions or [""]
        if asked != AssetRecordsFilter(key, [partition]):
            return None
        if (key, partition) not in self._step.stored:
            self._write_held()
        return self._step.stored.get((key, partition))


def _asset_key(event: EventLogEntry) -> str | None:
    """The asset that an event is about, if it changes what is kept of the asset."""
    if event.dagster_event is None or event.dagster_event_type not in ASSET_EVENTS:
        return None
    key = event.dagster_event.asset_key
    return None if key is None else key.to_string()
