"""Tables of many rows: what is to be looked at first, the rest summed up or a link away, nothing lost."""

from __future__ import annotations

from datetime import UTC, datetime

from migration_platform.room.page.ledger import add_up, fold
from migration_platform.room.page.overview import list_cohorts
from migration_platform.room.table import Cell, Table, cut, make_table

MORE = "/cohorts?wave=pilot"


def account(
    cohort: str, loaded: int, *, balanced: bool = True, mismatched: int = 0
) -> dict[str, object]:
    return {
        "cohort": cohort, "applicable": True, "extracted": loaded, "loaded": loaded, "archived": 0,
        "excluded": 0, "excepted": 0, "matched": loaded - mismatched, "mismatched": mismatched,
        "missing": 0, "unexpected": 0, "found": loaded, "balanced": balanced,
    }  # fmt: skip


def make_timeline(number: int) -> Table:
    at = datetime(2026, 11, 21, tzinfo=UTC)
    rows = [(f"c{n}", "pilot" if n < number - 1 else "rest", "live", 5, at, at, at)
            for n in range(number)]  # fmt: skip
    return make_table(
        "timeline", "", ("Cohort", "Wave", "State", "Patients #", "First extract", "Loaded",
        "Reconciled"), rows, empty="", url="/timeline.csv",
    )  # fmt: skip


def test_a_long_ledger_has_first_what_does_not_balance_and_adds_up_still() -> None:
    accounts = [
        account("one", 10),
        account("two", 20, mismatched=2),
        account("three", 30),
        account("four", 40, balanced=False),
    ]
    full = add_up(accounts, ["one", "two", "three", "four"], "/waves/pilot")

    short = fold(full, 2, MORE)

    assert [row[0].value for row in short.rows] == ["four", "one", "2 others"]
    assert [row[2].value for row in short.rows] == [40, 10, 50]
    assert short.rows[-1][7] == Cell(2, "failed")  # mismatched
    assert short.rows[-1][0].link == MORE
    assert sum(int(str(row[2].value)) for row in short.rows) == full.total[2].value == 100


def test_a_sum_of_others_of_which_one_is_not_known_is_not_known() -> None:
    unfinished = {**account("two", 5), "found": None, "balanced": None}
    full = add_up(
        [account("one", 10), unfinished, account("three", 1)], ["one", "two", "three"], ""
    )

    short = fold(full, 0, MORE)

    assert short.rows[0][-2].value is None
    assert short.rows[0][-1].value == "not finished"


def test_a_ledger_that_fits_stays_as_it_is() -> None:
    full = add_up([account("one", 10)], ["one"], "/waves/pilot")

    assert fold(full, 1, MORE) is full


def test_a_table_is_cut_and_says_how_much_is_left() -> None:
    whole = make_timeline(5)

    first, last = cut(whole, 2, more=MORE), cut(whole, 2, first=4, more=MORE)

    assert ([row[0].value for row in first.rows], first.left, first.more) == (["c0", "c1"], 3, MORE)
    assert ([row[0].value for row in last.rows], last.left, last.more) == (["c4"], 0, "")


def test_the_cohorts_of_a_wave_are_listed_a_hundred_at_a_time() -> None:
    begin, end = (
        list_cohorts(make_timeline(251), "pilot", 0),
        list_cohorts(make_timeline(251), "pilot", 200),
    )

    assert begin.headline.sentence == "250 cohorts of wave pilot."
    assert begin.headline.rest == "From 1 to 100."
    assert begin.tables[0].more == "/cohorts?wave=pilot&from=100"
    assert [row[0].value for row in end.tables[0].rows][-1] == "c249"
    assert end.tables[0].more == ""
