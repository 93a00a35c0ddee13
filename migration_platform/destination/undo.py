"""Undo: what the loads of cohorts did, worked out from the journal and from what is there now.

`work_out` changes nothing: it lists, in temporary tables of the caller's transaction, which rows go,
which come back as they were, what hangs on those that go, and why it may not be. `rollback` does it.

Usually of one cohort; of several at once where their records hang on each other. Each thing found is
the cohort's whose load wrote the record, or the record that it hangs on.

A record's state before the loads is the before-image of the first of them that touched it.
What hangs on a record is found by the destination's own foreign keys, not by the entities alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

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
from migration_platform.destination.hanging import (
    Refusal,
    count_by_name,
    find_users,
    follow_keys,
)
from migration_platform.entity import Entity
from migration_platform.errors import MigrationError

PATIENCE = "60s"
"""How long a rollback waits for those who write in the tables that it needs for itself."""

TOUCHED = """
CREATE TEMP TABLE touched ON COMMIT DROP AS WITH j AS MATERIALIZED (
    SELECT entity, destination_id AS id, load_id AS last, action AS last_action, after,
        first_value(load_id) OVER w AS first, first_value(action) OVER w AS first_action,
        first_value(before) OVER w AS before, lead(load_id) OVER w IS NULL AS newest
    FROM migration.journal WHERE load_id = ANY(%s)
    WINDOW w AS (PARTITION BY entity, destination_id ORDER BY load_id, action <> 'withdraw')
) SELECT o.cohort, j.* FROM j JOIN undone_load o ON o.id = j.last WHERE newest
"""
"""Each record with what the first of the loads found and the last one left. The journal is read once
and joined with nothing on the way: the planner, who knows little of it, took a join with it for a
matter of a few rows and went through it once a record. A load withdraws before it writes."""

TABLES = """
CREATE TEMP TABLE undo (cohort text, entity text, id uuid, tid tid, target jsonb, first_action text, status text,
    written jsonb, present jsonb) ON COMMIT DROP;
CREATE TEMP TABLE leaving (cohort text, relation bigint, tid tid, entity text, id uuid,
    made boolean, image jsonb) ON COMMIT DROP;
CREATE TEMP TABLE emptied (cohort text, relation bigint, tid tid, name text, field text,
    image jsonb) ON COMMIT DROP;
"""
"""`undo`: each record that the loads touched; `status` says what became of it since the last of them
(same, changed, deleted, made again, or withdrawn by a load with what it hung on), with the row as that
load wrote it and as it is, where they differ. `leaving`: rows that go; `made` are those that hang on
them and that no load wrote. `emptied`: references that the destination empties by itself."""


@dataclass(frozen=True, slots=True)
class Part:
    """One cohort's part in it. Counts are by entity or table."""

    cohort: str
    number: int
    """The how manieth rollback of the cohort it is."""
    loads: tuple[int, ...]
    removed: Mapping[str, int] = field(default_factory=dict)
    restored: Mapping[str, int] = field(default_factory=dict)
    made: Mapping[str, int] = field(default_factory=dict)
    emptied: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Undoing:
    """What undoing the loads of one or more cohorts comes to."""

    parts: tuple[Part, ...]
    refusals: tuple[Refusal, ...]
    kinds: Kinds
    tables: Mapping[str, Relation]
    """Of the entities that the loads touched."""
    children_first: tuple[Relation, ...]
    """Those, and every table whose rows may hang on theirs."""

    @property
    def loads(self) -> list[int]:
        """Of all cohorts, in their order."""
        return sorted(load for part in self.parts for load in part.loads)


def work_out(
    cursor: psycopg.Cursor, cohorts: Sequence[str], entities: Mapping[str, Entity], *, lock: bool
) -> Undoing:
    """List what undoing the loads of the cohorts comes to. With `lock`, nobody else writes in the tables
    concerned until the transaction ends, so that it stays true.

    Raises MigrationError if it cannot be worked out.
    """
    parts = _find_loads(cursor, cohorts)
    loads = [load for part in parts for load in part.loads]
    cursor.execute(TOUCHED, (loads,))
    # Whatever the planner takes these tables for: with an index, no join with them is quadratic.
    cursor.execute("CREATE INDEX ON touched (id)")
    cursor.execute("ANALYZE touched (entity, id, first, last)")
    cursor.execute("SELECT DISTINCT entity FROM touched ORDER BY entity")
    tables = read_tables(cursor, [row[0] for row in cursor.fetchall()])
    keys = read_foreign_keys(cursor)
    order = order_children_first(find_dependants(keys, tables.values()), keys)
    if lock:
        _lock(cursor, order)
    cursor.execute(TABLES)
    kinds = read_kinds(cursor, loads)
    for name, table in tables.items():
        _fill(cursor, name, table, as_json(kinds, name, "last", "after"))
    cursor.execute("CREATE INDEX ON undo (id)")
    cursor.execute("CREATE INDEX ON undo (entity, tid) WHERE target IS NOT NULL")
    cursor.execute("ANALYZE undo (entity, id, tid, first_action)")
    cursor.execute("SELECT DISTINCT entity FROM undo WHERE first_action = 'withdraw'")
    orphaned = {tables[row[0]] for row in cursor.fetchall()}
    for table in (t for t in reversed(order) if t in orphaned):
        _let_go_of_orphans(cursor, table, tables, keys)
    cursor.execute(
        "INSERT INTO leaving SELECT u.cohort, r.number, u.tid, u.entity, u.id, false, NULL FROM undo u "
        "JOIN unnest(%s::text[], %s::bigint[]) AS r (entity, number) USING (entity) "
        "WHERE u.target IS NULL AND u.tid IS NOT NULL",
        (list(tables), [table.number for table in tables.values()]),
    )
    cursor.execute("CREATE INDEX ON leaving (relation, tid)")
    cursor.execute("ANALYZE leaving (relation, tid)")
    own = name_own_tables(cursor, entities)
    refusals = follow_keys(cursor, keys, own)
    refusals += find_users(cursor, cohorts, keys, loads, entities, own)
    return Undoing(
        tuple(_count(cursor, part) for part in parts),
        tuple(refusals),
        kinds=kinds,
        tables=tables,
        children_first=order,
    )


def _find_loads(cursor: psycopg.Cursor, cohorts: Sequence[str]) -> list[Part]:
    """Each cohort's loads that no rollback has taken back, in the temporary table `undone_load` too."""
    cursor.execute(
        "CREATE TEMP TABLE undone_load ON COMMIT DROP AS SELECT l.id, l.cohort "
        "FROM migration.load l WHERE l.cohort = ANY(%s) AND l.id > coalesce((SELECT "
        "max(r.last_load_id) FROM migration.rollback r WHERE r.cohort = l.cohort), 0)",
        (list(cohorts),),
    )
    cursor.execute("ANALYZE undone_load")
    cursor.execute(
        "SELECT n.cohort, coalesce((SELECT max(r.number) FROM migration.rollback r "
        "WHERE r.cohort = n.cohort), 0) + 1, "
        "ARRAY(SELECT o.id FROM undone_load o WHERE o.cohort = n.cohort ORDER BY o.id) "
        "FROM unnest(%s::text[]) WITH ORDINALITY AS n (cohort, place) ORDER BY n.place",
        (list(cohorts),),
    )
    return [Part(cohort, number, tuple(loads)) for cohort, number, loads in cursor.fetchall()]


def _count(cursor: psycopg.Cursor, part: Part) -> Part:
    """The part with what undoing it comes to."""

    def count(names: str, condition: str) -> dict[str, int]:
        return count_by_name(cursor, f"{names} WHERE cohort = %s AND {condition}", part.cohort)

    return replace(
        part,
        removed=count("entity FROM leaving", "NOT made"),
        restored=count(
            "entity FROM undo", "target IS NOT NULL AND target IS DISTINCT FROM present"
        ),
        made=count("entity FROM leaving", "made"),
        emptied=count("name FROM emptied", "true"),
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


def _fill(cursor: psycopg.Cursor, name: str, table: Relation, written: sql.Composable) -> None:
    """The entity's records: as they were before the first load, and what became of them since."""
    # OFFSET 0 keeps the row's text from being made again for each place that it is named in.
    cursor.execute(
        sql.SQL(
            "INSERT INTO undo SELECT cohort, entity, id, tid, before, first_action, status, "
            "CASE WHEN status <> 'same' THEN {written} END, "
            "CASE WHEN status <> 'same' OR before IS NOT NULL THEN to_jsonb(present) END FROM ("
            "SELECT *, CASE WHEN last_action = 'withdraw' AND tid IS NULL THEN 'same' "
            "WHEN last_action = 'withdraw' THEN 'made' WHEN tid IS NULL THEN 'deleted' "
            "WHEN image IS DISTINCT FROM after THEN 'changed' ELSE 'same' END AS status FROM ("
            "SELECT t.*, d.ctid AS tid, d AS present, d::text AS image FROM touched t "
            "LEFT JOIN {table} d ON d.id = t.id WHERE t.entity = %s OFFSET 0) AS found) AS judged"
        ).format(table=table.identifier, written=written),
        (name,),
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
