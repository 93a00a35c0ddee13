"""A destination for suites: its tables, and staged tables that a test fills as it likes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

import psycopg
import pytest
from psycopg import sql

from checks import suite_plan
from migration_platform import database
from migration_platform.check import Batch, Point
from migration_platform.reset import DESTINATION_SCHEMA
from migration_platform.settings import Settings

Row: TypeAlias = Mapping[str, Any]
Stage: TypeAlias = Callable[..., Batch]

NAME = "checks_test"
DIGEST = "d" * 64


@pytest.fixture(scope="session")
def destination_url(settings: Settings) -> Iterator[str]:
    """A database of its own beside the session's, with the destination's tables."""
    with database.connect(settings, "destination", autocommit=True) as server:
        server.execute(f"CREATE DATABASE {NAME}")
    url = database.url(settings, "destination").replace("/destination?", f"/{NAME}?")
    assert NAME in url
    with psycopg.connect(url, autocommit=True) as destination:
        destination.execute(DESTINATION_SCHEMA.read_text(encoding="utf-8"))
        destination.execute("CREATE SCHEMA migration_staging")
    yield url
    suite_plan.close()


@pytest.fixture(scope="session")
def destination(destination_url: str) -> Iterator[psycopg.Connection]:
    """A connection for what a test plants."""
    with psycopg.connect(destination_url, autocommit=True) as connection:
        yield connection


@pytest.fixture
def stage(destination: psycopg.Connection, destination_url: str) -> Stage:
    """Stage rows of an entity as the transform does, without any constraint, and name the batch.

    `rows_expected` is what was mapped, unless as many as are staged.
    """

    def stage_rows(
        entity: str,
        rows: Sequence[Row],
        point: Point = "transformed",
        rows_expected: int | None = None,
    ) -> Batch:
        table = sql.Identifier("migration_staging", f"pilot-a__{entity}")
        destination.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(table))
        destination.execute(
            sql.SQL("CREATE UNLOGGED TABLE {} AS SELECT *, '' AS source_id FROM {} LIMIT 0").format(
                table, sql.Identifier(entity)
            )
        )
        insert_rows(destination, table, rows)
        declared = destination.execute(sql.SQL("SELECT * FROM {} LIMIT 0").format(table))
        columns = tuple(c.name for c in declared.description or () if c.name != "source_id")
        query = f'SELECT {", ".join(columns)} FROM migration_staging."pilot-a__{entity}"'
        at_destination = point == "destination"
        return Batch(
            cohort="pilot-a",
            entity=entity,
            point=point,
            rows=len(rows) if rows_expected is None else rows_expected,
            digest=DIGEST,
            columns=columns,
            url=destination_url.replace("postgresql://", "postgresql+psycopg2://", 1),
            schema=None if at_destination else "migration_staging",
            table=None if at_destination else f"pilot-a__{entity}",
            query=query if at_destination else None,
        )

    return stage_rows


def insert_rows(
    destination: psycopg.Connection, table: sql.Identifier, rows: Sequence[Row]
) -> None:
    """Insert rows as they are."""
    for row in rows:
        destination.execute(
            sql.SQL("INSERT INTO {} ({}) VALUES ({})").format(
                table,
                sql.SQL(", ").join(map(sql.Identifier, row)),
                sql.SQL(", ").join(sql.Placeholder() * len(row)),
            ),
            list(row.values()),
        )


def rows(number: int, **fields: Any) -> list[dict[str, Any]]:
    """Clinics, as they are staged."""
    return [
        {
            "id": f"00000000-0000-0000-0000-{n:012}",
            "source_id": f"source-{n}",
            "name": f"Clinic {n}",
            "city": "Boston",
            "state_code": "MA",
            **fields,
        }
        for n in range(1, number + 1)
    ]
