"""What is read back of some ids is what is read back of everything, cut to these ids."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pytest

from migration_platform import schema
from migration_platform.database import adbc, connect
from migration_platform.entity import Entity, Field, Source, Translation
from migration_platform.reconciliation.readback import Readback
from migration_platform.settings import Settings

OURS, ALSO_OURS, OF_OTHERS, OF_NOBODY = (f"00000000-0000-4000-8000-00000000000{n}" for n in "1234")

ENTITY = Entity(
    "read_thing",
    "Things.",
    Source("things", ("Id",), "Id"),
    (Field("said", "text", Translation("said", ("said",), pl.col("said"))),),
    Path(__file__),
)


@pytest.fixture
def stream(settings: Settings) -> Iterator[Any]:
    schema.upgrade(settings, "destination")
    with connect(settings, "destination") as connection:
        connection.execute("DROP TABLE IF EXISTS read_thing")
        connection.execute("CREATE TABLE read_thing (id uuid, said text)")
        for place, each in enumerate((OURS, ALSO_OURS, OF_OTHERS, OF_NOBODY)):
            connection.execute("INSERT INTO read_thing VALUES (%s, %s)", (each, f"said {place}"))
        connection.execute("INSERT INTO read_thing VALUES (%s, 'said again')", (ALSO_OURS,))
        connection.execute("DELETE FROM migration.crosswalk WHERE entity = 'read_thing'")
        for cohort, source_id, each in (
            ("one", "a", OURS),
            ("one", "b", ALSO_OURS),
            ("two", "c", OF_OTHERS),
        ):
            connection.execute(
                "INSERT INTO migration.crosswalk VALUES (%s, 'read_thing', %s, %s, %s, 1)",
                (cohort, source_id, each, each),
            )
    with adbc(settings, "destination") as stream:
        yield stream
    with connect(settings, "destination") as connection:
        connection.execute("DROP TABLE read_thing")
        connection.execute("DELETE FROM migration.crosswalk WHERE entity = 'read_thing'")


def rows(table: pa.Table) -> list[tuple[object, ...]]:
    return sorted(tuple(row.values()) for row in table.to_pylist())


def test_each_row_of_the_ids_comes_once_however_often_an_id_is_asked_for(stream: Any) -> None:
    asked = pa.table({"id": [ALSO_OURS, OURS, ALSO_OURS, OURS, OF_OTHERS]})

    found = Readback(stream, "one", ENTITY).read_only(asked)

    assert rows(found) == [
        (OURS, "a", "said 0"),
        (ALSO_OURS, "b", "said 1"),
        (ALSO_OURS, "b", "said again"),
    ]


def test_of_all_ids_everything_is_read(stream: Any) -> None:
    everything = pa.concat_tables(list(Readback(stream, "one", ENTITY).read()))

    found = Readback(stream, "one", ENTITY).read_only(everything.select(["id"]))

    assert rows(found) == rows(everything)
    assert (OF_NOBODY, None, "said 3") in rows(found)
