"""Rebuilding the source database: all tables anew in one transaction, or nothing at all.

The new tables grow in a schema of their own while the old ones stay readable; the last statement
before the commit puts them in place. What fills them is handed in.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

import psycopg
from psycopg import sql

from migration_platform.database import connect
from migration_platform.errors import ConfigurationError, SourceError
from migration_platform.sample.schema import KNOWN, patient_column
from migration_platform.settings import Settings

_SCHEMA = "migration_sample_building"
_MARK = "made by migration sample"
_LOCK = 7_316_002_026
_LOCK_TIMEOUT = "60s"


@dataclass(frozen=True, slots=True)
class SourceBuild:
    """What was built. `missing` and `unmoved` speak of what an export lacks or has beyond need."""

    kind: Literal["sample", "synthea"]
    tables: dict[str, int]
    missing: tuple[str, ...]
    unmoved: tuple[str, ...]
    digest: str
    patients: int


@dataclass(slots=True)
class Rebuild:
    """A rebuild under way: create tables, then copy CSV into them."""

    connection: psycopg.Connection[tuple[Any, ...]]
    tables: dict[str, int] = field(default_factory=dict)
    columns: dict[str, Sequence[str]] = field(default_factory=dict)

    def create(self, table: str, columns: Sequence[str]) -> None:
        """Create a table with these columns, all of them text."""
        described = sql.SQL(", ").join(
            sql.SQL("{} text").format(sql.Identifier(name)) for name in columns
        )
        self.connection.execute(
            sql.SQL("CREATE TABLE {} ({})").format(sql.Identifier(_SCHEMA, table), described)
        )
        self.connection.execute(
            sql.SQL("COMMENT ON TABLE {} IS {}").format(
                sql.Identifier(_SCHEMA, table), sql.Literal(_MARK)
            )
        )
        self.tables[table], self.columns[table] = 0, tuple(columns)

    def copy(self, table: str, blocks: Iterable[bytes]) -> None:
        """Append CSV rows without a header. An empty field is NULL, `""` an empty string."""
        names = sql.SQL(", ").join(map(sql.Identifier, self.columns[table]))
        statement = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT csv)").format(
            sql.Identifier(_SCHEMA, table), names
        )
        with self.connection.cursor() as cursor:
            with cursor.copy(statement) as copy:
                for block in blocks:
                    copy.write(block)
            self.tables[table] += cursor.rowcount

    def put_in_place(self) -> None:
        """Index the new tables and let them take the place of the old ones."""
        for table in self.tables:
            self._index(table)
            self.connection.execute(sql.SQL("ANALYZE {}").format(sql.Identifier(_SCHEMA, table)))
        old = [sql.Identifier("public", table) for table in _find_own_tables(self.connection)]
        if old:
            self.connection.execute(sql.SQL("DROP TABLE {}").format(sql.SQL(", ").join(old)))
        for table in self.tables:
            self.connection.execute(
                sql.SQL("ALTER TABLE {} SET SCHEMA public").format(sql.Identifier(_SCHEMA, table))
            )
        self.connection.execute(sql.SQL("DROP SCHEMA {}").format(sql.Identifier(_SCHEMA)))

    def _index(self, table: str) -> None:
        """By patient, for a cohort's extract; by Id, for one record's trace."""
        for column in dict.fromkeys((patient_column(table), "Id", "ID")):
            if column in self.columns[table]:
                self.connection.execute(
                    sql.SQL("CREATE INDEX ON {} ({})").format(
                        sql.Identifier(_SCHEMA, table), sql.Identifier(str(column))
                    )
                )


@contextmanager
def rebuild_source(settings: Settings) -> Iterator[Rebuild]:
    """Replace the source's tables. Whatever goes wrong inside leaves the previous source as it was.

    Raises SourceError when the database refuses, ConfigurationError when it holds tables of the
    same names that somebody else made: those are never dropped.
    """
    connection = connect(settings, "source")
    try:
        with connection:  # commits at the end, rolls back on any error
            connection.execute("SET LOCAL client_encoding TO 'UTF8'")
            connection.execute(sql.SQL("SET LOCAL lock_timeout TO {}").format(_LOCK_TIMEOUT))
            _take_lock(connection)
            _refuse_foreign_tables(connection)
            connection.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(_SCHEMA)))
            rebuild = Rebuild(connection)
            yield rebuild
            rebuild.put_in_place()
    except psycopg.Error as error:
        # Its message may quote a row: only its kind is passed on.
        raise SourceError(
            f"the source database refused the rebuild ({type(error).__name__}, SQLSTATE "
            f"{error.sqlstate or 'none'}); the previous source is unchanged. Look at the database's "
            "log, end what holds its tables, and run `migration sample` again."
        ) from None
    finally:
        connection.close()


def _take_lock(connection: psycopg.Connection[tuple[Any, ...]]) -> None:
    row = connection.execute("SELECT pg_try_advisory_xact_lock(%s)", (_LOCK,)).fetchone()
    if row is None or not row[0]:
        raise SourceError(
            "another `migration sample` is rebuilding this source. Wait for it to end."
        )


def _find_own_tables(connection: psycopg.Connection[tuple[Any, ...]]) -> list[str]:
    rows = connection.execute(
        "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace "
        "AND relkind = 'r' AND obj_description(oid, 'pg_class') = %s ORDER BY relname",
        (_MARK,),
    )
    return [row[0] for row in rows]


def _refuse_foreign_tables(connection: psycopg.Connection[tuple[Any, ...]]) -> None:
    rows = connection.execute(
        "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace "
        "AND relname = ANY(%s) AND obj_description(oid, 'pg_class') IS DISTINCT FROM %s "
        "ORDER BY relname",
        (list(KNOWN), _MARK),
    )
    if foreign := [row[0] for row in rows]:
        raise ConfigurationError(
            f"the source database holds tables that `migration sample` did not make: "
            f"{', '.join(foreign)}. It will not drop them. Point MIGRATION_SOURCE_URL at an empty "
            "database, or unset it to use the embedded one."
        )
