"""Transformation: an entity's snapshot in, mapped records and ends out, batch by batch.

It feeds `mapping` and writes Parquet; it decides nothing about a record.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from migration_platform.entity import Entity
from migration_platform.exception.ruling import NO_RULINGS, Rulings
from migration_platform.mapping import ends_schema, follow_merges, map_batch, records_schema
from migration_platform.row_text import join_texts
from migration_platform.staging import BATCH_ROWS, quote_name, quote_text

NO_STAND_INS: Mapping[str, Sequence[Mapping[str, Any]]] = {}

ENDS_HASH = 'concat(source_id, chr(0), "end", chr(0), id)'


@dataclass(frozen=True, slots=True)
class Transformation:
    """How many records met each end, and the digest of what is mapped and of everybody's end."""

    extracted: int
    mapped: int
    archived: int
    excluded: int
    excepted: int
    digest: str


def transform_snapshot(
    entity: Entity,
    snapshot: Path,
    parents: Mapping[str, Path],
    mapped: Path,
    ends: Path,
    connection: duckdb.DuckDBPyConnection,
    *,
    window_start: datetime | None,
    absent: frozenset[str],
    rulings: Rulings = NO_RULINGS,
    stand_ins: Mapping[str, Sequence[Mapping[str, Any]]] = NO_STAND_INS,
) -> Transformation:
    """Map every record of `snapshot`; write `mapped` and `ends`.

    `parents` gives the ends of each referenced entity that is applicable. Destination ids are
    derived here (`assign_ids`), fingerprints added (`fingerprint_sql`). `rulings`: what people
    decided about single records; `stand_ins`: of each referenced entity, where its merged records
    stand. The files hold the records in
    the snapshot's order, so that the same input gives the same bytes.
    """
    known = {
        name: follow_merges(pl.read_parquet(path), stand_ins.get(name, ()))
        for name, path in parents.items()
    }
    reader = (
        connection.cursor()
        .sql(
            f"SELECT *, {assign_ids(entity.name)} AS _id FROM read_parquet({quote_text(str(snapshot))})"
        )
        .to_arrow_reader(BATCH_ROWS)
    )
    counts = dict.fromkeys(("mapped", "archived", "excluded", "excepted"), 0)
    total = extracted = 0
    ends_columns = _arrow(pl.DataFrame(schema=ends_schema(entity))).schema
    records_columns = _arrow(pl.DataFrame(schema=records_schema(entity))).schema
    records_columns = records_columns.append(pa.field("fingerprint", pa.string()))
    with (
        pq.ParquetWriter(ends, ends_columns, compression="zstd") as ends_writer,
        pq.ParquetWriter(mapped, records_columns, compression="zstd") as mapped_writer,
    ):
        for batch in reader:
            frame = pl.DataFrame(pl.from_arrow(batch))
            result = map_batch(
                entity,
                frame,
                known,
                window_start=window_start,
                absent=absent,
                rulings=rulings,
            )
            extracted += frame.height
            for end, number in result.ends["end"].value_counts().iter_rows():
                counts[end] += number
            table = _arrow(result.ends.select(ends_schema(entity).keys()))
            ends_writer.write_table(table)
            total += _sum_hashes(table, ENDS_HASH, connection)
            if result.records.height:
                table, part = _fingerprinted(entity, result.records, connection)
                mapped_writer.write_table(table.cast(records_columns))
                total += part
    digest = hashlib.sha256(f"{entity.name}:{counts['mapped']}:{total}".encode()).hexdigest()
    return Transformation(extracted=extracted, digest=digest, **counts)


def assign_ids(entity: str) -> str:
    """SQL for a record's destination id: a UUID from entity and source id, so assigned once.

    The crosswalk records it at load and refuses a second record for it.
    """
    return f"md5({quote_text(entity)} || chr(0) || _source_id)::uuid::varchar"


def fingerprint_sql(entity: Entity) -> str:
    """SQL for a 128-bit fingerprint of a mapped record's values, the same across versions."""
    texts = [
        f"{f'epoch_us({quote_name(f.name)})' if f.type == 'timestamp' else quote_name(f.name)}::varchar"
        for f in entity.fields
    ]
    return f"md5({join_texts(texts)})"


def _fingerprinted(
    entity: Entity, records: pl.DataFrame, connection: duckdb.DuckDBPyConnection
) -> tuple[pa.Table, int]:
    """The records with their fingerprint as an Arrow table, and the sum of their row hashes."""
    cursor = connection.cursor()
    cursor.register("records", _arrow(records))
    table = cursor.sql(
        f"SELECT *, {fingerprint_sql(entity)}::uuid::varchar AS fingerprint FROM records"
    ).to_arrow_table()
    cursor.close()
    return table, _sum_hashes(table, "id || fingerprint", connection)


def _sum_hashes(table: pa.Table, text: str, connection: duckdb.DuckDBPyConnection) -> int:
    """The sum of the rows' 128-bit hashes over a SQL text expression: the same in any order."""
    if not table.num_rows:
        return 0
    cursor = connection.cursor()
    cursor.register("hashed", table)
    low, high = cursor.execute(
        f"SELECT sum(md5_number_lower({text})::hugeint), sum(md5_number_upper({text})::hugeint) "
        "FROM hashed"
    ).fetchall()[0]
    cursor.close()
    return int(low) + (int(high) << 64)


def _arrow(frame: pl.DataFrame) -> pa.Table:
    """Arrow with plain strings, so that every batch has one schema."""
    table = frame.to_arrow(compat_level=pl.CompatLevel.oldest())
    fields = [
        pa.field(f.name, pa.string() if pa.types.is_large_string(f.type) else f.type)
        for f in table.schema
    ]
    return table.cast(pa.schema(fields))
