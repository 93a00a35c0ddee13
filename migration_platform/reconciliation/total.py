"""Total: control totals computed on both sides and compared, group by group, in exact numbers.

The source's side reads the snapshots' text in SQL, without mapping or translation, so it also sees
a mapping that is wrong on both legs of the comparison of records. How a total is declared stands in
`control_total`; whether a wave may go on in `promotion`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

import duckdb
import psycopg

from migration_platform.control_total import PREFIX, ControlTotal
from migration_platform.errors import ConfigurationError
from migration_platform.reconciliation.column import quote_name, quote_text
from migration_platform.reconciliation.correction import Corrections, snapshot_sql

SHOWN = 50
"""Differing groups that a result names; it counts all of them."""

LONGEST_GROUP = 64
"""Characters. A code, a month or a program is short; what is longer may be a patient's value."""

MACROS = Path(__file__).with_name("total_macros.sql")

Outcome = Literal["equal", "differs", "nothing to compare", "not applicable"]
Group = tuple[str | None, ...]


@dataclass(frozen=True, slots=True)
class Sum:
    """How many records, and what they add up to: exact, as text; None if nothing was added up."""

    count: int = 0
    total: str | None = None

    @property
    def is_nothing(self) -> bool:
        return not self.count and self.total in (None, "0")


@dataclass(frozen=True, slots=True)
class GroupDifference:
    """A group in which the two sides do not agree."""

    group: Group
    source: Sum
    destination: Sum


@dataclass(frozen=True, slots=True)
class TotalResult:
    """What came of one total. `moved` and `stayed` (by end) are the source's records; together they
    are all that it has. Of `differing_groups`, `differing` holds the first `SHOWN`."""

    name: str
    sentence: str
    outcome: Outcome
    reason: str = ""
    groups: int = 0
    moved: Sum = Sum()
    stayed: Mapping[str, Sum] | None = None
    differing_groups: int = 0
    differing: tuple[GroupDifference, ...] = ()


@dataclass(frozen=True, slots=True)
class SourceTable:
    """A source table as the snapshot holds it, with what people corrected: the files of the entity
    that is read from it."""

    snapshot: Path
    ends: Path
    corrections: Corrections | None = None


def prepare_macros(sql: duckdb.DuckDBPyConnection) -> None:
    """Make what authors read the source's text with."""
    sql.execute(MACROS.read_text(encoding="utf-8")).fetchall()


def tables_of(total: ControlTotal, sql: duckdb.DuckDBPyConnection) -> frozenset[str]:
    """The source tables that a total reads; the macros are there (`prepare_macros`).

    Raises ConfigurationError for SQL that cannot be read.
    """
    try:
        return frozenset(sql.get_table_names(total.source))
    except duckdb.Error as error:
        raise _refused(total, "source", error) from None


def prepare_tables(sql: duckdb.DuckDBPyConnection, tables: Mapping[str, SourceTable]) -> None:
    """Make a view of each source table's snapshot under the table's name: its columns as text, and
    `_end`, what became of the record (null: nothing, which the account does not balance)."""
    for name, table in tables.items():
        snapshot, ends = (
            snapshot_sql(table.snapshot, table.corrections),
            quote_text(str(table.ends)),
        )
        sql.execute(
            f'CREATE OR REPLACE TEMP VIEW {quote_name(name)} AS SELECT s.*, e."end" AS _end '
            f"FROM {snapshot} s "
            f"LEFT JOIN read_parquet({ends}) e ON e.source_id = s._source_id"
        ).fetchall()


def compare_total(
    total: ControlTotal,
    sql: duckdb.DuckDBPyConnection,
    destination: psycopg.Connection[Any],
    homes: Mapping[str, str],
) -> TotalResult:
    """Compute a total on both sides and compare. `prepare_tables` has been called; `homes` gives
    the cohort under which each entity's records stand in the crosswalk.

    Raises ConfigurationError if one of its two queries fails or does not return what it must.
    """
    try:
        cursor = sql.execute(total.source)
        columns = [d[0] for d in cursor.description or []]
        source = cursor.fetchall()
    except duckdb.Error as error:
        raise _refused(total, "source", error) from None
    if not columns or columns[0] != "_end":
        raise _unfit(total, "source", "its first column must be _end")
    try:
        with destination.cursor() as asked:
            found = asked.execute(destination_query(total, homes)).fetchall()
            width = len(asked.description or [])
    except psycopg.Error as error:
        raise _refused(total, "destination", error) from None
    if width != len(columns) - 1:
        raise _unfit(total, "destination", "it must return the source's columns without _end")
    return judge(total, source, found)


def judge(
    total: ControlTotal, source: Iterable[Sequence[Any]], destination: Iterable[Sequence[Any]]
) -> TotalResult:
    """Compare what the two queries returned: of the source, a row's `_end`, group, count and total;
    of the destination, the same without `_end`."""
    by_end: dict[str, dict[Group, Sum]] = {}
    for end, *rest in source:
        _add(total, "source", by_end.setdefault(end or "no end", {}), rest)
    moved = by_end.pop("mapped", {})
    found: dict[Group, Sum] = {}
    for row in destination:
        _add(total, "destination", found, row)
    differing = [
        GroupDifference(group, sent, there)
        for group in sorted({*moved, *found}, key=lambda g: [(v is not None, v or "") for v in g])
        for sent, there in [(moved.get(group, Sum()), found.get(group, Sum()))]
        if not (sent == there or (sent.is_nothing and there.is_nothing))
        or (total.must_be_empty and not there.is_nothing)
    ]
    nothing = not moved and all(each.is_nothing for each in found.values())
    return TotalResult(
        name=total.name,
        sentence=total.sentence,
        outcome="differs" if differing else "nothing to compare" if nothing else "equal",
        reason="there may be no such record" if total.must_be_empty and differing else "",
        groups=len({*moved, *found}),
        moved=_sum(moved.values()),
        stayed={end: _sum(groups.values()) for end, groups in sorted(by_end.items())},
        differing_groups=len(differing),
        differing=tuple(differing[:SHOWN]),
    )


def destination_query(total: ControlTotal, homes: Mapping[str, str]) -> str:
    """The destination SQL, over the cohort's own rows: those that the crosswalk gives it."""
    parts = [
        f"{quote_name(PREFIX + name)} AS (SELECT d.* FROM {quote_name(name)} d "
        f"JOIN migration.crosswalk c ON c.destination_id = d.id AND c.entity = {quote_text(name)} "
        f"AND c.cohort = {quote_text(homes[name])})"
        for name in total.cohort_tables
    ]
    return f"WITH {', '.join(parts)} SELECT * FROM ({total.destination}\n) t"


def _add(total: ControlTotal, side: str, into: dict[Group, Sum], row: Sequence[Any]) -> None:
    count, number = row[-2:]
    said = tuple(None if v is None else str(v) for v in row[:-2])
    if any(v is not None and len(v) > LONGEST_GROUP for v in said):
        raise _unfit(
            total,
            side,
            f"a group's value is longer than {LONGEST_GROUP} characters: group by codes, months "
            "and programs only",
        )
    if said in into:
        raise _unfit(total, side, "it returns a group twice: GROUP BY all of its columns")
    if isinstance(count, bool) or not isinstance(count, int):
        raise _unfit(total, side, "the last column but one must be a count")
    if isinstance(number, bool) or not isinstance(number, int | Decimal | None):
        raise _unfit(total, side, "the last column must be a whole number or an exact decimal")
    into[said] = Sum(count, _write(number))


def _sum(parts: Iterable[Sum]) -> Sum:
    added = list(parts)
    numbers = [Decimal(p.total) for p in added if p.total is not None]
    return Sum(sum(p.count for p in added), _write(sum(numbers, Decimal())) if numbers else None)


def _write(number: int | Decimal | None) -> str | None:
    """An exact number without trailing zeros."""
    if number is None:
        return None
    text = f"{number:f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text in ("-0", "") else text


def _unfit(total: ControlTotal, side: str, why: str) -> ConfigurationError:
    return ConfigurationError(f"control total '{total.name}', {side}: {why}")


def _refused(total: ControlTotal, side: str, error: Exception) -> ConfigurationError:
    """What the database said about the query; nothing that it may have said about a value."""
    about_query = (
        duckdb.BinderException,
        duckdb.CatalogException,
        duckdb.ParserException,
        psycopg.ProgrammingError,
    )
    said = str(error).strip().splitlines()
    text = said[0] if said and isinstance(error, about_query) else type(error).__name__
    return _unfit(total, side, f"the query was refused: {text}")
