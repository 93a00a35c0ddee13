"""Staged table: a cohort's mapped records of one entity, beside the destination's tables.

Suites look at it before anything is loaded, and the load merges from exactly this table: what was
checked is what is loaded. It is unlogged: after a crash of the server the transform runs again.
"""

from __future__ import annotations

from pathlib import Path

import duckdb
import polars as pl
import psycopg
from psycopg import sql

from migration_platform.entity import Entity, Type
from migration_platform.staging import quote_text

SCHEMA = "migration_staging"

PART_ROWS = 10_000
"""Records sent at once: the next ones are written out while the server reads these."""

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
    row = destination.execute(
        "SELECT obj_description(to_regclass(%s), 'pg_class')",
        (f'"{SCHEMA}"."{table_name(cohort, entity)}"',),
    ).fetchone()
    if row is None or row[0] is None:
        return None
    digest, _, rows = str(row[0]).partition(" ")
    counted = destination.execute(
        sql.SQL("SELECT count(*) FROM {}").format(
            sql.Identifier(SCHEMA, table_name(cohort, entity))
        )
    ).fetchone()
    # An unlogged table is emptied by a crash of the server, its comment is not.
    return digest if counted is not None and str(counted[0]) == rows else None


def stage_records(
    destination: psycopg.Connection,
    cohort: str,
    entity: Entity,
    mapped: Path,
    digest: str,
    rows: int,
    duck: duckdb.DuckDBPyConnection,
) -> None:
    """Put the records of `mapped` into the staged table, in one transaction, unless they are there."""
    table = sql.Identifier(SCHEMA, table_name(cohort, entity.name))
    columns = [("id", "uuid"), ("source_id", "text")]
    columns += [(f.name, POSTGRES_TYPE[f.type]) for f in entity.fields]
    columns += [("fingerprint", "uuid")]
    with destination.transaction(), destination.cursor() as cursor:
        # Of two runs of one cohort at once the second waits, and finds it done.
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(%s, 4))",
            (table_name(cohort, entity.name),),
        )
        if staged_digest(destination, cohort, entity.name) == digest:
            return
        cursor.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(table))
        cursor.execute(
            sql.SQL("CREATE UNLOGGED TABLE {} ({})").format(
                table,
                sql.SQL(", ").join(
                    sql.SQL("{} {}").format(sql.Identifier(name), sql.SQL(kind))
                    for name, kind in columns
                ),
            )
        )
        reader = (
            duck.cursor()
            .sql(f"SELECT * FROM read_parquet({quote_text(str(mapped))})")
            .to_arrow_reader(PART_ROWS)
        )
        with cursor.copy(sql.SQL("COPY {} FROM STDIN (FORMAT csv)").format(table)) as copy:
            for batch in reader:
                # Polars writes a null as nothing and an empty text as "": COPY reads them so too.
                copy.write(pl.DataFrame(pl.from_arrow(batch)).write_csv(include_header=False))
        # Of what the load joins by; the suites read the table as a whole.
        cursor.execute(sql.SQL("ANALYZE {} (id, source_id)").format(table))
        cursor.execute(
            sql.SQL("COMMENT ON TABLE {} IS {}").format(table, sql.Literal(f"{digest} {rows}"))
        )
