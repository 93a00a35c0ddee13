"""Read-back: what the destination holds of a cohort's records of one entity.

Every row that the crosswalk gives to the cohort, and every row that hangs on one of the cohort's
patients though no crosswalk knows it: somebody else wrote it, and it is unexpected. Rows of the
patient entity and of reference entities that no crosswalk knows are unexpected in every cohort.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa

from migration_platform.entity import Entity
from migration_platform.reconciliation.column import (
    CROSSWALK,
    Column,
    compared_columns,
    quote_name,
    quote_text,
)
from migration_platform.row_version import RowVersions, read_versions

PATIENT = "patient"


class Readback:
    """The destination's side, over an ADBC connection. Each look is a transaction of its own, so it
    sees one instant; `seen_at` is that of the first."""

    def __init__(
        self, connection: Any, cohort: str, entity: Entity, *, with_versions: bool = False
    ) -> None:
        self.connection, self.cohort, self.entity = connection, cohort, entity
        self.columns = compared_columns(entity)
        self.seen_at: datetime | None = None
        self.with_versions = with_versions
        self.versions: RowVersions | None = None

    def look_at_versions(self) -> RowVersions:
        """The versions of all rows that `read` would read, without reading them."""
        with self.connection.cursor() as cursor:
            self.seen_at = self._begin(cursor)
            versions = read_row_versions(cursor, self.cohort, self.entity)
        self.connection.rollback()
        return versions

    def read(self) -> Iterator[pa.Table]:
        """Everything, in order of id: `id` and the compared columns in canonical form."""
        with self.connection.cursor() as cursor:
            instant = self._begin(cursor)
            self.seen_at = self.seen_at or instant
            if self.with_versions and self.versions is None:
                # In the transaction of the first look: what is compared is what is proven later.
                self.versions = read_row_versions(cursor, self.cohort, self.entity)
            cursor.execute(
                f"{readback_query(self.cohort, self.entity, self.columns)} ORDER BY d.id"
            )
            yield from _tables(cursor.fetch_record_batch())
        self.connection.rollback()

    def read_only(self, ids: pa.Table) -> pa.Table:
        """The rows of these ids (a table of one text column `id`), as they are now."""
        with self.connection.cursor() as cursor:
            self._begin(cursor)
            cursor.adbc_ingest("migration_suspect", ids, mode="replace", temporary=True)
            cursor.execute("ANALYZE migration_suspect")
            # Looked up one after another in order of id, few of many rows take few pages.
            cursor.execute("SET LOCAL random_page_cost = 1.1")
            cursor.execute(
                readback_query(self.cohort, self.entity, self.columns, only="migration_suspect")
            )
            found = pa.concat_tables(list(_tables(cursor.fetch_record_batch())))
        self.connection.rollback()
        return found

    def _begin(self, cursor: Any) -> datetime:
        """A new transaction; the instant that it sees."""
        self.connection.rollback()
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        # A column without a zone holds UTC, whatever the zone of the session.
        cursor.execute("SET LOCAL TIME ZONE 'UTC'")
        cursor.execute("SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint")
        return datetime.fromtimestamp(cursor.fetchone()[0] / 1_000_000, UTC)


def readback_query(
    cohort: str, entity: Entity, columns: Sequence[Column], *, only: str | None = None
) -> str:
    """SELECT of `id`, the crosswalk's `source_id` and the entity's compared fields (row `d`); of the
    ids in a table `only` (text column `id`), if one is named."""
    chosen = ["d.id::text AS id"]
    chosen += ["c.source_id" if c.name == CROSSWALK else c.found_sql() for c in columns]
    return f"SELECT {', '.join(chosen)} {covered_rows(cohort, entity, only=only)}"


def read_row_versions(cursor: Any, cohort: str, entity: Entity) -> RowVersions:
    """The versions of the rows that `readback_query` covers, and of their crosswalk rows."""
    crosswalk = "migration.crosswalk"
    return read_versions(
        cursor,
        (quote_name(entity.name), crosswalk),
        "sum(uuid_hash_extended(d.id::uuid, d.xmin::text::bigint))::text, "
        "sum(uuid_hash_extended(c.destination_id, c.xmin::text::bigint))::text",
        covered_rows(cohort, entity),
    )


def covered_rows(cohort: str, entity: Entity, *, only: str | None = None) -> str:
    """FROM and WHERE: each row `d` that is read back, with its crosswalk row `c` if it has one."""
    rows = f"{quote_name(entity.name)} d"
    if only is not None:
        ids = f"SELECT DISTINCT id::uuid AS id FROM {quote_name(only)} ORDER BY id"
        rows = f"({ids}) m JOIN {rows} ON d.id = m.id"
    owner = next((f.name for f, r in entity.references if r.entity == PATIENT and f.required), None)
    foreign = "c.destination_id IS NULL"
    if owner is not None:
        foreign += (
            f" AND d.{quote_name(owner)} IN (SELECT destination_id FROM migration.crosswalk "
            f"WHERE cohort = {quote_text(cohort)} AND entity = {quote_text(PATIENT)})"
        )
    own = f"c.cohort = {quote_text(cohort)}"
    if entity.is_reference:
        # One that left the source but is still referred to stays there, and nobody vouches for it.
        own += " AND c.fingerprint IS NOT NULL"
    return (
        f"FROM {rows} "
        f"LEFT JOIN migration.crosswalk c ON c.destination_id = d.id "
        f"AND c.entity = {quote_text(entity.name)} "
        f"WHERE (({own}) OR ({foreign}))"
    )


def _tables(reader: pa.RecordBatchReader) -> Iterator[pa.Table]:
    """The batches as tables, one at the least, with instants as microseconds."""
    schema = pa.schema(
        pa.field(f.name, pa.int64() if pa.types.is_timestamp(f.type) else f.type)
        for f in reader.schema
    )
    yield schema.empty_table()
    for batch in reader:
        yield pa.Table.from_batches([batch]).cast(schema)
