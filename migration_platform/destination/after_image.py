"""After-image: a row as a load left it, kept in the journal as the text of the row.

A third of the room and half the time of JSON, which every load would pay for and only a rollback
reads. The columns that the table had then are kept with the load, so that it can be read back
whatever became of the table since.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import psycopg
from psycopg import sql

COLUMNS = (
    "(SELECT string_agg(quote_ident(attname) || ' ' || format_type(atttypid, atttypmod), ', ' "
    "ORDER BY attnum) FROM pg_attribute WHERE attrelid = to_regclass(quote_ident(%(entity)s)) "
    "AND attnum > 0 AND NOT attisdropped)"
)
"""The columns of an entity's table, as CREATE TABLE wants them."""


Kinds = Mapping[str, Sequence[tuple[Sequence[int], str]]]
"""By entity: loads, and the temporary table that has the columns which its table had in them."""


def read_kinds(cursor: psycopg.Cursor, loads: Sequence[int]) -> Kinds:
    """Make what the after-images of these loads can be read with; it goes with the transaction."""
    cursor.execute(
        "SELECT entity, columns, array_agg(id) FROM migration.load WHERE id = ANY(%s) "
        "AND columns IS NOT NULL GROUP BY entity, columns ORDER BY entity, min(id)",
        (list(loads),),
    )
    kinds: dict[str, list[tuple[Sequence[int], str]]] = {}
    for number, (entity, columns, numbers) in enumerate(cursor.fetchall()):
        name = f"as_loaded_{number}"
        cursor.execute(
            sql.SQL("CREATE TEMP TABLE {} ({}) ON COMMIT DROP").format(
                sql.Identifier(name), sql.SQL(columns)
            )
        )
        kinds.setdefault(entity, []).append((numbers, name))
    return kinds


def as_json(kinds: Kinds, entity: str, load: str, after: str) -> sql.Composable:
    """SQL for an after-image of an entity as jsonb, over two columns: a load's number and the image.

    Null if no load of the entity kept one.
    """
    parts = [
        sql.SQL("WHEN {} = ANY({}) THEN to_jsonb({}::{})").format(
            sql.SQL(load),
            sql.Literal(list(numbers)),
            sql.SQL(after),
            sql.Identifier("pg_temp", name),
        )
        for numbers, name in kinds.get(entity, ())
    ]
    if not parts:
        return sql.SQL("NULL::jsonb")
    return sql.SQL("CASE {} END").format(sql.SQL(" ").join(parts))
