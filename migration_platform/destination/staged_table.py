"""Staged table: a cohort's mapped records of one entity, beside the destination's tables.

Suites look at it before anything is loaded, and the load merges from exactly this table: what was
checked is what is loaded. It is unlogged: after a crash of the server the transform runs again.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import psycopg
from psycopg import sql

from migration_platform.entity import Entity, Type
from migration_platform.errors import MigrationError
from migration_platform.staging import quote_name, quote_text

SCHEMA = "migration_staging"

PART_ROWS = 10_000
"""Records read from the file at once: what is held of them does not grow with a cohort."""

STATISTICS_OF_IDS = 10
"""The planner's figures of a column of ids are taken from 300 times as many rows: each value stands
there once, which few rows say as well as many."""

POSTGRES_TYPE: dict[Type, str] = {
    "text": "text",
    "uuid": "uuid",
    "date": "date",
    "timestamp": "timestamptz",
    "decimal": "numeric",
    "integer": "bigint",
    "boolean": "boolean",
}


def table_name(cohort: str, entity: str) -> str:
    """The staged table's name within `SCHEMA`."""
    return f"{cohort}__{entity}"


def staged_digest(destination: psycopg.Connection, cohort: str, entity: str) -> str | None:
    """Digest of what is staged, kept as the table's comment; None if nothing is (or a crash
    emptied it)."""
    with destination.cursor() as cursor:
        return _digest(cursor, cohort, entity)


def stage_records(
    destination: Any,
    cohort: str,
    entity: Entity,
    mapped: Path,
    digest: str,
    rows: int,
    duck: duckdb.DuckDBPyConnection,
) -> None:
    """Put the records of `mapped` into the staged table, in one transaction, unless they are there.

    `destination` is an ADBC connection, which sends rows as the server keeps them: reading them
    from text takes it three times as long. Raises MigrationError if the server does not take them.
    """
    try:
        with destination.cursor() as cursor:
            # Of two runs of one cohort at once the second waits, and finds it done.
            cursor.execute(
                "SELECT 1 FROM pg_advisory_xact_lock(hashtextextended($1, 4))",
                (table_name(cohort, entity.name),),
            )
            cursor.fetchall()
            if _digest(cursor, cohort, entity.name) != digest:
                _fill(cursor, cohort, entity, mapped, duck)
                comment = sql.SQL("COMMENT ON TABLE {} IS {}").format(
                    _table(cohort, entity.name), sql.Literal(f"{digest} {rows}")
                )
                cursor.execute(comment.as_string())
        destination.commit()
    except Exception as error:
        if type(error).__module__.startswith("adbc"):
            raise MigrationError(
                f"{entity.name}: the mapped records could not be staged beside the destination "
                f"({type(error).__name__}). Look at its server, its rights and its space, then run "
                "it again. Nothing was loaded."
            ) from None
        raise


def _fill(
    cursor: Any, cohort: str, entity: Entity, mapped: Path, duck: duckdb.DuckDBPyConnection
) -> None:
    table = _table(cohort, entity.name).as_string()
    kinds: list[tuple[str, Type]] = [("id", "uuid"), ("source_id", "text")]
    kinds += [(f.name, f.type) for f in entity.fields]
    kinds += [("fingerprint", "uuid")]
    columns = ", ".join(f"{quote_name(name)} {POSTGRES_TYPE[kind]}" for name, kind in kinds)
    cursor.execute(f"DROP TABLE IF EXISTS {table}")
    cursor.execute(f"CREATE UNLOGGED TABLE {table} ({columns})")
    chosen = ", ".join(
        f"unhex(replace({quote_name(name)}, '-', '')) AS {quote_name(name)}"
        if kind == "uuid"
        else quote_name(name)
        for name, kind in kinds
    )
    reader = (
        duck.cursor()
        .sql(f"SELECT {chosen} FROM read_parquet({quote_text(str(mapped))})")
        .to_arrow_reader(PART_ROWS)
    )
    cursor.adbc_ingest(
        table_name(cohort, entity.name), reader, mode="append", db_schema_name=SCHEMA
    )
    # Of what the load joins by, each value once: few rows say so. The suites read it as a whole.
    cursor.execute(f"SET LOCAL default_statistics_target = {STATISTICS_OF_IDS}")
    cursor.execute(f"ANALYZE {table} (id, source_id)")


def _digest(cursor: Any, cohort: str, entity: str) -> str | None:
    cursor.execute(
        sql.SQL("SELECT obj_description(to_regclass({}), 'pg_class')")
        .format(sql.Literal(_table(cohort, entity).as_string()))
        .as_string()
    )
    row = cursor.fetchone()
    if row is None or row[0] is None:
        return None
    digest, _, rows = str(row[0]).partition(" ")
    cursor.execute(f"SELECT count(*) FROM {_table(cohort, entity).as_string()}")
    counted = cursor.fetchone()
    # An unlogged table is emptied by a crash of the server, its comment is not.
    return digest if counted is not None and str(counted[0]) == rows else None


def _table(cohort: str, entity: str) -> sql.Identifier:
    return sql.Identifier(SCHEMA, table_name(cohort, entity))
