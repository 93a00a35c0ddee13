"""Lookup: what a reading needs beside the source record itself.

Code maps, read anew from their files; the ends of the records that others refer to; the source's
stored files, opened and hashed again. Each becomes a relation that is joined by key.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import pyarrow as pa

from migration_platform.errors import ConfigurationError
from migration_platform.reconciliation.column import quote_text
from migration_platform.reconciliation.correction import Corrections, snapshot_sql
from migration_platform.reconciliation.document_file import look_at_file
from migration_platform.reconciliation.merge import Merges, parents_sql
from migration_platform.reconciliation.source_reading import Lookup, trim_sql

BATCH = 10_000


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a cohort's records of an entity come from: the snapshot, the ends of each entity that it
    refers to (of those applicable for this source), the source's documents folder, what people
    corrected, and of each of those entities which records they merged."""

    snapshot: Path
    parents: Mapping[str, Path]
    documents: Path
    corrections: Corrections | None = None
    merges: Mapping[str, Merges] = field(default_factory=dict)

    @property
    def records(self) -> str:
        """The snapshot as a relation of SQL, with what people corrected."""
        return snapshot_sql(self.snapshot, self.corrections)


def prepare_lookup(sql: duckdb.DuckDBPyConnection, lookup: Lookup, origin: Origin) -> str:
    """The relation of a lookup, with a column `key`."""
    if lookup.kind == "parents":
        return parents_sql(origin.parents[lookup.name], origin.merges.get(lookup.name))
    table = f"lookup_{lookup.alias}"
    if lookup.kind == "code map":
        _fill(sql, table, "key VARCHAR, becomes VARCHAR", [_read_code_map(Path(lookup.name))])
        return f"(SELECT lower(key) AS key, becomes FROM {table})"
    snapshot = f"read_parquet({quote_text(str(origin.snapshot))})"
    _fill(
        sql,
        table,
        "key VARCHAR, sha256 VARCHAR, size BIGINT",
        _inspect_files(
            sql, f"SELECT DISTINCT {trim_sql(lookup.name)} FROM {snapshot}", origin.documents
        ),
    )
    return table


def _fill(
    sql: duckdb.DuckDBPyConnection, table: str, columns: str, batches: Iterable[pa.Table]
) -> None:
    sql.execute(f"CREATE OR REPLACE TEMP TABLE {table} ({columns})").fetchall()
    for batch in batches:
        sql.register("batch", batch)
        sql.execute(f"INSERT INTO {table} SELECT * FROM batch").fetchall()
        sql.unregister("batch")


def _read_code_map(path: Path) -> pa.Table:
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = [
                (row["source_code"].strip(), row["destination_code"].strip())
                for row in csv.DictReader(file)
            ]
    except (OSError, UnicodeDecodeError, KeyError) as error:
        raise ConfigurationError(
            f"{path}: the code map cannot be read ({type(error).__name__}): it needs the columns "
            "source_code and destination_code"
        ) from None
    return pa.table({"key": [r[0] for r in rows], "becomes": [r[1] for r in rows]})


def _inspect_files(sql: duckdb.DuckDBPyConnection, paths: str, folder: Path) -> Iterator[pa.Table]:
    """Open and hash the source's files again; without one, in words why."""

    def inspect(path: str) -> tuple[str, int | None]:
        state = look_at_file(folder, path, "")
        try:
            return state, (folder / path).stat().st_size
        except OSError:
            return state, None

    cursor = sql.cursor()
    reader = cursor.execute(paths)
    with ThreadPoolExecutor(4) as pool:
        while rows := reader.fetchmany(BATCH):
            names = [r[0] for r in rows if r[0] is not None]
            found = list(pool.map(inspect, names))
            yield pa.table(
                {
                    "key": pa.array(names, pa.string()),
                    "sha256": pa.array([f[0] for f in found], pa.string()),
                    "size": pa.array([f[1] for f in found], pa.int64()),
                }
            )
