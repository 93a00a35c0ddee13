"""Instants: a point in time in UTC, from text that says its offset or a zone that the entity states.

A wall time without either is refused: nobody can tell from it when something happened. So is a wall
time that a clock change skipped or showed twice.
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from migration_platform.entity import Translation
from migration_platform.translation.day import day_of
from migration_platform.translation.word import describe_absent, filled, problem_unless

_CLOCK = r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?"
_WALL = rf"^{_CLOCK}$"
_WITH_OFFSET = rf"^{_CLOCK} ?(Z|[+-]\d{{2}}:?\d{{2}})$"
_US_WALL = r"^\d{1,2}/\d{1,2}/\d{4} \d{1,2}:\d{2} ?[AaPp][Mm]$"

_UNREADABLE = "not a time in an accepted spelling"


def instant(column: str, absent: Sequence[str] = ()) -> Translation:
    """A point in time that says its offset. `absent` are texts that the source writes for "none"."""
    given = filled(column, absent)
    midnight = day_of(given, ("iso", "us", "day-month")).cast(pl.Datetime("us"))
    value = pl.coalesce(_with_offset(given), midnight.dt.replace_time_zone("UTC"))
    problem = (
        pl.when(given.str.contains(_WALL) | given.str.contains(_US_WALL))
        .then(pl.lit("a time without zone or offset"))
        .otherwise(problem_unless(value, given, _UNREADABLE))
    )
    return Translation(
        sentence=(
            f"{column} as an instant in UTC, written 2024-03-09T15:04:05Z or with an offset; a date "
            f"alone is midnight UTC; empty is no value{describe_absent(absent)}"
        ),
        columns=(column,),
        value=value,
        problem=problem,
    )


def local_time(column: str, zone: str) -> Translation:
    """A wall time of `zone` (an IANA name) as an instant. A text with an offset counts as it says."""
    given = filled(column)
    wall = pl.coalesce(_wall(given), day_of(given, ("iso",)).cast(pl.Datetime("us")))
    there = wall.dt.replace_time_zone(zone, ambiguous="null", non_existent="null")
    value = pl.coalesce(_with_offset(given), there.dt.convert_time_zone("UTC"))
    earliest = wall.dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null")
    problem = (
        pl.when(given.is_null() | value.is_not_null())
        .then(None)
        .when(wall.is_null())
        .then(pl.lit(_UNREADABLE))
        .when(earliest.is_null())
        .then(pl.lit("a wall time that the clock change skipped"))
        .otherwise(pl.lit("a wall time that the clock change showed twice"))
    )
    return Translation(
        sentence=(
            f"{column} as an instant in UTC, from the wall time of {zone}, written "
            "2024-03-09 15:04:05 or 03/09/2024 3:04 PM; a date alone is midnight there; a time "
            "that a clock change skipped or repeated is refused; empty is no value"
        ),
        columns=(column,),
        value=value,
        problem=problem,
    )


def _with_offset(given: pl.Expr) -> pl.Expr:
    candidate = pl.when(given.str.contains(_WITH_OFFSET)).then(given)
    # One spelling for the parser: T in the middle, seconds always there, no space before the offset.
    uniform = candidate.str.replace(
        r"^(.{10})[T ](\d{2}:\d{2}) ?(Z|[+-])", "${1}T${2}:00${3}"
    ).str.replace(r"^(.{10})[T ]([0-9:.]+) ?", "${1}T${2}")
    return uniform.str.to_datetime(
        "%Y-%m-%dT%H:%M:%S%.f%#z", strict=False, time_unit="us", time_zone="UTC"
    )


def _wall(given: pl.Expr) -> pl.Expr:
    iso = pl.when(given.str.contains(_WALL)).then(given)
    uniform = iso.str.replace(r"^(.{10})[T ](\d{2}:\d{2})$", "${1}T${2}:00").str.replace(" ", "T")
    us = pl.when(given.str.contains(_US_WALL)).then(given)
    return pl.coalesce(
        uniform.str.to_datetime("%Y-%m-%dT%H:%M:%S%.f", strict=False, time_unit="us"),
        us.str.replace(r" ?([AaPp][Mm])$", " ${1}").str.to_datetime(
            "%m/%d/%Y %I:%M %p", strict=False, time_unit="us"
        ),
    )
