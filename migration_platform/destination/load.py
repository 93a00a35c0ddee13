"""Load: a cohort's staged records of one entity into the destination, in one transaction.

Only what changed since the last load is written (by fingerprint), so that loading the same content
again writes no row. Crosswalk and journal rows are written in the same transaction: they say what is
there, and what was there before. Whether a load is allowed is decided in `gate`, never here.

A record that left the source or the scope is withdrawn: its row is removed from the destination and
kept in the journal, with the rows that hang on it; those that still belong there come back with
their own entity's load, which follows. The crosswalk keeps the id for a return. A reference record
that others still refer to stays where it is and is no longer kept up to date.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import psycopg
from psycopg import sql

from migration_platform.destination.after_image import COLUMNS
from migration_platform.destination.staged_table import (
    SCHEMA,
    STATISTICS_OF_IDS,
    table_name,
)
from migration_platform.entity import Entity
from migration_platform.errors import MigrationError

ROLLBACK_LOCK = "hashtextextended(%s, 2)"
"""Key of the advisory lock on a cohort: its loads share it, its rollback holds it alone."""

MANY = 1_000
"""Rows written, from which on the planner's figures are taken anew."""

STATISTICS_OF_COHORTS = 30
"""The planner's figures of cohort and entity are taken from 300 times as many rows of the crosswalk:
enough to know every entity, and each cohort that is more than a thirtieth of it."""


@dataclass(frozen=True, slots=True)
class LoadCounts:
    """What a load wrote, and how many records of the cohort are loaded after it."""

    inserted: int
    updated: int
    withdrawn: int
    unchanged: int
    loaded: int

    @property
    def written(self) -> int:
        return self.inserted + self.updated + self.withdrawn


def load_staged(
    destination: psycopg.Connection,
    cohort: str,
    entity: Entity,
    entities: Mapping[str, Entity],
    *,
    digest: str,
    mapping_digest: str,
    rewrite: Sequence[str] = (),
) -> LoadCounts:
    """Merge the staged table into the destination. The caller commits.

    `digest` names the staged content and is kept with the load. The records of the destination ids
    `rewrite` are written whether they changed or not: they are not there as they were sent. Raises MigrationError if the
    destination refuses the records or a destination id is taken; nothing is written then.
    """
    staged = sql.Identifier(SCHEMA, table_name(cohort, entity.name))
    scope = {"cohort": cohort, "entity": entity.name}
    with destination.cursor() as cursor:
        _require_no_rollback(cursor, cohort)
        # Two loads of one cohort and entity at once: the second waits, then finds nothing to do.
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(%(cohort)s || '/' || %(entity)s, 1))",
            scope,
        )
        withdrawn = _withdraw(cursor, scope, staged, entities)
        cursor.execute(
            sql.SQL(
                "CREATE TEMP TABLE change ON COMMIT DROP AS SELECT s.id, s.source_id, "
                "s.fingerprint, c.destination_id IS NULL AS unknown FROM {staged} s "
                "LEFT JOIN migration.crosswalk c ON c.cohort = %(cohort)s AND "
                "c.entity = %(entity)s AND c.source_id = s.source_id "
                "WHERE c.fingerprint IS DISTINCT FROM s.fingerprint "
                "OR s.id = ANY(%(rewrite)s::uuid[])"
            ).format(staged=staged),
            {**scope, "rewrite": list(rewrite)},
        )
        changed = cursor.rowcount
        inserted = updated = 0
        if changed or withdrawn:
            load_id = _record_load(cursor, scope, digest, mapping_digest)
            if withdrawn:
                _journal_withdrawal(cursor, load_id)
            if changed:
                cursor.execute(f"SET LOCAL default_statistics_target = {STATISTICS_OF_IDS}")
                cursor.execute("ANALYZE change (id, source_id)")
                inserted, updated = _write(cursor, scope, staged, entity, load_id, changed)
            if inserted + updated + withdrawn > MANY:
                # The suites and the read-back come next, before autovacuum: without fresh figures
                # the planner takes the table for empty and joins row by row. Of the columns that
                # they join by: those of all columns take a tenth of the load.
                cursor.execute(sql.SQL("ANALYZE {} (id)").format(sql.Identifier(entity.name)))
                cursor.execute(f"SET LOCAL default_statistics_target = {STATISTICS_OF_COHORTS}")
                cursor.execute("ANALYZE migration.crosswalk (cohort, entity)")
            cursor.execute(
                "UPDATE migration.load SET inserted = %s, updated = %s, withdrawn = %s "
                "WHERE id = %s",
                (inserted, updated, withdrawn, load_id),
            )
        cursor.execute("DROP TABLE change")
        cursor.execute("DROP TABLE IF EXISTS pg_temp.withdrawal")
        loaded = _one(
            cursor,
            "SELECT count(*) FROM migration.crosswalk WHERE cohort = %(cohort)s "
            "AND entity = %(entity)s AND fingerprint IS NOT NULL",
            scope,
        )
    return LoadCounts(inserted, updated, withdrawn, loaded - inserted - updated, loaded)


def count_loaded(destination: psycopg.Connection, cohort: str, entity: str) -> int:
    """How many of the cohort's records of the entity are in the destination by the crosswalk."""
    row = destination.execute(
        "SELECT count(*) FROM migration.crosswalk WHERE cohort = %s AND entity = %s "
        "AND fingerprint IS NOT NULL",
        (cohort, entity),
    ).fetchone()
    return int(row[0]) if row else 0


def count_leaving(destination: psycopg.Connection, cohort: str, entity: str) -> int:
    """How many of those are not staged any more, so that a load would withdraw them."""
    row = destination.execute(
        sql.SQL(
            "SELECT count(*) FROM migration.crosswalk c WHERE cohort = %s AND entity = %s "
            "AND fingerprint IS NOT NULL AND NOT EXISTS "
            "(SELECT FROM {} s WHERE s.source_id = c.source_id)"
        ).format(sql.Identifier(SCHEMA, table_name(cohort, entity))),
        (cohort, entity),
    ).fetchone()
    return int(row[0]) if row else 0


def _require_no_rollback(cursor: psycopg.Cursor, cohort: str) -> None:
    """Loads of a cohort go side by side; its rollback wants to be alone."""
    cursor.execute(f"SELECT pg_try_advisory_xact_lock_shared({ROLLBACK_LOCK})", (cohort,))
    row = cursor.fetchone()
    if row is None or not row[0]:
        raise MigrationError(
            f"cohort {cohort} is being rolled back now: nothing of it loads meanwhile. Nothing was "
            "written; run it again afterwards."
        )


def _record_load(
    cursor: psycopg.Cursor,
    scope: Mapping[str, str],
    digest: str,
    mapping_digest: str,
) -> int:
    return _one(
        cursor,
        "INSERT INTO migration.load (cohort, entity, digest, mapping_digest, inserted, updated, "
        "withdrawn, columns) VALUES (%(cohort)s, %(entity)s, %(digest)s, %(mapping_digest)s, "
        f"0, 0, 0, {COLUMNS}) RETURNING id",
        {**scope, "digest": digest, "mapping_digest": mapping_digest},
    )


def _write(
    cursor: psycopg.Cursor,
    scope: Mapping[str, str],
    staged: sql.Identifier,
    entity: Entity,
    load_id: int,
    changed: int,
) -> tuple[int, int]:
    """Journal, crosswalk and destination rows of what changed; returns inserted and updated."""
    table = sql.Identifier(entity.name)
    names = [sql.Identifier(f.name) for f in entity.fields]
    values = {**scope, "load": load_id}
    try:
        # Locked, so that nobody writes there between this and the merge.
        cursor.execute(
            sql.SQL(
                "CREATE TEMP TABLE before ON COMMIT DROP AS SELECT d.id, to_jsonb(d) AS image "
                "FROM {table} d JOIN change c ON c.id = d.id FOR UPDATE OF d"
            ).format(table=table)
        )
        updated = cursor.rowcount
        cursor.execute(
            "INSERT INTO migration.crosswalk (cohort, entity, source_id, destination_id, "
            "fingerprint, load_id) SELECT %(cohort)s, %(entity)s, source_id, id, fingerprint, "
            "%(load)s FROM change WHERE unknown",
            values,
        )
        if cursor.rowcount < changed:
            cursor.execute(
                "UPDATE migration.crosswalk c SET fingerprint = s.fingerprint, "
                "load_id = %(load)s FROM change s WHERE c.cohort = %(cohort)s "
                "AND c.entity = %(entity)s AND c.source_id = s.source_id AND NOT s.unknown",
                values,
            )
        some = sql.SQL(" WHERE EXISTS (SELECT FROM change c WHERE c.id = s.id)")
        # In the order of the ids: an index grows faster at one end than in a random place.
        cursor.execute(
            sql.SQL(
                "MERGE INTO {table} d USING (SELECT * FROM {staged} s{some} ORDER BY id) s "
                "ON d.id = s.id "
                "WHEN MATCHED THEN UPDATE SET ({names}) = ROW({values}) "
                "WHEN NOT MATCHED THEN INSERT (id, {names}) VALUES (s.id, {values})"
            ).format(
                table=table,
                staged=staged,
                some=some if changed < _count(cursor, staged) else sql.SQL(""),
                names=sql.SQL(", ").join(names),
                values=sql.SQL(", ").join(sql.SQL("s.{}").format(n) for n in names),
            )
        )
        # The row as it is now, whatever the destination made of it: what differs from that later
        # was written there by somebody else, and a rollback carries it out.
        cursor.execute(
            sql.SQL(
                "INSERT INTO migration.journal (load_id, entity, destination_id, action, before, "
                "after) SELECT %(load)s, %(entity)s, d.id, CASE WHEN b.id IS NULL THEN 'insert' "
                "ELSE 'update' END, b.image, d::text FROM change c JOIN {table} d ON d.id = c.id "
                "LEFT JOIN before b ON b.id = c.id"
            ).format(table=table),
            values,
        )
        cursor.execute("DROP TABLE before")
    except psycopg.errors.UniqueViolation as error:
        name = error.diag.constraint_name or "a unique constraint"
        if error.diag.schema_name == "migration":
            raise MigrationError(
                f"{entity.name}: a destination id is taken already, by this or another cohort "
                f"({name}). A source record belongs to one cohort: look for it in "
                "migration.crosswalk. Nothing was written."
            ) from None
        raise _refused(entity, name, error) from None
    except psycopg.errors.IntegrityError as error:
        name = error.diag.constraint_name or error.diag.column_name or "a constraint"
        raise _refused(entity, name, error) from None
    return changed - updated, updated


def _withdraw(
    cursor: psycopg.Cursor,
    scope: Mapping[str, str],
    staged: sql.Identifier,
    entities: Mapping[str, Entity],
) -> int:
    """Remove the cohort's loaded records that are no longer staged, and the rows that hang on them.

    Leaves their before images in the temporary table `withdrawal`. Returns how many of the entity's
    own records were withdrawn.
    """
    cursor.execute(
        sql.SQL(
            "CREATE TEMP TABLE withdrawal ON COMMIT DROP AS "
            "SELECT c.entity, c.destination_id AS id, NULL::jsonb AS before "
            "FROM migration.crosswalk c WHERE c.cohort = %(cohort)s AND c.entity = %(entity)s "
            "AND c.fingerprint IS NOT NULL AND NOT EXISTS "
            "(SELECT FROM {staged} s WHERE s.source_id = c.source_id)"
        ).format(staged=staged),
        scope,
    )
    withdrawn = cursor.rowcount
    if not withdrawn:
        return 0
    if entities[scope["entity"]].is_reference:
        _let_go_of_used(cursor, scope["entity"], entities)
    order = [scope["entity"]]
    for name in entities:  # parents come first, so one pass finds children of children
        child = entities[name]
        for field, reference in child.references:
            if reference.entity not in order or name == scope["entity"]:
                continue
            cursor.execute(
                sql.SQL(
                    "INSERT INTO withdrawal SELECT %s, d.id FROM {table} d JOIN withdrawal w "
                    "ON w.entity = %s AND d.{column} = w.id WHERE NOT EXISTS "
                    "(SELECT FROM withdrawal x WHERE x.entity = %s AND x.id = d.id)"
                ).format(table=sql.Identifier(name), column=sql.Identifier(field.name)),
                (name, reference.entity, name),
            )
            if cursor.rowcount and name not in order:
                order.append(name)
    for name in reversed([n for n in entities if n in order]):
        table = sql.Identifier(name)
        cursor.execute(
            sql.SQL(
                "UPDATE withdrawal w SET before = to_jsonb(d) FROM {} d "
                "WHERE w.entity = %s AND d.id = w.id"
            ).format(table),
            (name,),
        )
        cursor.execute(
            sql.SQL(
                "DELETE FROM {} d USING withdrawal w WHERE w.entity = %s AND d.id = w.id"
            ).format(table),
            (name,),
        )
    cursor.execute(
        "UPDATE migration.crosswalk c SET fingerprint = NULL FROM withdrawal w "
        "WHERE c.destination_id = w.id"
    )
    return withdrawn


def _let_go_of_used(cursor: psycopg.Cursor, entity: str, entities: Mapping[str, Entity]) -> None:
    """Reference records that left the source and are still referred to: they stay, unmaintained."""
    used = sql.SQL(" OR ").join(
        sql.SQL("EXISTS (SELECT FROM {} d WHERE d.{} = w.id)").format(
            sql.Identifier(child.name), sql.Identifier(field.name)
        )
        for child in entities.values()
        for field, reference in child.references
        if reference.entity == entity
    )
    cursor.execute(
        sql.SQL(
            "UPDATE migration.crosswalk c SET fingerprint = NULL FROM withdrawal w "
            "WHERE c.destination_id = w.id AND ({used})"
        ).format(used=used)
    )
    cursor.execute(sql.SQL("DELETE FROM withdrawal w WHERE {}").format(used))


def _journal_withdrawal(cursor: psycopg.Cursor, load_id: int) -> None:
    cursor.execute(
        "INSERT INTO migration.journal (load_id, entity, destination_id, action, before) "
        "SELECT %s, entity, id, 'withdraw', before FROM withdrawal",
        (load_id,),
    )


def _refused(entity: Entity, name: str, error: psycopg.Error) -> MigrationError:
    return MigrationError(
        f"{entity.name}: the destination refused the load by its constraint {name} "
        f"({type(error).__name__}). Add an expectation to checks/suites/{entity.name}.py or a rule "
        f"to assets/entities/{entity.name}.py that finds such records earlier. Nothing was written."
    )


def _count(cursor: psycopg.Cursor, table: sql.Identifier) -> int:
    cursor.execute(sql.SQL("SELECT count(*) FROM {}").format(table))
    row = cursor.fetchone()
    assert row is not None
    return int(row[0])


def _one(cursor: psycopg.Cursor, query: str, values: Mapping[str, object]) -> int:
    cursor.execute(query, values)
    row = cursor.fetchone()
    assert row is not None
    return int(row[0])
