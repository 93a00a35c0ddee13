"""Concern: which mapped records somebody must look at, though they move.

It asks the queries that entities declare (`entity.Concern`) over staged files; what becomes of the
answer is in `exception.queue`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import duckdb

from migration_platform.entity import Concern, Entity
from migration_platform.errors import ConfigurationError
from migration_platform.staging import quote_name, quote_text


def find_concerns(
    entity: Entity,
    files: Mapping[str, Path],
    as_of: datetime | None,
    connection: duckdb.DuckDBPyConnection,
) -> dict[str, Concern]:
    """The records that a concern is about, by source id, each with the first concern that has it.

    `files` gives the mapped records of the entity and of those that it refers to; a concern over an
    entity that is not among them (not applicable for this source) finds nothing. Raises
    ConfigurationError for a query that cannot be asked.
    """
    found: dict[str, Concern] = {}
    if not entity.concerns:
        return found
    sql = connection.cursor()
    sql.execute("SET VARIABLE as_of = CAST(? AS TIMESTAMPTZ)", [as_of]).fetchall()
    for name, path in files.items():
        sql.execute(
            f"CREATE OR REPLACE TEMP VIEW {quote_name(name)} AS "
            f"SELECT * FROM read_parquet({quote_text(str(path))})"
        ).fetchall()
    try:
        for concern in entity.concerns:
            for source_id in _ask(sql, entity, concern, files):
                found.setdefault(source_id, concern)
    finally:
        for name in files:
            sql.execute(f"DROP VIEW IF EXISTS {quote_name(name)}").fetchall()
        sql.close()
    return found


def _ask(
    sql: duckdb.DuckDBPyConnection, entity: Entity, concern: Concern, files: Mapping[str, Path]
) -> list[str]:
    where = f"{entity.name}, concern {concern.name}"
    try:
        reads = set(sql.get_table_names(concern.query))
        strange = reads - {entity.name, *entity.parents}
        if strange:
            raise ConfigurationError(
                f"{where}: it reads {', '.join(sorted(strange))}; a concern may read "
                f"{', '.join([entity.name, *entity.parents])}"
            )
        if not reads <= set(files):
            return []
        rows = sql.execute(concern.query).fetchall()
    except duckdb.Error as error:
        # Of a query that cannot be asked the text names columns; of another it may hold a value.
        about = (duckdb.BinderException, duckdb.CatalogException, duckdb.ParserException)
        said = str(error).splitlines()[0] if isinstance(error, about) else type(error).__name__
        raise ConfigurationError(f"{where}: the query was refused: {said}") from None
    if rows and len(rows[0]) != 1:
        raise ConfigurationError(
            f"{where}: it must return one column, the source_id of each record"
        )
    return [str(row[0]) for row in rows]
