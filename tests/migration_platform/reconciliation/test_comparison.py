"""The comparison finds every difference, whatever the slices, and nothing else."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from migration_platform.entity import Equality
from migration_platform.reconciliation.column import Column
from migration_platform.reconciliation.comparison import SecondLook, explain, find_suspects
from migration_platform.reconciliation.sent_record import to_canonical

NAME, AMOUNT = Column("name", "text"), Column("amount", "decimal")
SQL = duckdb.connect()
Row = tuple[str, str | None, str | None]


def compare(
    sent: list[Row],
    found: list[Row],
    slice_rows: int = 2,
    torn: int = 1,
    columns: tuple[Column, ...] = (NAME, AMOUNT),
) -> tuple[SecondLook, set[tuple], tuple[int, int, int]]:
    """The second look, the differences, and the first look's (sent, found, suspect rows). The found
    rows come `torn` at a time."""
    sql = SQL.cursor()
    schema = pa.schema([("id", pa.string()), ("name", pa.string()), ("amount", pa.string())])
    sql.execute(
        "CREATE OR REPLACE TEMP TABLE mapped (id VARCHAR, name VARCHAR, amount DECIMAL(18, 6))"
    ).fetchall()
    if sent:
        sql.executemany("INSERT INTO mapped VALUES (?, ?, ?::DECIMAL(18, 6))", sent)
    whole = pa.Table.from_pylist([dict(zip(schema.names, r, strict=True)) for r in found], schema)
    parts = [schema.empty_table()]
    parts += [whole.slice(at, torn) for at in range(0, len(found), torn)]
    mapped = to_canonical(sql.sql("FROM mapped").to_arrow_table(), columns)
    first = find_suspects(sql, columns, [mapped], iter(parts), slice_rows=slice_rows)
    sql.register("again", whole)
    second = explain(sql, columns, "again")
    rows = sql.execute("SELECT id, field, status, sent, found FROM difference").fetchall()
    suspects = {r[0] for r in sql.execute("SELECT id FROM suspect").fetchall()}
    assert len(suspects) == first.suspects
    assert {r[0] for r in rows} <= suspects
    assert len(suspects) - second.settled == len({r[0] for r in rows})
    return second, set(rows), (first.sent, first.found, first.suspect_rows)


def test_equal_sides_have_no_difference() -> None:
    rows: list[Row] = [("a", "Ann", "1"), ("b", None, None), ("c", "", "0")]

    second, differences, counts = compare(rows, rows)

    assert differences == set()
    assert second == SecondLook(0, 0, 0, 0, 0)
    assert counts == (3, 3, 0)


def test_a_difference_is_located_by_record_and_field() -> None:
    sent: list[Row] = [("a", "Ann", "1"), ("b", "Bea", "2"), ("c", "Cid", None)]
    found: list[Row] = [("a", "Ann ", "1"), ("b", None, "2.000000001"), ("c", "Cid", "0")]

    second, differences, counts = compare(sent, found)

    assert differences == {
        ("a", "name", "mismatched", "Ann", "Ann "),
        ("b", "name", "mismatched", "Bea", None),
        ("b", "amount", "mismatched", "2", "2.000000001"),
        ("c", "amount", "mismatched", None, "0"),
    }
    assert second == SecondLook(mismatched=3, missing=0, unexpected=0, settled=0, found=3)
    assert counts == (3, 3, 3)


def test_an_empty_side_makes_everything_missing_or_unexpected() -> None:
    rows: list[Row] = [("a", "Ann", "1"), ("b", "Bea", "2"), ("c", "Cid", "3")]

    gone, _, _ = compare(rows, [])
    added, _, _ = compare([], rows)
    nothing, _, _ = compare([], [])

    assert (gone.missing, gone.unexpected, gone.mismatched) == (3, 0, 0)
    assert (added.missing, added.unexpected, added.mismatched) == (0, 3, 0)
    assert (nothing.missing, nothing.unexpected, nothing.mismatched) == (0, 0, 0)


@pytest.mark.parametrize("slice_rows", [1, 2, 3, 10])
@pytest.mark.parametrize("torn", [1, 2, 3])
def test_rows_of_one_id_count_whatever_slice_they_are_torn_into(slice_rows: int, torn: int) -> None:
    sent: list[Row] = [("a", "x", None), ("b", "x", None), ("c", "x", None), ("c", "x", None)]
    found: list[Row] = [("a", "x", None), *[("b", "x", None)] * 4, ("c", "x", None)]

    second, differences, counts = compare(sent, found, slice_rows, torn)

    assert differences == {
        ("b", "", "unexpected", None, None),
        ("c", "", "missing", None, None),
    }
    assert (second.unexpected, second.missing) == (3, 1)
    assert counts == (4, 6, 5)


def test_ids_at_the_edge_of_a_slice_are_found() -> None:
    sent: list[Row] = [(i, "x", "1") for i in "abdef"]
    found: list[Row] = [(i, "x", "1") for i in "abceg"]

    for slice_rows in range(1, 7):
        second, differences, _ = compare(sent, found, slice_rows)

        assert {(d[0], d[2]) for d in differences} == {
            ("c", "unexpected"),
            ("g", "unexpected"),
            ("d", "missing"),
            ("f", "missing"),
        }
        assert (second.missing, second.unexpected) == (2, 2)


def test_a_changed_copy_is_the_duplicate_and_the_equal_row_is_none() -> None:
    sent: list[Row] = [("a", "Zoe", "1"), ("b", "Bea", "2")]
    found: list[Row] = [("a", "Ann", "1"), ("a", "Zoe", "1"), ("b", "Bea", "2")]

    second, differences, _ = compare(sent, found)

    assert differences == {("a", "", "unexpected", None, None)}
    assert (second.mismatched, second.unexpected, second.found) == (0, 1, 2)


def test_records_out_of_order_are_refused_on_either_side() -> None:
    ordered: list[Row] = [("a", "x", None), ("b", "x", None), ("c", "x", None)]
    turned: list[Row] = [("a", "x", None), ("c", "x", None), ("b", "x", None)]

    with pytest.raises(ValueError, match="the found records do not come in order of id"):
        compare(ordered, turned, slice_rows=10)
    with pytest.raises(ValueError, match="the sent records do not come in order of id"):
        compare(turned, ordered, slice_rows=10)


def test_a_found_side_that_breaks_off_is_an_error_and_not_a_difference() -> None:
    sql = duckdb.connect()
    mapped = pa.table({"id": pa.array([], pa.string()), "name": pa.array([], pa.string())})

    def broken():
        yield pa.table({"id": pa.array(["a"]), "name": pa.array(["x"])})
        raise ConnectionError("gone")

    with pytest.raises(ConnectionError, match="gone"):
        find_suspects(sql, [NAME], [mapped], broken())
    with pytest.raises(ValueError, match="not even an empty table"):
        find_suspects(sql, [NAME], [mapped], [])


def test_what_cannot_change_is_explained_as_it_was_seen() -> None:
    sql = duckdb.connect()
    mapped = pa.table({"id": pa.array(["a", "b"]), "name": pa.array(["x", "x"])})
    found = pa.table({"id": pa.array(["a", "c"]), "name": pa.array(["y", "x"])})

    find_suspects(sql, [NAME], [mapped], [found])
    second = explain(sql, [NAME])

    assert second == SecondLook(mismatched=1, missing=1, unexpected=1, settled=0, found=2)
    assert set(sql.execute("SELECT id, status, sent, found FROM difference").fetchall()) == {
        ("a", "mismatched", "x", "y"),
        ("b", "missing", None, None),
        ("c", "unexpected", None, None),
    }


def test_an_equal_number_in_other_digits_is_no_difference() -> None:
    sent: list[Row] = [("a", None, "10.5"), ("b", None, "100"), ("c", None, "0"), ("d", None, "-3")]
    found: list[Row] = [
        ("a", None, "10.50"), ("b", None, "100"), ("c", None, "-0.0"), ("d", None, "-3.0000000"),
    ]  # fmt: skip

    _, differences, _ = compare(sent, found)

    assert differences == set()


def test_a_declared_equality_is_applied_and_no_more_than_that() -> None:
    columns = (
        Column("name", "text", Equality("caseless", "shown in capitals there")),
        Column("amount", "decimal", Equality("tolerance", "cents", Decimal("0.01"))),
    )
    sent: list[Row] = [("a", "Ann", "1.00"), ("b", "Bea", "2.00"), ("c", "Cid", "3")]
    found: list[Row] = [("a", "ANN", "1.01"), ("b", "BEA ", "2.02"), ("c", "CID", "NaN")]

    _, differences, _ = compare(sent, found, columns=columns)

    assert {(d[0], d[1]) for d in differences} == {("b", "name"), ("b", "amount"), ("c", "amount")}


VALUES = st.sampled_from([None, "", "x", "X", "y"])
AMOUNTS = st.sampled_from([None, "0", "1", "1.5", "-1.5", "0.000001"])
ROWS = st.lists(st.tuples(st.sampled_from("abcdefgh"), VALUES, AMOUNTS), max_size=14)


@settings(max_examples=100, deadline=None)
@given(sent=ROWS, found=ROWS, slice_rows=st.integers(1, 16), torn=st.integers(1, 6))
def test_it_agrees_with_a_naive_comparison(
    sent: list[Row], found: list[Row], slice_rows: int, torn: int
) -> None:
    sent, found = sorted(sent, key=lambda r: r[0]), sorted(found, key=lambda r: r[0])
    had, has = Counter(r[0] for r in sent), Counter(r[0] for r in found)

    second, differences, (sent_rows, found_rows, suspect_rows) = compare(
        sent, found, slice_rows, torn
    )

    single = {i for i in had if had[i] == has[i] == 1}
    before, after = {r[0]: r for r in sent}, {r[0]: r for r in found}
    expected = {
        (i, field, "mismatched", before[i][at], after[i][at])
        for i in single
        for at, field in ((1, "name"), (2, "amount"))
        if before[i][at] != after[i][at]
    }
    assert {d for d in differences if d[0] in single} == expected
    assert second.missing == sum((had - has).values())
    assert second.unexpected == sum((has - had).values())
    assert (sent_rows, found_rows) == (len(sent), len(found))
    assert suspect_rows == second.found
    odd = {i for i in {*had, *has} if sorted(rows_of(sent, i)) != sorted(rows_of(found, i))}
    assert odd == {d[0] for d in differences}


def rows_of(rows: list[Row], of: str) -> list[str]:
    return [repr(r) for r in rows if r[0] == of]
