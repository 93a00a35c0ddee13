"""Undo: what a cohort's loads did, worked out from the journal and from what is there now.

`work_out` changes nothing: it lists, in temporary tables of the caller's transaction, which rows go,
which come back as they were, what hangs on those that go, and why it may not be. `rollback` does it.

A record's state before the cohort's loads is the before-image of the first of them that touched it.
What hangs on a record is found by the destination's own foreign keys, not by the entities alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import psycopg
from psycopg import sql

from migration_platform.destination.after_image import Kinds, as_json, read_kinds
from migration_platform.destination.foreign_key import (
    ForeignKey,
    Relation,
    find_dependants,
    name_own_tables,
    order_children_first,
    read_foreign_keys,
    read_tables,
)
from migration_platform.destination.hanging import count_by_name, find_users, follow_keys
from migration_platform.entity import Entity
from migration_platform.errors import MigrationError

PATIENCE = "60s"
"""How long a rollback waits for those who write in the tables that it needs for itself."""

TABLES = """
CREATE TEMP TABLE undo (entity text, id uuid, tid tid, target jsonb, first_action text, status text,
    written jsonb, present jsonb) ON COMMIT DROP;
CREATE TEMP TABLE leaving (relation bigint, tid tid, entity text, id uuid, made boolean,
    image jsonb) ON COMMIT DROP;
CREATE TEMP TABLE emptied (relation bigint, tid tid, name text, field text, image jsonb)
    ON COMMIT DROP;
"""
"""`undo`: each record that the loads touched; `status` says what became of it since the last of them
(same, changed, deleted, made again, or withdrawn by a load with what it hung on), with the row as that
load wrote it and as it is, where they differ. `leaving`: rows that go; `made` are those that hang on
them and that no load wrote. `emptied`: references that the destination empties by itself."""


@dataclass(frozen=True, slots=True)
class Undoing:
    """What undoing a cohort's loads comes to. Counts are by entity or table."""

    cohort: str
    number: int
    """The how manieth rollback of the cohort it is."""
    loads: tuple[int, ...]
    removed: Mapping[str, int]
    restored: Mapping[str, int]
    made: Mapping[str, int]
    emptied: Mapping[str, int]
    refusals: tuple[str, ...]
    kinds: Kinds
    tables: Mapping[str, Relation]
    """Of the entities that the loads touched."""
    children_first: tuple[Relation, ...]
    """Those, and every table whose rows may hang on theirs."""

    @property
    def records(self) -> int:
        return sum(self.removed.values()) + sum(self.restored.values())


def work_out(
    cursor: psycopg.Cursor, cohort: str, entities: Mapping[str, Entity], *, lock: bool
) -> Undoing:
    """List what undoing the cohort's loads comes to. With `lock`, nobody else writes in the tables
    concerned until the transaction ends, so that it stays true.

    Raises MigrationError if it cannot be worked out.
    """
    cursor.execute(
        "SELECT coalesce(max(number), 0), coalesce(max(last_load_id), 0) FROM migration.rollback "
        "WHERE cohort = %s",
        (cohort,),
    )
    number, boundary = cursor.fetchone() or (0, 0)
    cursor.execute(
        "SELECT id FROM migration.load WHERE cohort = %s AND id > %s ORDER BY id",
        (cohort, boundary),
    )
    loads = tuple(int(row[0]) for row in cursor.fetchall())
    cursor.execute(
        "CREATE TEMP TABLE touched ON COMMIT DROP AS SELECT entity, destination_id AS id, "
        "min(load_id) AS first, max(load_id) AS last FROM migration.journal "
        "WHERE load_id = ANY(%s) GROUP BY entity, destination_id",
        (list(loads),),
    )
    cursor.execute("ANALYZE touched")
    cursor.execute("SELECT DISTINCT entity FROM touched ORDER BY entity")
    tables = read_tables(cursor, [row[0] for row in cursor.fetchall()])
    keys = read_foreign_keys(cursor)
    order = order_children_first(find_dependants(keys, tables.values()), keys)
    if lock:
        _lock(cursor, order)
    cursor.execute(TABLES)
    kinds = read_kinds(cursor, loads)
    for name, table in tables.items():
        _fill(cursor, name, table, loads, as_json(kinds, name, "load_id", "written"))
    for table in reversed(order):
        _let_go_of_orphans(cursor, table, tables, keys)
    numbers = {name: table.number for name, table in tables.items()}
    for name, number_of in numbers.items():
        cursor.execute(
            "INSERT INTO leaving SELECT %s, tid, entity, id, false, NULL FROM undo "
            "WHERE entity = %s AND target IS NULL AND tid IS NOT NULL",
            (number_of, name),
        )
    cursor.execute("ANALYZE undo")
    cursor.execute("ANALYZE leaving")
    own = name_own_tables(cursor, entities)
    refusals = follow_keys(cursor, keys, own)
    refusals += find_users(cursor, cohort, keys, loads, entities, own)
    return Undoing(
        cohort,
        int(number) + 1,
        loads,
        removed=count_by_name(cursor, "entity FROM leaving WHERE NOT made"),
        restored=count_by_name(
            cursor, "entity FROM undo WHERE target IS NOT NULL AND target IS DISTINCT FROM present"
        ),
        made=count_by_name(cursor, "entity FROM leaving WHERE made"),
        emptied=count_by_name(cursor, "name FROM emptied"),
        refusals=tuple(refusals),
        kinds=kinds,
        tables=tables,
        children_first=order,
    )


def _lock(cursor: psycopg.Cursor, tables: tuple[Relation, ...]) -> None:
    if not tables:
        return
    names = sql.SQL(", ").join(t.identifier for t in sorted(tables, key=lambda t: t.number))
    cursor.execute(sql.SQL("SET LOCAL lock_timeout = {}").format(sql.Literal(PATIENCE)))
    try:
        cursor.execute(sql.SQL("LOCK TABLE {} IN SHARE ROW EXCLUSIVE MODE").format(names))
    except psycopg.errors.LockNotAvailable:
        raise MigrationError(
            f"somebody has been writing at the destination for more than {PATIENCE}, in a table that "
            "the rollback needs for itself. Stop what writes there, and run it again. Nothing was "
            "written."
        ) from None
    except psycopg.errors.InsufficientPrivilege as error:
        raise MigrationError(
            f"the destination's role may not do a rollback: {error.diag.message_primary}. Grant it "
            "SELECT and DELETE on the tables that refer to the entities'. Nothing was written."
        ) from None
    cursor.execute("SET LOCAL lock_timeout = 0")


def _fill(
    cursor: psycopg.Cursor,
    name: str,
    table: Relation,
    loads: tuple[int, ...],
    written: sql.Composable,
) -> None:
    """The entity's records: as they were before the first load, and what became of them since."""
    cursor.execute(
        sql.SQL(
            "INSERT INTO undo SELECT %(entity)s, id, tid, target, first_action, status, "
            "CASE WHEN status <> 'same' THEN {written} END, "
            "CASE WHEN status <> 'same' OR target IS NOT NULL THEN present END FROM ("
            "SELECT t.id, d.ctid AS tid, f.before AS target, f.action AS first_action, "
            "l.load_id, l.after AS written, to_jsonb(d) AS present, CASE "
            "WHEN l.action = 'withdraw' AND d.id IS NULL THEN 'same' "
            "WHEN l.action = 'withdraw' THEN 'made' WHEN d.id IS NULL THEN 'deleted' "
            "WHEN d::text IS DISTINCT FROM l.after THEN 'changed' ELSE 'same' END AS status "
            "FROM touched t "
            "JOIN migration.journal f ON f.load_id = t.first AND f.entity = t.entity "
            "AND f.destination_id = t.id AND f.load_id = ANY(%(loads)s) "
            "JOIN migration.journal l ON l.load_id = t.last AND l.entity = t.entity "
            "AND l.destination_id = t.id AND l.load_id = ANY(%(loads)s) "
            "LEFT JOIN {table} d ON d.id = t.id WHERE t.entity = %(entity)s) touched"
        ).format(table=table.identifier, written=written),
        {"entity": name, "loads": list(loads)},
    )


def _let_go_of_orphans(
    cursor: psycopg.Cursor,
    table: Relation,
    tables: Mapping[str, Relation],
    keys: list[ForeignKey],
) -> None:
    """Rows that were made at the destination and went with a withdrawn record: they come back only
    if what they hang on stays."""
    names = {t: name for name, t in tables.items()}
    for key in keys:
        if key.child != table or table not in names or key.parent not in names:
            continue
        if key.parent_columns == ("id",):
            cursor.execute(
                "UPDATE undo u SET written = u.target, target = NULL, status = 'withdrawn' "
                "FROM undo p WHERE u.entity = %s AND u.first_action = 'withdraw' "
                "AND u.target IS NOT NULL AND u.tid IS NULL AND p.entity = %s "
                "AND p.target IS NULL AND (u.target->>%s)::uuid = p.id",
                (names[table], names[key.parent], key.columns[0]),
            )
