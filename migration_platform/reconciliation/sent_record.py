"""Sent records: what was mapped, in canonical form, as Arrow tables.

`Column.sent_sql` says the same to DuckDB; Arrow reads a file in two thirds of the time. The load reads
the same file with DuckDB: nothing here does.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from migration_platform.entity import DECIMAL_SCALE
from migration_platform.reconciliation.column import Column


def read_sent(mapped: Path, columns: Sequence[Column]) -> Iterator[pa.Table]:
    """The records of a Parquet file in the file's order, a row group at a time; first of all none.

    Arrow's own batches would do, but it would hold the whole file for them.
    """
    names = ["id", *[c.name for c in columns]]
    with pq.ParquetFile(mapped) as file:
        yield to_canonical(file.schema_arrow.empty_table(), columns)
        for group in range(file.num_row_groups):
            yield to_canonical(file.read_row_group(group, columns=names), columns)


def to_canonical(records: pa.Table, columns: Sequence[Column]) -> pa.Table:
    """Mapped records (typed as in `entity.POLARS_TYPE`), `id` and these columns, in canonical form."""
    kinds = {"id": "text"} | {c.name: c.type for c in columns}
    return pa.table({name: _values(records[name], kind) for name, kind in kinds.items()})


def _values(values: pa.ChunkedArray, kind: str) -> pa.ChunkedArray:
    if kind == "timestamp":
        return values.cast(pa.timestamp("us", "UTC")).cast(pa.int64())
    if kind == "decimal" and pa.types.is_decimal(values.type):
        # Arrow writes a number of a larger scale as 0E-12.
        return values.cast(pa.decimal128(38, DECIMAL_SCALE)).cast(pa.string())
    return values.cast(pa.string()) if kind in ("decimal", "text", "uuid") else values
