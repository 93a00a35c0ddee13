"""Control totals: the source's spellings read in SQL, and two sides judged in exact numbers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from migration_platform.control_total import ControlTotal
from migration_platform.errors import ConfigurationError
from migration_platform.reconciliation.total import (
    Sum,
    destination_query,
    judge,
    prepare_macros,
    tables_of,
)

TOTAL = ControlTotal("by code", "visit", "Visits.", "SELECT _end FROM visits", "FROM cohort_visit")


@pytest.fixture
def sql() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        prepare_macros(connection)
        yield connection


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("1234.50", "1234.50"), ("$1,234.50", "1234.50"), ("(12.00)", "-12"), ("($12.5)", "-12.5"),
        ("-3", "-3"), ("$-4.01", "-4.01"), ("-$4.01", "-4.01"), ("USD 12", "12"), ("12 usd", "12"),
        (" 7\u00a0", "7"), ("0.000001", "0.000001"), ("999999999999.99", "999999999999.99"),
        ("+3", "3"), ("12.", "12"), ("- $5", "-5"), ("", None), ("  ", None), ("n/a", None), ("1e3", None), ("12.3.4", None), (None, None),
    ],
)  # fmt: skip
def test_an_amount_is_read_exactly_in_each_spelling(sql, text, amount) -> None:
    ((found,),) = sql.execute("SELECT money(?::varchar)", [text]).fetchall()

    assert found == (None if amount is None else Decimal(amount))


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2024-03-09", date(2024, 3, 9)), ("03/09/2024", date(2024, 3, 9)),
        ("9-Mar-2024", date(2024, 3, 9)), ("2024-03-09T23:59:00-08:00", date(2024, 3, 9)),
        (" 2024-03-09 ", date(2024, 3, 9)), ("2024-02-30", None), ("03/09/24", None), ("", None),
    ],
)  # fmt: skip
def test_a_day_is_read_in_each_spelling(sql, text, day) -> None:
    assert sql.execute("SELECT day_of(?)", [text]).fetchall() == [(day,)]


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2024-03-09T15:04:05Z", datetime(2024, 3, 9, 15, 4, 5, tzinfo=UTC)),
        ("2024-03-09T15:04:05-04:00", datetime(2024, 3, 9, 19, 4, 5, tzinfo=UTC)),
        ("2024-03-09", datetime(2024, 3, 9, tzinfo=UTC)),
        ("03/09/2024", datetime(2024, 3, 9, tzinfo=UTC)),
        ("2024-03-09 15:04:05.5+0530", datetime(2024, 3, 9, 9, 34, 5, 500_000, tzinfo=UTC)),
        (" 2024-03-09T15:04:05Z ", datetime(2024, 3, 9, 15, 4, 5, tzinfo=UTC)),
        ("2024-13-09T15:04:05Z", None),
        ("2024-03-09T15:04:05", None),
        ("2024-03-09 15:04", None),
    ],
)
def test_an_instant_needs_its_offset(sql, text, instant) -> None:
    assert sql.execute("SELECT instant_of(?)", [text]).fetchall() == [(instant,)]


def test_a_wall_time_is_read_in_both_spellings(sql) -> None:
    query = "SELECT wall_time_of('2024-03-09 15:04:05'), wall_time_of('03/09/2024 3:04 PM')"

    [(first, second)] = sql.execute(query).fetchall()

    assert first.isoformat() == "2024-03-09T15:04:05"
    assert second.isoformat() == "2024-03-09T15:04:00"


def test_the_tables_of_a_total_are_those_of_the_source_and_not_its_own_subqueries(sql) -> None:
    source = (
        "WITH p AS (SELECT * FROM patients) SELECT v._end, code_word(p.PROGRAM), count(*), 0 "
        "FROM visits v, p GROUP BY ALL"
    )

    found = tables_of(ControlTotal("x", "visit", "s", source, "d"), sql)

    assert found == {"patients", "visits"}


def test_only_records_that_moved_are_compared_and_the_others_are_shown() -> None:
    source = [
        ("mapped", "a", 2, Decimal("10.50")), ("archived", "a", 1, Decimal("7.00")),
        ("archived", "b", 4, None), ("excepted", "a", 1, Decimal("-0.50")), (None, "a", 1, None),
    ]  # fmt: skip

    result = judge(TOTAL, source, [("a", 2, Decimal("10.500000"))])

    assert (result.outcome, result.groups, result.differing) == ("equal", 1, ())
    assert result.moved == Sum(2, "10.5")
    assert result.stayed == {
        "archived": Sum(5, "7"), "excepted": Sum(1, "-0.5"), "no end": Sum(1, None),
    }  # fmt: skip


@pytest.mark.parametrize(
    "there",
    [
        [("a", 2, Decimal("10.49")), ("b", 1, Decimal("3"))],  # a cent
        [("a", 1, Decimal("10.50")), ("b", 1, Decimal("3"))],  # a record
        [("a", 2, None), ("b", 1, Decimal("3"))],  # nothing against a sum
        [("b", 2, Decimal("10.50")), ("a", 1, Decimal("3"))],  # codes exchanged
        [("a", 2, Decimal("10.50")), ("b", 1, Decimal("3")), (None, 1, None)],  # one more
        [("a", 2, Decimal("10.50"))],  # one less
        [],
    ],
)
def test_what_does_not_agree_to_the_last_digit_differs(there) -> None:
    source = [("mapped", "a", 2, Decimal("10.50")), ("mapped", "b", 1, Decimal("3.00"))]

    result = judge(TOTAL, source, there)

    assert result.outcome == "differs"
    assert result.differing_groups == len(result.differing) > 0


def test_nothing_on_either_side_is_not_equal_but_nothing_to_compare() -> None:
    assert judge(TOTAL, [("archived", "a", 1, 1)], []).outcome == "nothing to compare"
    assert judge(TOTAL, [], [("a", 0, None)]).outcome == "nothing to compare"


def test_what_must_be_empty_is_wrong_even_where_both_sides_agree() -> None:
    total = ControlTotal("inverted", "visit", "s", "", "", must_be_empty=True)

    assert judge(total, [("mapped", 0, None)], [(0, None)]).outcome == "equal"
    assert judge(total, [("mapped", 2, None)], [(2, None)]).outcome == "differs"
    assert judge(total, [("mapped", 2, None)], [(0, None)]).outcome == "differs"


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (("mapped", "a", 1, 0.1), "exact decimal"),
        (("mapped", "a", 1, True), "exact decimal"),
        (("mapped", "a", 1.0, 1), "must be a count"),
        (("mapped", "x" * 65, 1, 1), "longer than 64"),
    ],
)
def test_a_query_that_returns_something_else_is_an_error_and_shows_no_value(row, said) -> None:
    with pytest.raises(ConfigurationError, match=said) as error:
        judge(TOTAL, [row], [])

    assert "xxx" not in str(error.value)


def test_a_group_that_comes_twice_is_an_error() -> None:
    with pytest.raises(ConfigurationError, match="a group twice"):
        judge(TOTAL, [], [("a", 1, 1), ("a", 1, 1)])


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(-(10**11), 10**11)), max_size=30))
def test_a_cent_moved_between_groups_is_seen_and_the_same_sums_are_equal(amounts) -> None:
    groups: dict[str, list[int]] = {}
    for code, cents in amounts:
        groups.setdefault(code, []).append(cents)
    rows = [(c, len(v), Decimal(sum(v)).scaleb(-2)) for c, v in groups.items()]
    source = [("mapped", *row) for row in rows]

    assert judge(TOTAL, source, rows).outcome == ("equal" if rows else "nothing to compare")
    if rows:
        code, count, total = rows[0]
        moved = [(code, count, total + Decimal("0.01")), *rows[1:]]
        assert judge(TOTAL, source, moved).outcome == "differs"


def test_the_destination_is_asked_for_the_cohorts_own_rows_only() -> None:
    total = ControlTotal("x", "visit", "s", "", "SELECT count(*), 0 FROM cohort_visit")

    query = destination_query(total, {"visit": "it's one"})

    assert "c.cohort = 'it''s one'" in query
    assert query.endswith("SELECT * FROM (SELECT count(*), 0 FROM cohort_visit\n) t")
