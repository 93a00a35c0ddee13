"""Writing days, instants and amounts as the source platform writes them: as text.

A day is counted from 1970-01-01, an instant in seconds from there in UTC.
"""

from __future__ import annotations

import datetime

import numpy as np
import polars as pl

from migration_platform.sample.draws import Bools, Floats, Ints

DAY = 86_400


def day_number(year: int, month: int, day: int) -> int:
    """Days since 1970-01-01."""
    return (datetime.date(year, month, day) - datetime.date(1970, 1, 1)).days


NEWEST_DAY = day_number(2026, 6, 30)
"""The day of the newest record. A constant, so that the same sample has the same age for ever."""

OLDEST_DAY = day_number(2020, 7, 1)
"""The day on which the company opened."""


def days(numbers: Ints) -> pl.Series:
    """Dates, for further formatting."""
    return pl.Series(numbers.astype(np.int32)).cast(pl.Date)


def iso_days(numbers: Ints) -> pl.Series:
    """2024-03-09"""
    return days(numbers).cast(pl.String)


def instants(seconds: Ints) -> pl.Series:
    """Instants without zone, for further formatting."""
    return pl.Series(seconds * 1000).cast(pl.Datetime("ms"))


def iso_instants(seconds: Ints) -> pl.Series:
    """2024-03-09T15:04:05Z"""
    return instants(seconds).dt.strftime("%Y-%m-%dT%H:%M:%SZ")


def wall_times(seconds: Ints) -> pl.Series:
    """2024-03-09 15:04:05, in whatever zone the reader is told of"""
    return instants(seconds).dt.strftime("%Y-%m-%d %H:%M:%S")


def amounts(cents: Ints) -> pl.Series:
    """12.50"""
    frame = pl.DataFrame({"cents": cents})
    whole, rest = pl.col("cents") // 100, pl.col("cents") % 100
    return frame.select(pl.format("{}.{}", whole, rest.cast(pl.String).str.zfill(2))).to_series()


def decimals(values: Floats, digits: int) -> pl.Series:
    """98.6: as many digits after the point as asked for."""
    scale = 10**digits
    scaled = np.rint(values * scale).astype(np.int64)
    if digits == 0:
        return pl.Series(scaled).cast(pl.String)
    frame = pl.DataFrame({"sign": np.where(scaled < 0, "-", ""), "scaled": np.abs(scaled)})
    whole, rest = pl.col("scaled") // scale, pl.col("scaled") % scale
    return frame.select(
        pl.format("{}{}.{}", "sign", whole, rest.cast(pl.String).str.zfill(digits))
    ).to_series()


def numbers(values: Ints) -> pl.Series:
    """42"""
    return pl.Series(values).cast(pl.String)


def only(condition: Bools, values: pl.Series) -> pl.Series:
    """The value where the condition holds, else NULL."""
    frame = pl.DataFrame({"keep": condition, "value": values})
    return frame.select(pl.when("keep").then("value")).to_series()


def choose(condition: Bools, yes: pl.Series, no: pl.Series) -> pl.Series:
    """Value by value: `yes` where the condition holds, else `no`."""
    frame = pl.DataFrame({"first": condition, "yes": yes, "no": no})
    return frame.select(pl.when("first").then("yes").otherwise("no")).to_series()


def nothing(count: int) -> pl.Series:
    """That many NULLs."""
    return pl.Series([None], dtype=pl.String).new_from_index(0, count)


def same(value: str, count: int) -> pl.Series:
    """That many times the same text."""
    return pl.Series([value], dtype=pl.String).new_from_index(0, count)
