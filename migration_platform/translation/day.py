"""Days: a date in one of the spellings that the source uses. Month before day where it has slashes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import polars as pl

from migration_platform.entity import Reading, Translation
from migration_platform.translation.in_turn import Reader, read_in_turn
from migration_platform.translation.word import describe_absent, filled, problem_unless

Spelling = Literal["iso", "us", "day-month", "timestamp", "year start", "year end"]

_ISO = "%Y-%m-%d"
_SPELLING: dict[Spelling, tuple[str, str]] = {
    "iso": (r"^\d{4}-\d{2}-\d{2}$", "2024-03-09"),
    "us": (r"^\d{1,2}/\d{1,2}/\d{4}$", "03/09/2024 (month first)"),
    "day-month": (r"^\d{1,2}-[A-Za-z]{3}-\d{4}$", "09-Mar-2024"),
    "timestamp": (r"^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}", "the date part of a timestamp, as written"),
    "year start": (r"^\d{4}$", "2024 for the first day of that year"),
    "year end": (r"^\d{4}$", "2024 for the last day of that year"),
}
"""Which texts a spelling takes, and how the sentence shows it. Years have four digits: two-digit
years are refused rather than guessed."""

_LOSS: dict[Spelling, str] = {
    "timestamp": "a time of day behind the date",
    "year start": "that only the year was known",
    "year end": "that only the year was known",
}

USUAL: tuple[Spelling, ...] = ("iso", "us", "day-month", "timestamp")


def date(
    column: str, spellings: Sequence[Spelling] = USUAL, absent: Sequence[str] = ()
) -> Translation:
    """A calendar date. `absent` are texts that the source writes for "none"."""
    given = filled(column, absent)
    value = read_in_turn(given, [day_reader(each) for each in spellings], pl.Date())
    shown = ", ".join(_SPELLING[each][1] for each in spellings)
    return Translation(
        sentence=f"{column} as a date, written {shown}; empty is no value{describe_absent(absent)}",
        columns=(column,),
        value=value,
        problem=problem_unless(value, given, "not a date in an accepted spelling"),
        reading=Reading(
            "date",
            (column,),
            (("spellings", tuple(spellings)), ("absent", tuple(absent))),
            loss="; ".join(_LOSS[each] for each in spellings if each in _LOSS),
        ),
    )


def day_reader(spelling: Spelling) -> Reader:
    """Reads a date in that spelling."""

    def read(given: pl.Expr) -> pl.Expr:
        candidate: pl.Expr = pl.when(given.str.contains(_SPELLING[spelling][0])).then(given)
        if spelling == "us":
            return candidate.str.to_date("%m/%d/%Y", strict=False)
        if spelling == "day-month":
            return candidate.str.to_date("%d-%b-%Y", strict=False)
        if spelling == "year start":
            candidate = candidate + "-01-01"
        if spelling == "year end":
            candidate = candidate + "-12-31"
        return candidate.str.slice(0, 10).str.to_date(_ISO, strict=False)

    return read
