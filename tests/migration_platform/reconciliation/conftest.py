"""A round trip without a database (source texts mapped by Polars, proved by DuckDB), and a DuckDB."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import duckdb
import polars as pl
import pytest

from migration_platform.entity import Entity, Field, Source, Translation, Type
from migration_platform.mapping import ENDS_SCHEMA, map_batch
from migration_platform.reconciliation.column import Column
from migration_platform.reconciliation.lookup import Origin
from migration_platform.reconciliation.round_trip import RoundTrip, prove_mapping
from tests.migration_platform.reconciliation.records import COLUMNS

Texts = Sequence[str | None]
Prove = Callable[..., "Proved"]


class Proved(NamedTuple):
    """How many records were mapped, what the round trip said, and its differences as
    (field, kind, read, sent)."""

    mapped: int
    result: RoundTrip
    differences: list[tuple[str, str, str | None, str | None]]


def entity_of(fields: Sequence[Field]) -> Entity:
    return Entity("thing", "A thing.", Source("things", ("Id",)), tuple(fields), Path(__file__))


@pytest.fixture
def prove(tmp_path: Path) -> Prove:
    """Map columns of texts with an entity's fields (or one translation to a field `f`) and prove it.

    `parents` gives ends of referenced entities, a dict for each record. `tamper` changes the mapped
    records before they are proved.
    """

    def run(
        mapped_by: Translation | Sequence[Field],
        columns: Mapping[str, Texts] | Texts,
        *,
        kind: Type = "text",
        parents: Mapping[str, Sequence[Mapping[str, str | None]]] | None = None,
        patients: Texts | None = None,
        tamper: Callable[[pl.DataFrame], pl.DataFrame] = lambda frame: frame,
        documents: Path = tmp_path,
    ) -> Proved:
        fields = [Field("f", kind, mapped_by)] if isinstance(mapped_by, Translation) else mapped_by
        texts = columns if isinstance(columns, Mapping) else {"X": columns}
        rows = len(next(iter(texts.values())))
        batch = pl.DataFrame(dict(texts), schema=dict.fromkeys(texts, pl.String)).with_columns(
            pl.Series("_id", [f"id-{n}" for n in range(rows)], pl.String),
            pl.Series("_source_id", [f"s-{n}" for n in range(rows)], pl.String),
            pl.Series("_patient", list(patients or [None] * rows), pl.String),
            pl.lit(None, pl.String).alias("_repeat"),
            pl.lit(False).alias("_suspect"),
        )
        ends = {
            name: pl.DataFrame(
                [dict(each) for each in records], schema={k: pl.String() for k in ENDS_SCHEMA}
            )
            for name, records in (parents or {}).items()
        }
        paths = {name: tmp_path / f"{name}.parquet" for name in ends}
        for name, frame in ends.items():
            frame.write_parquet(paths[name])
        batch.drop("_id").write_parquet(tmp_path / "extract.parquet")
        records = tamper(map_batch(entity_of(fields), batch, ends).records)
        records.write_parquet(tmp_path / "mapped.parquet")
        with duckdb.connect() as sql:
            sql.execute(
                "CREATE TEMP TABLE difference (id VARCHAR, leg VARCHAR, field VARCHAR, "
                "status VARCHAR, kind VARCHAR, sent VARCHAR, found VARCHAR)"
            ).fetchall()
            result = prove_mapping(
                sql,
                entity_of(fields),
                Origin(tmp_path / "extract.parquet", paths, documents),
                f"read_parquet('{tmp_path / 'mapped.parquet'}')",
            )
            found = sql.execute(
                "SELECT field, kind, sent, found FROM difference ORDER BY field, id"
            ).fetchall()
        return Proved(records.height, result, found)

    return run


@pytest.fixture
def columns() -> tuple[Column, ...]:
    return COLUMNS


@pytest.fixture
def sql() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'").fetchall()
        yield connection
