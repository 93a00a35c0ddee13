"""Foreign keys: which of the destination's tables refer to which, read from its own catalog.

The entities declare the references that they map. The destination may have more tables than this
migration knows of; what hangs on a record is found by what the destination itself enforces.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import psycopg
from psycopg import sql

from migration_platform.errors import MigrationError

OnDelete = Literal["no action", "restrict", "cascade", "set null", "set default"]
ON_DELETE: dict[str, OnDelete] = {
    "a": "no action",
    "r": "restrict",
    "c": "cascade",
    "n": "set null",
    "d": "set default",
}


@dataclass(frozen=True, slots=True)
class Relation:
    """A table of the destination."""

    number: int
    schema: str
    name: str
    said: str
    """How a sentence calls it: with its schema where the name alone would not find it."""

    @property
    def identifier(self) -> sql.Identifier:
        return sql.Identifier(self.schema, self.name)


@dataclass(frozen=True, slots=True)
class ForeignKey:
    """`columns` of `child` name a row of `parent`. `on_delete` is what the destination does itself."""

    child: Relation
    columns: tuple[str, ...]
    parent: Relation
    parent_columns: tuple[str, ...]
    on_delete: OnDelete


def read_tables(cursor: psycopg.Cursor, names: Iterable[str]) -> dict[str, Relation]:
    """The table of each entity. Raises MigrationError if one is missing or is no plain table."""
    found = {}
    for name in names:
        cursor.execute(
            "SELECT c.oid::bigint, n.nspname, c.relname, c.oid::regclass::text, c.relkind FROM pg_class c "
            "JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = to_regclass(quote_ident(%s))",
            (name,),
        )
        row = cursor.fetchone()
        if row is None or row[4] != "r":
            state = "has no table" if row is None else "has a partitioned or foreign table"
            raise MigrationError(f"the destination {state} {name}: its rows cannot be rolled back.")
        found[name] = Relation(*row[:4])
    return found


def name_own_tables(cursor: psycopg.Cursor, names: Iterable[str]) -> dict[int, str]:
    """The entities by the number of their table, those that have one."""
    cursor.execute(
        "SELECT to_regclass(quote_ident(name))::oid::bigint, name FROM unnest(%s::text[]) AS name",
        (list(names),),
    )
    return {int(number): name for number, name in cursor.fetchall() if number is not None}


def read_foreign_keys(cursor: psycopg.Cursor) -> list[ForeignKey]:
    """Every foreign key between the destination's own tables, in a stable order."""
    columns = (
        "ARRAY(SELECT a.attname::text FROM unnest({key}) WITH ORDINALITY u(number, place) "
        "JOIN pg_attribute a ON a.attrelid = {table} AND a.attnum = u.number ORDER BY place)"
    )
    cursor.execute(
        "SELECT k.conrelid::bigint, cn.nspname, c.relname, c.oid::regclass::text, "
        + columns.format(key="k.conkey", table="k.conrelid")
        + ", k.confrelid::bigint, pn.nspname, p.relname, p.oid::regclass::text, "
        + columns.format(key="k.confkey", table="k.confrelid")
        + ", k.confdeltype FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid "
        "JOIN pg_namespace cn ON cn.oid = c.relnamespace JOIN pg_class p ON p.oid = k.confrelid "
        "JOIN pg_namespace pn ON pn.oid = p.relnamespace WHERE k.contype = 'f' "
        "AND k.conparentid = 0 ORDER BY cn.nspname, c.relname, k.conname"
    )
    return [
        ForeignKey(
            Relation(*row[:4]),
            tuple(row[4]),
            Relation(*row[5:9]),
            tuple(row[9]),
            ON_DELETE[row[10]],
        )
        for row in cursor.fetchall()
    ]


def find_dependants(keys: Sequence[ForeignKey], tables: Iterable[Relation]) -> set[Relation]:
    """The tables, and every table whose rows may hang on theirs, however far away."""
    found = set(tables)
    while more := {k.child for k in keys if k.parent in found} - found:
        found |= more
    return found


def order_children_first(
    tables: Iterable[Relation], keys: Sequence[ForeignKey]
) -> tuple[Relation, ...]:
    """An order in which rows can be removed. In a circle of tables, none is right: any will do, and
    the destination refuses what it must."""
    pending = sorted(set(tables), key=lambda t: (t.schema, t.name))
    ordered: list[Relation] = []
    while pending:
        held = {k.parent for k in keys if k.child in pending and k.child != k.parent}
        free = [t for t in pending if t not in held] or pending
        ordered.append(free[0])
        pending.remove(free[0])
    return tuple(ordered)
