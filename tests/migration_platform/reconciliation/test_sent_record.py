"""Sent records in canonical form: Arrow says what SQL says."""

from __future__ import annotations

import secrets
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import duckdb
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from migration_platform.entity import POLARS_TYPE, Type
from migration_platform.reconciliation.column import Column
from migration_platform.reconciliation.sent_record import read_sent, to_canonical

VALUES: dict[Type, st.SearchStrategy[object]] = {
    "text": st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=6),
    "uuid": st.uuids().map(str),
    "date": st.dates(),
    "timestamp": st.datetimes(timezones=st.just(UTC)),
    "decimal": st.decimals(-(10**11), 10**11, places=6),
    "integer": st.integers(-(2**63), 2**63 - 1),
    "boolean": st.booleans(),
}
COLUMNS = [Column(f"a {kind}", kind) for kind in POLARS_TYPE]
ROWS = st.lists(
    st.fixed_dictionaries({c.name: st.none() | VALUES[c.type] for c in COLUMNS}), max_size=5
)


def write(rows: list[dict[str, object]], file: Path, *, row_group_size: int | None = None) -> None:
    """A file as the transform writes it."""
    schema = {"id": pl.String()} | {c.name: POLARS_TYPE[c.type] for c in COLUMNS}
    numbered = [{"id": f"{i:03}", **row} for i, row in enumerate(rows)]
    pl.DataFrame(numbered, schema).write_parquet(file, row_group_size=row_group_size)


@settings(deadline=None)
@given(ROWS)
def test_it_is_what_sql_makes_of_the_same_file(
    tmp_path_factory: pytest.TempPathFactory, rows: list[dict[str, object]]
) -> None:
    file = tmp_path_factory.getbasetemp() / "mapped.parquet"
    write(rows, file)
    duck = duckdb.connect()
    chosen = ", ".join(["id", *[c.sent_sql() for c in COLUMNS]])
    by_sql = duck.sql(f"SELECT {chosen} FROM read_parquet('{file}')").to_arrow_table()

    by_arrow = pa.concat_tables(read_sent(file, COLUMNS))

    assert by_arrow.schema.equals(by_sql.schema)
    assert by_arrow.to_pylist() == by_sql.to_pylist()


def test_it_comes_a_row_group_at_a_time_and_an_empty_piece_first(tmp_path: Path) -> None:
    row = {c.name: None for c in COLUMNS}
    write([row] * 5, tmp_path / "mapped.parquet", row_group_size=2)

    pieces = list(read_sent(tmp_path / "mapped.parquet", COLUMNS))

    assert [len(p) for p in pieces] == [0, 2, 2, 1]
    assert len({p.schema for p in pieces}) == 1


def test_what_is_held_of_it_does_not_grow_with_the_file(tmp_path: Path) -> None:
    file, groups = tmp_path / "mapped.parquet", 100
    texts = [c.name for c in COLUMNS if c.type == "text"]
    row = {c.name: None for c in COLUMNS}
    rows = [row | {t: secrets.token_hex(500) for t in texts} for _ in range(20 * groups)]
    write(rows, file, row_group_size=20)
    before, held = pa.total_allocated_bytes(), 0

    for _ in read_sent(file, COLUMNS):
        held = max(held, pa.total_allocated_bytes() - before)

    assert 0 < held < file.stat().st_size / 10


def test_what_comes_in_another_zone_scale_or_width_is_the_same() -> None:
    instant = datetime(2024, 3, 10, 7, 30, tzinfo=UTC)
    columns = [Column("at", "timestamp"), Column("cost", "decimal"), Column("on", "date")]
    sent = {
        "id": pa.array(["a"], pa.large_string()),
        "at": pa.array([instant], pa.timestamp("us", "Asia/Kolkata")),
        "cost": pa.array([Decimal("0.000000")], pa.decimal128(30, 12)),
        "on": pa.array([date(2024, 3, 10)]),
    }

    canonical = to_canonical(pa.table(sent), columns)

    assert canonical.to_pylist() == [
        {
            "id": "a",
            "at": int(instant.timestamp()) * 1_000_000,
            "cost": "0.000000",
            "on": date(2024, 3, 10),
        }
    ]
