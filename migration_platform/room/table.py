"""Table: rows as a page shows them and as CSV has them, from one and the same data.

A cell is a plain value with what a reader needs beside it: the shape of a state, a link, a note.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Literal

Value = str | int | float | Decimal | datetime | None
Kind = Literal["text", "number", "code"]


@dataclass(frozen=True, slots=True)
class Cell:
    """A value. None: not known, or not yet. `state` is one of the shapes of the pages."""

    value: Value
    state: str = ""
    link: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Column:
    title: str
    kind: Kind = "text"


@dataclass(frozen=True, slots=True)
class Table:
    """`name` is its address below the page (`NAME.csv`); `empty` what is said when it has no row.
    `total` is a last row that the others add up to."""

    name: str
    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    empty: str
    total: tuple[Cell, ...] = ()
    url: str = ""
    more: str = ""
    """Where the next rows are."""
    left: int = 0
    """Rows that are not on the page; `url` has them all."""

    def __bool__(self) -> bool:
        return bool(self.rows)


def make_table(
    name: str,
    caption: str,
    columns: Sequence[str],
    rows: Iterable[Sequence[Cell | Value]],
    *,
    empty: str,
    total: Sequence[Cell | Value] = (),
    url: str = "",
    more: str = "",
) -> Table:
    """A table. A column's title may end in `#` (numbers) or `=` (code: digests and tokens)."""
    kinds: dict[str, Kind] = {"#": "number", "=": "code"}
    return Table(
        name,
        caption,
        tuple(
            Column(c.rstrip("#=").rstrip(), kinds.get(c[-1:], "text"))
            for c in columns
        ),
        tuple(tuple(_cell(v) for v in row) for row in rows),
        empty,
        tuple(_cell(v) for v in total),
        url,
        more,
    )  # fmt: skip


def cut(table: Table, most: int, *, first: int = 0, more: str = "") -> Table:
    """So many rows of a table from that one on, for a page; `more` is where the others are."""
    rows = table.rows[first : first + most]
    left = len(table.rows) - first - len(rows)
    return replace(table, rows=rows, left=left, more=more if left else "")


def _cell(value: Cell | Value) -> Cell:
    return value if isinstance(value, Cell) else Cell(value)


def write_csv(columns: Sequence[Column], rows: Iterable[Sequence[Cell]]) -> Iterator[str]:
    """The lines. Instants in UTC; what a spreadsheet would take for a formula is kept as text."""
    yield _line([c.title for c in columns])
    for row in rows:
        yield _line([_plain(cell) for cell in row])


def _line(values: Sequence[str]) -> str:
    held = io.StringIO()
    csv.writer(held, lineterminator="\r\n").writerow(values)
    return held.getvalue()


def _plain(cell: Cell) -> str:
    value = cell.value
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="seconds")
    if not isinstance(value, str):
        return str(value)
    text = f"{value} ({cell.note})" if cell.note else value
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text
