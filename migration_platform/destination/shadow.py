"""Shadow: a database of its own on the destination's server, with one cohort in it, for a drill.

It has the entities' tables as the destination has them (columns, constraints, indexes) and of their
rows those of the reference entities and of the cohort, with whatever hangs on them. Nothing in it is
live, and the live destination is only read. Triggers, and tables that are no entity, are not copied.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from urllib.parse import quote, urlsplit, urlunsplit

import psycopg
from psycopg import sql

from migration_platform import schema
from migration_platform.database import connect, url
from migration_platform.destination.foreign_key import Relation, read_tables
from migration_platform.destination.staged_table import SCHEMA, table_name
from migration_platform.entity import Entity
from migration_platform.errors import ConfigurationError, MigrationError
from migration_platform.settings import Settings

OURS = {
    "crosswalk": "cohort IN ({cohort}, 'reference')",
    "load": "cohort = {cohort}",
    "rollback": "cohort = {cohort}",
    "journal": "load_id IN (SELECT id FROM migration.load WHERE cohort = {cohort})",
}
"""Our own tables at the destination, and what of them a cohort's rollback reads."""


@contextmanager
def shadow(settings: Settings, cohort: str, entities: Mapping[str, Entity]) -> Iterator[Settings]:
    """Settings with a shadow of the destination in place of it; it is gone when the block ends.

    Raises ConfigurationError if the role may not make databases, MigrationError if another drill of
    the cohort runs or the destination cannot be copied.
    """
    name = f"migration_drill_{cohort}"
    with connect(settings, "destination", autocommit=True) as live:
        lock = live.execute(
            "SELECT pg_try_advisory_lock(hashtextextended(%s, 3))", (name,)
        ).fetchone()
        if not lock or not lock[0]:
            raise MigrationError(f"another drill of cohort {cohort} is running: wait for its end.")
        _create(live, name)
        try:
            parts = urlsplit(url(settings, "destination"))
            there = replace(
                settings, destination_url=urlunsplit(parts._replace(path=f"/{quote(name)}"))
            )
            schema.upgrade(there, "destination")
            with connect(there, "destination") as copy:
                live.autocommit = False
                live.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
                _copy(live, copy, cohort, entities)
                live.rollback()
            yield there
        finally:
            live.rollback()
            live.autocommit = True
            live.execute(
                sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
            )


def _create(live: psycopg.Connection, name: str) -> None:
    place = live.execute(
        "SELECT pg_encoding_to_char(encoding), datcollate, datctype, "
        "current_setting('search_path') FROM pg_database WHERE datname = current_database()"
    ).fetchone()
    assert place is not None
    target = sql.Identifier(name)
    try:
        # What a killed drill left: nobody else holds the lock.
        live.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(target))
        live.execute(
            sql.SQL(
                "CREATE DATABASE {} TEMPLATE template0 ENCODING {} LC_COLLATE {} LC_CTYPE {}"
            ).format(target, *map(sql.Literal, place[:3]))
        )
    except psycopg.errors.InsufficientPrivilege:
        raise ConfigurationError(
            "a drill needs a database of its own beside the destination, and its role may not make "
            "one: ALTER ROLE … CREATEDB (it may be taken back after the drill)."
        ) from None
    live.execute(
        sql.SQL("ALTER DATABASE {} SET search_path = {}").format(target, sql.SQL(place[3]))
    )


def _copy(
    live: psycopg.Connection,
    copy: psycopg.Connection,
    cohort: str,
    entities: Mapping[str, Entity],
) -> None:
    with live.cursor() as cursor:
        tables = read_tables(cursor, _existing(cursor, entities))
    # The connection was made before the database got its search path.
    path = live.execute("SELECT current_setting('search_path')").fetchone()
    assert path is not None
    copy.execute(sql.SQL("SET search_path = {}").format(sql.SQL(path[0])))
    for table in tables.values():
        _copy_table(live, copy, table)
    _choose(live, cohort, entities, tables)
    for name, table in tables.items():
        some = (
            sql.SQL("true")
            if entities[name].is_reference
            else sql.SQL("id IN (SELECT id FROM chosen WHERE entity = {})").format(
                sql.Literal(name)
            )
        )
        _copy_rows(live, copy, table.identifier, some)
        _copy_constraints(live, copy, table, foreign=False)
    for table in tables.values():
        _copy_constraints(live, copy, table, foreign=True)
    for name, condition in OURS.items():
        some = sql.SQL(condition).format(cohort=sql.Literal(cohort))
        _copy_rows(live, copy, sql.Identifier("migration", name), some)
    for name in ("load", "rollback"):
        copy.execute(
            f"SELECT setval(pg_get_serial_sequence('migration.{name}', 'id'), "
            f"coalesce((SELECT max(id) FROM migration.{name}), 0) + 1, false)"
        )
    for name in _staged(live, cohort, entities):
        staged = sql.Identifier(SCHEMA, table_name(cohort, name))
        copy.execute(
            sql.SQL("CREATE UNLOGGED TABLE {} ({})").format(staged, _columns(live, copy, staged))
        )
        _copy_rows(live, copy, staged, sql.SQL("true"))
        copy.execute(sql.SQL("ANALYZE {}").format(staged))
    copy.commit()


def _existing(cursor: psycopg.Cursor, entities: Mapping[str, Entity]) -> list[str]:
    cursor.execute(
        "SELECT name FROM unnest(%s::text[]) WITH ORDINALITY u(name, place) "
        "WHERE to_regclass(quote_ident(name)) IS NOT NULL ORDER BY place",
        (list(entities),),
    )
    return [row[0] for row in cursor.fetchall()]


def _staged(live: psycopg.Connection, cohort: str, entities: Mapping[str, Entity]) -> list[str]:
    rows = live.execute(
        "SELECT tablename FROM pg_tables WHERE schemaname = %s", (SCHEMA,)
    ).fetchall()
    there = {row[0] for row in rows}
    return [name for name in entities if table_name(cohort, name) in there]


def _choose(
    live: psycopg.Connection,
    cohort: str,
    entities: Mapping[str, Entity],
    tables: Mapping[str, Relation],
) -> None:
    """List the rows of the cohort: loaded, about to be written over, or hanging on such rows; and
    those of other cohorts that these refer to (a chart may move as another cohort's patient)."""
    live.execute("CREATE TEMP TABLE chosen (entity text, id uuid) ON COMMIT DROP")
    live.execute(
        "INSERT INTO chosen SELECT entity, destination_id FROM migration.crosswalk "
        "WHERE cohort = %s",
        (cohort,),
    )
    for name in _staged(live, cohort, entities):
        live.execute(
            sql.SQL("INSERT INTO chosen SELECT {}, id FROM {}").format(
                sql.Literal(name), sql.Identifier(SCHEMA, table_name(cohort, name))
            )
        )
    for name, table in tables.items():  # parents come first
        for field, reference in entities[name].references:
            if not entities[reference.entity].is_reference:
                live.execute(
                    sql.SQL(
                        "INSERT INTO chosen SELECT {}, d.id FROM {} d WHERE d.{} IN "
                        "(SELECT id FROM chosen WHERE entity = {})"
                    ).format(
                        sql.Literal(name),
                        table.identifier,
                        sql.Identifier(field.name),
                        sql.Literal(reference.entity),
                    )
                )
    staged = set(_staged(live, cohort, entities))
    for name, table in reversed(list(tables.items())):
        rows = sql.SQL(
            "SELECT d.* FROM {} d JOIN (SELECT DISTINCT id FROM chosen WHERE entity = {}) c USING (id)"
        )
        sources: list[sql.Composable] = [
            sql.SQL("({})").format(rows.format(table.identifier, sql.Literal(name)))
        ]
        if name in staged:
            sources.append(sql.Identifier(SCHEMA, table_name(cohort, name)))
        for field, reference in entities[name].references:
            if not entities[reference.entity].is_reference:
                for each in sources:
                    live.execute(
                        sql.SQL("INSERT INTO chosen SELECT DISTINCT {}, r.{} FROM {} r").format(
                            sql.Literal(reference.entity), sql.Identifier(field.name), each
                        )
                    )


def _columns(
    live: psycopg.Connection, copy: psycopg.Connection, table: sql.Identifier
) -> sql.Composable:
    """The columns of a table as CREATE TABLE wants them; makes the enumerations that they need."""
    rows = live.execute(
        "SELECT a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attgenerated, "
        "a.attidentity, pg_get_expr(d.adbin, d.adrelid), t.typtype, ARRAY(SELECT e.enumlabel::text "
        "FROM pg_enum e WHERE e.enumtypid = t.oid ORDER BY e.enumsortorder) FROM pg_attribute a "
        "JOIN pg_type t ON t.oid = a.atttypid LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid "
        "AND d.adnum = a.attnum WHERE a.attrelid = %s::regclass AND a.attnum > 0 "
        "AND NOT a.attisdropped ORDER BY a.attnum",
        (table.as_string(live),),
    ).fetchall()
    parts = []
    for name, kind, required, generated, identity, default, sort, labels in rows:
        if sort == "e":
            known = copy.execute("SELECT to_regtype(%s) IS NOT NULL", (kind,)).fetchone()
            if known != (True,):
                values = sql.SQL(", ").join(map(sql.Literal, labels))
                copy.execute(sql.SQL("CREATE TYPE {} AS ENUM ({})").format(sql.SQL(kind), values))
        words = [sql.Identifier(name), sql.SQL(kind)]
        if generated:
            words.append(sql.SQL(f"GENERATED ALWAYS AS ({default}) STORED"))
        elif identity or (default or "").startswith("nextval("):
            words.append(sql.SQL("GENERATED BY DEFAULT AS IDENTITY"))
        elif default:
            words.append(sql.SQL(f"DEFAULT {default}"))
        if required:
            words.append(sql.SQL("NOT NULL"))
        parts.append(sql.SQL(" ").join(words))
    return sql.SQL(", ").join(parts)


def _copy_table(live: psycopg.Connection, copy: psycopg.Connection, table: Relation) -> None:
    try:
        copy.execute(sql.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(sql.Identifier(table.schema)))
        copy.execute(
            sql.SQL("CREATE TABLE {} ({})").format(
                table.identifier, _columns(live, copy, table.identifier)
            )
        )
    except psycopg.errors.UndefinedObject as error:
        raise MigrationError(
            f"{table.said}: a drill cannot copy this table: {error.diag.message_primary}."
        ) from None


def _copy_constraints(
    live: psycopg.Connection, copy: psycopg.Connection, table: Relation, *, foreign: bool
) -> None:
    """Constraints and indexes, after the rows. A foreign key counts from now on: a row that was
    copied may name one that was not."""
    rows = live.execute(
        "SELECT conname, pg_get_constraintdef(k.oid) FROM pg_constraint k WHERE conrelid = %s AND "
        + ("contype = 'f'" if foreign else "contype IN ('p', 'u', 'c', 'x')")
        + " AND (contype <> 'f' OR confrelid = ANY(%s)) ORDER BY contype = 'p' DESC, conname",
        (table.number, _numbers(live, copy) if foreign else []),
    ).fetchall()
    for name, text in rows:
        valid = "" if not foreign or "NOT VALID" in text else " NOT VALID"
        copy.execute(
            sql.SQL("ALTER TABLE {} ADD CONSTRAINT {} {}").format(
                table.identifier, sql.Identifier(name), sql.SQL(text + valid)
            )
        )
    if not foreign:
        indexes = live.execute(
            "SELECT pg_get_indexdef(i.indexrelid) FROM pg_index i WHERE i.indrelid = %s AND NOT "
            "EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = i.indexrelid)",
            (table.number,),
        ).fetchall()
        for (text,) in indexes:
            copy.execute(text)
        copy.execute(sql.SQL("ANALYZE {}").format(table.identifier))


def _numbers(live: psycopg.Connection, copy: psycopg.Connection) -> list[int]:
    """Of the live tables that the shadow has too."""
    there = copy.execute("SELECT schemaname, tablename FROM pg_tables").fetchall()
    rows = live.execute(
        "SELECT c.oid::bigint, n.nspname, c.relname FROM pg_class c "
        "JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'r'"
    ).fetchall()
    return [number for number, *name in rows if tuple(name) in set(there)]


def _copy_rows(
    live: psycopg.Connection,
    copy: psycopg.Connection,
    table: sql.Identifier,
    some: sql.Composable,
) -> None:
    names = live.execute(
        "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 "
        "AND NOT attisdropped AND attgenerated = '' ORDER BY attnum",
        (table.as_string(live),),
    ).fetchall()
    columns = sql.SQL(", ").join(sql.Identifier(name) for (name,) in names)
    out_of = sql.SQL("COPY (SELECT {} FROM {} WHERE {}) TO STDOUT (FORMAT binary)")
    into = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT binary)").format(table, columns)
    with (
        live.cursor().copy(out_of.format(columns, table, some)) as read,
        copy.cursor().copy(into) as write,
    ):
        for data in read:
            write.write(data)
