"""What is staged beside the destination is what was mapped, value by value."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from datetime import UTC, date
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import duckdb
import polars as pl
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from migration_platform import schema
from migration_platform.database import adbc, connect
from migration_platform.destination.staged_table import stage_records, staged_digest
from migration_platform.entity import POLARS_TYPE, Entity, Field, Source, Translation, Type
from migration_platform.errors import MigrationError
from migration_platform.settings import Settings

FIELDS: dict[str, Type] = {
    "said": "text",
    "other_id": "uuid",
    "day": "date",
    "seen_at": "timestamp",
    "amount": "decimal",
    "number": "integer",
    "flag": "boolean",
    'odd "name"': "text",
}

ENTITY = Entity(
    "thing",
    "Things.",
    Source("things", ("Id",), "Id"),
    tuple(Field(n, t, Translation(n, (n,), pl.col(n))) for n, t in FIELDS.items()),
    Path(__file__),
)

TYPES: dict[str, Type] = {"id": "uuid", "source_id": "text", **FIELDS, "fingerprint": "uuid"}

texts = st.text(st.characters(exclude_characters="\0", exclude_categories=("Cs",)))
ids = st.uuids().map(str)
VALUES: dict[Type, st.SearchStrategy[Any]] = {
    "text": texts,
    "uuid": ids,
    "date": st.dates(date(1, 1, 1), date(9999, 12, 31)),
    "timestamp": st.datetimes(timezones=st.just(UTC)),
    "decimal": st.decimals(Decimal(-(10**12) + 1), Decimal(10**12 - 1), places=6),
    "integer": st.integers(-(2**63), 2**63 - 1),
    "boolean": st.booleans(),
}

records = st.fixed_dictionaries(
    {"id": ids, "source_id": texts, "fingerprint": ids}
    | {name: st.none() | VALUES[kind] for name, kind in FIELDS.items()}
)


@pytest.fixture(scope="module")
def destination(settings: Settings) -> Iterator[Any]:
    schema.upgrade(settings, "destination")
    with adbc(settings, "destination") as stream:
        yield stream


def stage(destination: Any, rows: list[dict[str, Any]], digest: str) -> None:
    frame = pl.DataFrame(rows, {name: POLARS_TYPE[kind] for name, kind in TYPES.items()})
    with tempfile.TemporaryDirectory() as folder, duckdb.connect() as duck:
        frame.write_parquet(Path(folder) / "mapped.parquet")
        mapped = Path(folder) / "mapped.parquet"
        stage_records(destination, "one", ENTITY, mapped, digest, len(rows), duck)


def staged(settings: Settings) -> list[dict[str, Any]]:
    """The rows that are staged, in their order."""
    with connect(settings, "destination") as connection:
        found = connection.execute('SELECT * FROM migration_staging."one__thing"')
        return [
            {
                name: str(value) if isinstance(value, UUID) else value
                for name, value in zip(TYPES, row, strict=True)
            }
            for row in found
        ]


@given(rows=st.lists(records, max_size=20))
@hypothesis_settings(max_examples=30, deadline=None)
def test_every_value_is_staged_as_it_was_mapped(
    destination: Any, settings: Settings, rows: list[dict[str, Any]]
) -> None:
    stage(destination, rows, digest := str(hash(str(rows))))

    assert staged(settings) == [{name: row[name] for name in TYPES} for row in rows]
    with connect(settings, "destination") as connection:
        assert staged_digest(connection, "one", "thing") == digest


def test_a_text_that_the_server_cannot_hold_is_told_without_the_text(
    destination: Any, settings: Settings
) -> None:
    row: dict[str, Any] = dict.fromkeys(TYPES) | {
        "id": "6ba7b810-9dad-11d1-80b4-00c04fd430c8", "source_id": "a", "said": "Ann\0Smith",
        "fingerprint": "6ba7b810-9dad-11d1-80b4-00c04fd430c8",
    }  # fmt: skip
    stage(destination, [row | {"said": "x"}], "before")

    with pytest.raises(MigrationError, match="thing: the mapped records could not be") as told:
        stage(destination, [row], "after")

    assert "Ann" not in str(told.value)
    destination.rollback()
    with connect(settings, "destination") as connection:
        assert staged_digest(connection, "one", "thing") == "before"
    assert [each["said"] for each in staged(settings)] == ["x"]


def test_what_is_staged_already_is_not_written_again(destination: Any, settings: Settings) -> None:
    stage(destination, [], "nothing")
    with connect(settings, "destination") as connection:
        place = "SELECT relfilenode FROM pg_class WHERE relname = 'one__thing'"
        before = connection.execute(place).fetchall()

    stage(destination, [], "nothing")

    with connect(settings, "destination") as connection:
        assert connection.execute(place).fetchall() == before
