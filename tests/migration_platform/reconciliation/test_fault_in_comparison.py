"""What planted faults have shown of the comparison, one test for each."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from migration_platform.entity import Equality
from migration_platform.reconciliation.column import Column
from migration_platform.reconciliation.comparison import explain, find_suspects
from migration_platform.reconciliation.sent_record import to_canonical

ID = "5f0c2a1e-8a54-4c8e-9c8f-0a1b2c3d4e5f"


def compare(
    sql: duckdb.DuckDBPyConnection, column: Column, sent: list[Any], found: list[Any]
) -> list[tuple[Any, ...]]:
    """What is reported of rows of one id that hold these values."""
    kind = pa.decimal128(18, 6) if column.type == "decimal" else pa.string()
    ours = pa.table({"id": pa.array([ID] * len(sent)), column.name: pa.array(sent, kind)})
    there = pa.table(
        {"id": pa.array([ID] * len(found), pa.string()), column.name: pa.array(found, pa.string())}
    )
    find_suspects(sql, [column], [to_canonical(ours, [column])], [there])
    sql.register("again", there)
    explain(sql, [column], "again")
    return sql.execute("SELECT field, status, kind FROM difference ORDER BY ALL").fetchall()


@pytest.mark.parametrize("found", [["right", "wrong"], ["wrong", "right"]])
def test_of_two_rows_of_one_id_the_one_that_disagrees_is_too_many(
    sql: duckdb.DuckDBPyConnection, found: list[str]
) -> None:
    assert compare(sql, Column("note", "text"), ["right"], found) == [
        ("", "unexpected", "duplicate record")
    ]


@pytest.mark.parametrize("found", ["Infinity", "-Infinity", "NaN"])
@pytest.mark.parametrize("rule", [Equality(), Equality("tolerance", "a test", Decimal(1))])
def test_what_is_no_number_differs_from_every_number(
    sql: duckdb.DuckDBPyConnection, found: str, rule: Equality
) -> None:
    result = compare(sql, Column("cost", "decimal", rule), [Decimal("12.5")], [found])

    assert [(field, status) for field, status, _ in result] == [("cost", "mismatched")]


def test_a_found_record_without_an_id_is_an_error(sql: duckdb.DuckDBPyConnection) -> None:
    ours = pa.table({"id": [ID], "note": ["x"]})
    nameless = pa.table({"id": pa.array([ID, None]), "note": pa.array(["x", "x"])})

    with pytest.raises(ValueError, match="has no id"):
        find_suspects(sql, [Column("note", "text")], [ours], [nameless])


def test_every_one_of_many_differing_records_is_reported(sql: duckdb.DuckDBPyConnection) -> None:
    ids = [f"{i:032x}" for i in range(12_000)]
    ours = pa.table({"id": ids, "note": ["x"] * len(ids)})
    found = pa.table({"id": ids, "note": ["y"] * len(ids)})
    sql.register("again", found)

    find_suspects(sql, [Column("note", "text")], [ours], [found])
    seen = explain(sql, [Column("note", "text")], "again")

    assert seen.mismatched == 12_000


@pytest.mark.parametrize(
    ("found", "equal"),
    [
        ('{"b": [1, {"c": null}], "a": 1}', True),
        ('{"a":1,"b":[1,{"c":null}]}', True),
        ('{"a": 1, "b": [{"c": null}, 1]}', False),
        ('{"a": 1.0, "b": [1, {"c": null}]}', False),
        ('{"a": "1", "b": [1, {"c": null}]}', False),
        ('{"a": 1, "b": [1, {}]}', False),
        ('{"a": 1, "b": [1, {"c": null}], "a": 1}', False),
        ('{"a": 1, "b": [1, {"c": null}]', False),
        ("", False),
        (None, False),
    ],
)
def test_json_declared_so_is_judged_by_its_values(
    sql: duckdb.DuckDBPyConnection, found: str | None, equal: bool
) -> None:
    column = Column("answers", "text", Equality("json", "the destination stores jsonb"))

    result = compare(sql, column, ['{"a": 1, "b": [1, {"c": null}]}'], [found])

    assert (result == []) is equal


def test_a_key_that_stands_twice_on_both_sides_is_compared_as_text(
    sql: duckdb.DuckDBPyConnection,
) -> None:
    column = Column("answers", "text", Equality("json", "the destination stores jsonb"))
    sent = '{"x": {"a": 1}, "x": {"b": 2}}'

    assert compare(sql, column, [sent], ['{"x": {"a": 1, "b": 2}, "x": {}}']) != []
    assert compare(sql, column, [sent], [sent]) == []
