"""Synthetic write: what people might write at the destination after cutover, for a drill.

Values come from other records of the same cohort, so that they are such as the destination takes; what
it refuses all the same is left out. Only ever for a shadow.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import psycopg
from psycopg import sql

from migration_platform.entity import Entity

LOOKED_AT = 50
"""Records of an entity among which one is chosen to be written."""


@dataclass(frozen=True, slots=True, order=True)
class SyntheticWrite:
    """One write: a field changed, a record made (field empty) or deleted (field empty)."""

    entity: str
    id: str
    kind: str
    field: str = ""


def write_synthetically(
    connection: psycopg.Connection, cohort: str, entities: Mapping[str, Entity], first_load: int
) -> list[SyntheticWrite]:
    """Change, make and delete a record of each entity where the destination lets it."""
    done: list[SyntheticWrite] = []
    for name, entity in entities.items():
        if entity.is_reference:
            continue
        rows = connection.execute(
            "SELECT destination_id::text FROM migration.crosswalk WHERE cohort = %s AND entity = %s "
            "AND fingerprint IS NOT NULL ORDER BY destination_id LIMIT %s",
            (cohort, name, LOOKED_AT),
        ).fetchall()
        ids = [row[0] for row in rows]
        for write in (_change, _make, _delete):
            made = write(connection, entity, ids, first_load)
            if made is not None:
                done.append(made)
    connection.commit()
    return done


def _change(
    connection: psycopg.Connection, entity: Entity, ids: list[str], first_load: int
) -> SyntheticWrite | None:
    """Give a record the value that another has in one field."""
    table = sql.Identifier(entity.name)
    references = {field.name for field, _ in entity.references}
    for field in (f for f in entity.fields if f.name not in references):
        name = sql.Identifier(field.name)
        pair = connection.execute(
            sql.SQL(
                "SELECT a.id::text, b.id::text FROM {table} a JOIN {table} b "
                "ON a.{name} IS DISTINCT FROM b.{name} "
                "WHERE a.id = ANY(%s::uuid[]) AND b.id = ANY(%s::uuid[]) ORDER BY 1, 2 LIMIT 1"
            ).format(table=table, name=name),
            (ids[:-1], ids),
        ).fetchone()
        if pair and _try(
            connection,
            sql.SQL(
                "UPDATE {table} a SET {name} = b.{name} FROM {table} b WHERE a.id = %s AND b.id = %s"
            ).format(table=table, name=name),
            pair,
        ):
            return SyntheticWrite(entity.name, pair[0], "changed", field.name)
    return None


def _make(
    connection: psycopg.Connection, entity: Entity, ids: list[str], first_load: int
) -> SyntheticWrite | None:
    """Another record like one that is there, hanging on one that the load inserted."""
    required = [f.name for f, _ in entity.references if f.required]
    if not required:
        return None
    names = sql.SQL(", ").join(sql.Identifier(f.name) for f in entity.fields)
    table, parent = sql.Identifier(entity.name), sql.Identifier(required[0])
    row = connection.execute(
        sql.SQL(
            "SELECT d.id::text, md5(d.id || ' made')::uuid::text FROM {table} d "
            "WHERE id = ANY(%s::uuid[]) AND EXISTS (SELECT FROM migration.journal j WHERE "
            "j.destination_id = d.{parent} AND j.action = 'insert' AND j.load_id >= %s) "
            "ORDER BY id LIMIT 1"
        ).format(table=table, parent=parent),
        (ids, first_load),
    ).fetchone()
    if row is None or not _try(
        connection,
        sql.SQL(
            "INSERT INTO {table} (id, {names}) SELECT %s, {names} FROM {table} WHERE id = %s"
        ).format(table=table, names=names),
        (row[1], row[0]),
    ):
        return None
    return SyntheticWrite(entity.name, row[1], "made")


def _delete(
    connection: psycopg.Connection, entity: Entity, ids: list[str], first_load: int
) -> SyntheticWrite | None:
    if len(ids) < 2:
        return None
    gone = _try(
        connection,
        sql.SQL("DELETE FROM {} WHERE id = %s").format(sql.Identifier(entity.name)),
        (ids[-1],),
    )
    return SyntheticWrite(entity.name, ids[-1], "deleted") if gone else None


def _try(
    connection: psycopg.Connection, statement: sql.Composed, values: tuple[object, ...]
) -> bool:
    """Whether the destination took it: what breaks one of its rules is not what people could write."""
    try:
        with connection.transaction():
            return connection.execute(statement, values).rowcount == 1
    except psycopg.errors.IntegrityError:
        return False
