"""Extraction: a cohort's records of several entities, read at one instant into Parquet.

One REPEATABLE READ transaction covers all entities of a call, so that a child is never newer than
its parent. Rows stream: what is held in memory does not grow with the cohort.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from migration_platform.entity import Entity
from migration_platform.errors import SourceError
from migration_platform.row_text import join_texts
from migration_platform.staging import quote_name

DERIVED = ("_source_id", "_patient", "_repeat", "_suspect")
DOCUMENT_COLUMNS = ("_sha256", "_size", "_document_problem")


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose records: those of `patients` (source ids); with `orphans`, those of nobody in the
    population nor among `patients` (members who left the source: their cohorts have their records);
    with neither, all records of reference entities."""

    patients: tuple[str, ...] | None
    orphans: bool = False
    population_table: str = ""
    population_key: str = ""


class Snapshot:
    """The source at one instant, over an ADBC connection."""

    def __init__(self, connection: Any, scope: Scope, duck: duckdb.DuckDBPyConnection) -> None:
        self.connection, self.scope, self.duck = connection, scope, duck
        with connection.cursor() as cursor:
            if scope.patients is not None:
                members = pa.table({"id": pa.array(scope.patients, pa.string())})
                cursor.adbc_ingest("migration_members", members, mode="replace", temporary=True)
                cursor.execute("ANALYZE migration_members")
            connection.commit()
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            cursor.execute("SELECT count(*) FROM information_schema.schemata")
            cursor.fetchall()

    def write(
        self, entity: Entity, absent: frozenset[str], path: Path, documents: Path | None = None
    ) -> tuple[int, str]:
        """Write an entity's records in scope to `path`; returns their number and content digest.

        Columns: those the entity reads (text; null if the source lacks one), `DERIVED`, and for
        entities with stored files `DOCUMENT_COLUMNS` (read below `documents`).
        """
        if entity.document_path and documents is None:
            raise ValueError(f"{entity.name} owns stored files: give their folder")
        digest, rows = ContentDigest(self.duck), 0
        writer: pq.ParquetWriter | None = None
        try:
            for table in self._read(entity, absent):
                if entity.document_path and documents is not None:
                    table = _add_documents(table, documents, entity.document_path)
                if writer is None:
                    writer = pq.ParquetWriter(path, table.schema, compression="zstd")
                writer.write_table(table)
                digest.add(table)
                rows += table.num_rows
        finally:
            if writer is not None:
                writer.close()
        return rows, digest.hex()

    def _read(self, entity: Entity, absent: frozenset[str]) -> Iterator[pa.Table]:
        with self.connection.cursor() as cursor:
            try:
                repeats = entity.source.unique and self._has_repeats(cursor, entity)
                cursor.execute(extraction_query(entity, absent, self.scope, repeats=repeats))
                reader = cursor.fetch_record_batch()
                schema = pa.schema(
                    pa.field(f.name, pa.bool_() if f.name == "_suspect" else pa.string())
                    for f in reader.schema
                )
                yield pa.Table.from_batches([], schema)
                for batch in reader:
                    yield pa.Table.from_batches([batch]).cast(schema)
            except Exception as error:
                if type(error).__module__.startswith("adbc"):
                    raise SourceError(
                        f"{entity.name}: the source table {entity.source.table} could not be read "
                        f"({type(error).__name__}). Look at the source database and its rights."
                    ) from None
                raise

    def _has_repeats(self, cursor: Any, entity: Entity) -> bool:
        keys = ", ".join(f"btrim({quote_name(k)}::text)" for k in entity.source.key)
        cursor.execute(
            f"SELECT EXISTS (SELECT FROM {quote_name(entity.source.table)} "
            f"GROUP BY {keys} HAVING count(*) > 1)"
        )
        return bool(cursor.fetchone()[0])


def extraction_query(entity: Entity, absent: frozenset[str], scope: Scope, *, repeats: bool) -> str:
    """The SELECT that reads an entity's records in scope, in order of their destination ids.

    That order (`transformation.assign_ids`) is kept from here to the read-back: two sides in one
    order are compared without being sorted, and the destination's rows stand as its key has them.

    A unique key's record is named by the key; of several rows with one key, the second and later
    (in order of their content, so that every run agrees) get `#n`. A table without a key of its own
    names each row by a hash over its key columns, written as a row so that no delimiter can be
    mistaken, and its number among equal ones.
    """
    source, table = entity.source, quote_name(entity.source.table)
    columns = [
        f"NULL::text AS {quote_name(c)}" if c in absent else f"t.{quote_name(c)}::text"
        for c in entity.columns
        if not c.startswith("_")
    ]
    keys = [f"btrim(t.{quote_name(k)}::text)" for k in source.key]
    content = "md5(t::text)"
    patient = f"btrim(t.{quote_name(source.patient)}::text)" if source.patient else "NULL::text"
    if source.unique:
        name = keys[0] if len(keys) == 1 else f"md5(ROW({', '.join(keys)})::text)"
        name = f"COALESCE(NULLIF({name}, ''), 'no key ' || {content})"
        number = f"row_number() OVER (PARTITION BY {name} ORDER BY {content})" if repeats else "1"
        same = "NULL::text"
    else:
        name = f"md5(ROW({', '.join([patient, *keys])})::text)"
        number, same = f"row_number() OVER (PARTITION BY {name} ORDER BY {content})", "NULL::text"
    # Suspected duplicates and repeated keys are numbered over the whole table, before the scope:
    # the other record may belong to another cohort, and both must keep one name for good.
    whole = []
    suspect = "false"
    if source.distinct and not absent.intersection(source.distinct):
        distinct = [f"NULLIF(btrim({quote_name(c)}::text), '')" for c in source.distinct]
        order = ", ".join(f"btrim({quote_name(k)}::text)" for k in source.key)
        known = " AND ".join(f"{d} IS NOT NULL" for d in distinct)
        whole.append(
            f"({known}) AND dense_rank() OVER (PARTITION BY {', '.join(distinct)} "
            f"ORDER BY {order}) > 1 AS _suspect"
        )
        suspect = "t._suspect"
    if repeats:
        whole.append(f"{number} AS _number")
        whole.append(
            f"row_number() OVER (PARTITION BY {name}, {content}) > 1 AS _identical"
            if source.unique
            else "false AS _identical"
        )
        number = "t._number"
        if source.unique:
            same = "CASE WHEN t._identical THEN 'identical' WHEN t._number > 1 THEN 'conflict' END"
    origin = table
    if whole:
        origin = f"(SELECT t.*, {', '.join([*whole, f'{name} AS _name'])} FROM {table} t)"
        name = "t._name"
    where = scope_filter(entity, scope)
    select = (
        f"SELECT {', '.join(columns)}, {patient} AS _patient, {same} AS _repeat, "
        f"{suspect} AS _suspect, {name} || CASE WHEN {number} > 1 THEN '#' || {number} ELSE '' END "
        f"AS _source_id FROM {origin} t {where}"
    )
    # As bytes: a text with the character zero in it is none for Postgres.
    prefix = (entity.name.encode() + b"\0").hex()
    return (
        f"SELECT * FROM ({select}) r ORDER BY "
        f"md5('\\x{prefix}'::bytea || convert_to(_source_id, 'UTF8'))::uuid"
    )


def scope_filter(entity: Entity, scope: Scope) -> str:
    """WHERE: whether a row `t` of the entity's table is in scope."""
    if scope.patients is None:
        return ""
    patient = "NULL::text"
    if entity.source.patient:
        patient = f"btrim(t.{quote_name(entity.source.patient)}::text)"
    if not scope.orphans:
        return f"WHERE {patient} IN (SELECT id FROM migration_members)"
    key = quote_name(scope.population_key)
    return (
        f"WHERE NOT EXISTS (SELECT FROM {quote_name(scope.population_table)} p WHERE "
        f"btrim(p.{key}::text) <> '' AND btrim(p.{key}::text) = {patient}) "
        f"AND NOT EXISTS (SELECT FROM migration_members m WHERE m.id = {patient})"
    )


class ContentDigest:
    """A digest of a set of rows that does not depend on their order or on how they are batched.

    The 128-bit hashes of the rows are added up; their number is part of it.
    """

    def __init__(self, duck: duckdb.DuckDBPyConnection) -> None:
        self.duck, self.total, self.rows = duck, 0, 0

    def add(self, table: pa.Table) -> None:
        """Add the rows of a table of texts and booleans."""
        if not table.num_rows:
            return
        text = join_texts([f"{quote_name(n)}::varchar" for n in table.column_names])
        self.duck.register("rows_to_digest", table)
        row = self.duck.execute(
            f"SELECT sum(md5_number_lower(r)::hugeint), sum(md5_number_upper(r)::hugeint), "
            f"count(*) FROM (SELECT {text} AS r FROM rows_to_digest)"
        ).fetchall()[0]
        self.duck.unregister("rows_to_digest")
        self.total += int(row[0]) + (int(row[1]) << 64)
        self.rows += int(row[2])

    def hex(self) -> str:
        """64 hex digits."""
        return hashlib.sha256(f"{self.rows}:{self.total}".encode()).hexdigest()


def _add_documents(table: pa.Table, folder: Path, column: str) -> pa.Table:
    """Open and hash the file that each record names."""
    paths: Sequence[str | None] = table.column(column).to_pylist()
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda p: inspect_document(folder, p), paths))
    for at, name in enumerate(DOCUMENT_COLUMNS):
        table = table.append_column(name, pa.array([f[at] for f in found], pa.string()))
    return table


def inspect_document(folder: Path, path: str | None) -> tuple[str | None, str | None, str | None]:
    """SHA-256, size in bytes and, if there is one, the problem of a stored file."""
    if not path or not path.strip():
        return None, None, "no stored file is named"
    named = PurePosixPath(path.strip())
    file = (folder / named).resolve()
    if named.is_absolute() or ".." in named.parts or not file.is_relative_to(folder.resolve()):
        return None, None, "the stored file's path leaves the documents folder"
    try:
        with file.open("rb") as opened:
            digest = hashlib.file_digest(opened, "sha256").hexdigest()
        size = file.stat().st_size
    except FileNotFoundError:
        return None, None, "the stored file does not exist"
    except (OSError, ValueError):
        return None, None, "the stored file cannot be read"
    return digest, str(size), None if size else "the stored file is empty"
