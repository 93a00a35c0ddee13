"""Ledger: the accounting of cohorts or entities as a table that adds up, a line for each and their sum."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from migration_platform.room.table import Cell, Table, make_table

ENDS = ("loaded", "archived", "excluded", "excepted")
FOUND = ("matched", "mismatched", "missing", "unexpected")
NAMES = ("extracted", *ENDS, *FOUND, "found")


def add_up(
    accounts: Sequence[Mapping[str, Any]], cohorts: Sequence[str], url: str, by: str = "cohort"
) -> Table:
    """The ledger: a line for each cohort (or entity), and the sum of all of them."""
    groups: dict[str, list[Mapping[str, Any]]] = {name: [] for name in cohorts}
    for line in accounts:
        groups[line[by]].append(line)
    return make_table(
        "accounting",
        "Extracted is the sum of the four ends; loaded that of matched, mismatched and missing; "
        "found that of matched, mismatched and unexpected",
        (by.capitalize(), "Extracted #", *(f"{n.capitalize()} #" for n in NAMES[1:]), "Balance"),
        [
            (
                Cell(name, link=f"/cohorts/{name}" if by == "cohort" else f"{url}/{name}"),
                *(_sum(lines, n) for n in NAMES),
                _balance(lines),
            )
            for name, lines in groups.items()
        ],
        empty="Nothing of it has been extracted yet.",
        total=("all", *(_sum(accounts, n) for n in NAMES), _balance(accounts)),
        url=f"{url}/accounting.csv",
    )


def fold(table: Table, most: int, more: str) -> Table:
    """So many lines, what does not balance first, and one that sums up the others: it adds up still."""
    if len(table.rows) <= most:
        return table
    rows = sorted(table.rows, key=lambda row: BALANCES.index(row[-1].state))
    rest = rows[most:]
    line = (
        Cell(f"{len(rest):,} others", link=more),
        *(_add(cells) for cells in zip(*(row[1:-1] for row in rest), strict=True)),
        rest[0][-1],
    )
    return replace(table, rows=(*rows[:most], line))


BALANCES = ("failed", "not-run", "passed", "not-asked")
"""The states of a balance, what is to be looked at first."""


def _add(cells: Sequence[Cell]) -> Cell:
    numbers = [cell.value for cell in cells if isinstance(cell.value, int)]
    if len(numbers) < len(cells):
        return Cell(None)
    return Cell(sum(numbers), "failed" if any(cell.state for cell in cells) else "")


def _sum(lines: Sequence[Mapping[str, Any]], name: str) -> Cell:
    """None while one of the stages has not run: an unfinished sum is no sum."""
    counted = [line[name] for line in lines if line["applicable"]]
    if not counted or None in counted:
        return Cell(None)
    number = sum(counted)
    bad = name in ("mismatched", "missing", "unexpected") and number
    return Cell(number, "failed" if bad else "")


def _balance(lines: Sequence[Mapping[str, Any]]) -> Cell:
    said = [line["balanced"] for line in lines if line["applicable"]]
    if False in said:
        return Cell("does not balance", "failed")
    if any(line["found"] is None for line in lines if line["applicable"]):
        return Cell("not finished", "not-run")
    return Cell("balances", "passed") if True in said else Cell("nothing to balance", "not-asked")
