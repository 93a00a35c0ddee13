"""Rollback: the loads of cohorts undone, in the caller's transaction, as `undo` worked it out.

Rows that the loads changed come back first, parents before children; then what goes is removed,
children before parents. Before anything is committed, every record is read once more and must be what
the journal says it was. The journal itself stays, the crosswalk keeps every destination id.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg import sql

from migration_platform.destination.digest import digest_rows
from migration_platform.destination.foreign_key import Relation
from migration_platform.destination.load import ROLLBACK_LOCK
from migration_platform.destination.undo import Undoing
from migration_platform.errors import MigrationError


@contextmanager
def alone_with(connection: psycopg.Connection, cohort: str) -> Iterator[bool]:
    """Whether nobody loads the cohort or rolls it back now; nobody starts to within the block."""
    key = f"pg_try_advisory_lock({ROLLBACK_LOCK})"
    row = connection.execute(f"SELECT {key}", (cohort,)).fetchone()
    connection.commit()
    alone = bool(row and row[0])
    try:
        yield alone
    finally:
        if alone and not connection.closed:
            connection.rollback()
            connection.execute(f"SELECT pg_advisory_unlock({ROLLBACK_LOCK})", (cohort,))
            connection.commit()


def undo_loads(
    cursor: psycopg.Cursor, undoing: Undoing, *, person: str, reason: str
) -> dict[str, tuple[str, str]]:
    """Do it, prove it, and record it; returns the digests before and after of each cohort's records.

    The caller commits. Raises MigrationError if the destination refuses, or does not hold what it
    must afterwards; nothing may be committed then.
    """
    cohorts = [part.cohort for part in undoing.parts]
    before = {cohort: _digest(cursor, undoing, cohort) for cohort in cohorts}
    try:
        for table in reversed(undoing.children_first):
            for name, each in undoing.tables.items():
                if each == table:
                    _restore(cursor, name, table)
        for table in undoing.children_first:
            _remove(cursor, table)
    except psycopg.errors.IntegrityError as error:
        name = error.diag.constraint_name or error.diag.column_name or "a constraint"
        raise MigrationError(
            f"cohort {', '.join(cohorts)}: the destination refused the rollback by its constraint {name} "
            f"({type(error).__name__}): something written there since stands in the way. Nothing "
            "was written."
        ) from None
    cursor.execute(
        "UPDATE migration.crosswalk SET fingerprint = NULL WHERE cohort = ANY(%s) "
        "AND fingerprint IS NOT NULL",
        (cohorts,),
    )
    _prove(cursor, undoing)
    digests = {cohort: (before[cohort], _digest(cursor, undoing, cohort)) for cohort in cohorts}
    for part in undoing.parts:
        counts = {
            "removed": part.removed,
            "restored": part.restored,
            "made": part.made,
            "emptied": part.emptied,
        }
        cursor.execute(
            "INSERT INTO migration.rollback (cohort, number, last_load_id, person, reason, counts, "
            "digest_before, digest_after) VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
            (
                part.cohort, part.number, max(part.loads), person, reason,
                json.dumps(counts), *digests[part.cohort],
            ),
        )  # fmt: skip
    return digests


def _restore(cursor: psycopg.Cursor, entity: str, table: Relation) -> None:
    """Bring the entity's changed and missing records back as they were."""
    cursor.execute(
        "SELECT DISTINCT jsonb_object_keys(target) FROM undo WHERE entity = %s "
        "AND target IS NOT NULL",
        (entity,),
    )
    known = {row[0] for row in cursor.fetchall()}
    if not known:
        return
    cursor.execute(
        "SELECT attname::text, attgenerated <> '' FROM pg_attribute WHERE attrelid = %s "
        "AND attnum > 0 AND NOT attisdropped ORDER BY attnum",
        (table.number,),
    )
    columns: dict[str, bool] = dict(cursor.fetchall())
    if lost := known - columns.keys():
        raise MigrationError(
            f"{table.said}: the destination no longer has the columns {', '.join(sorted(lost))}, which "
            "its records had before the load: they cannot come back as they were. Nothing was "
            "written."
        )
    names = [sql.Identifier(c) for c, generated in columns.items() if c in known and not generated]
    parts = {
        "table": table.identifier,
        "names": sql.SQL(", ").join(names),
        "values": sql.SQL(", ").join(sql.SQL("n.{}").format(n) for n in names),
        "from_": sql.SQL(
            "undo u CROSS JOIN LATERAL jsonb_populate_record(NULL::{}, u.target) n"
        ).format(table.identifier),
        "entity": sql.Literal(entity),
    }
    cursor.execute(
        sql.SQL(
            "INSERT INTO {table} ({names}) OVERRIDING SYSTEM VALUE SELECT {values} FROM {from_} "
            "WHERE u.entity = {entity} AND u.target IS NOT NULL AND u.tid IS NULL"
        ).format(**parts)
    )
    cursor.execute(
        sql.SQL(
            "UPDATE {table} d SET ({names}) = ROW({values}) FROM {from_} WHERE u.entity = {entity} "
            "AND u.target IS NOT NULL AND u.target IS DISTINCT FROM u.present AND d.ctid = u.tid"
        ).format(**parts)
    )


def _remove(cursor: psycopg.Cursor, table: Relation) -> None:
    cursor.execute(
        sql.SQL("DELETE FROM {} d USING leaving l WHERE l.relation = %s AND d.ctid = l.tid").format(
            table.identifier
        ),
        (table.number,),
    )
    gone = cursor.rowcount
    cursor.execute("SELECT count(*) FROM leaving WHERE relation = %s", (table.number,))
    if (gone,) != cursor.fetchone():
        raise _not_proved(table)


def _prove(cursor: psycopg.Cursor, undoing: Undoing) -> None:
    """Every record is what it was before the loads, or is not there as it was not."""
    for name, table in undoing.tables.items():
        cursor.execute(
            sql.SQL(
                "SELECT FROM undo u LEFT JOIN {} d ON d.id = u.id WHERE u.entity = %s "
                "AND to_jsonb(d) IS DISTINCT FROM u.target LIMIT 1"
            ).format(table.identifier),
            (name,),
        )
        if cursor.rowcount:
            raise _not_proved(table)


def _not_proved(table: Relation) -> MigrationError:
    return MigrationError(
        f"{table.said}: after the rollback the destination would not hold what it held before the "
        "load. A trigger or a rule there changes rows by itself: switch it off for the rollback. "
        "Nothing was written."
    )


def _digest(cursor: psycopg.Cursor, undoing: Undoing, cohort: str) -> str:
    """Digest of the cohort's records concerned, as they are in the destination at this moment."""
    parts = [
        name
        + digest_rows(
            cursor,
            sql.SQL("d"),
            sql.SQL("undo u JOIN {} d ON d.id = u.id WHERE u.entity = {} AND u.cohort = {}").format(
                table.identifier, sql.Literal(name), sql.Literal(cohort)
            ),
        )
        for name, table in sorted(undoing.tables.items())
    ]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()
