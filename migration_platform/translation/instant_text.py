"""Instants: a point in time in UTC, from text that says its offset or a zone that the entity states.

A wall time without either is refused: nobody can tell from it when something happened. So is a wall
time that a clock change skipped or showed twice.
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from migration_platform.entity import POLARS_TYPE, Reading, Translation
from migration_platform.translation.day import day_reader
from migration_platform.translation.in_turn import Reader, read_in_turn
from migration_platform.translation.word import describe_absent, filled

_CLOCK = r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?"
_WALL = rf"^{_CLOCK}$"
_WITH_OFFSET = rf"^{_CLOCK} ?(Z|[+-]\d{{2}}:?\d{{2}})$"
_US_WALL = r"^\d{1,2}/\d{1,2}/\d{4} \d{1,2}:\d{2} ?[AaPp][Mm]$"

_INSTANT = POLARS_TYPE["timestamp"]
_LOSS = "the offset it was written with; that a date alone had no time of day"
_UNREADABLE = "not a time in an accepted spelling"


def instant(column: str, absent: Sequence[str] = ()) -> Translation:
    """A point in time that says its offset. `absent` are texts that the source writes for "none"."""
    given = filled(column, absent)
    days = [_at_midnight(day_reader(each), "UTC") for each in ("iso", "us", "day-month")]
    value = read_in_turn(given, [_read_usual, _read_offset, *days], _INSTANT)

    def explain(left: pl.Expr) -> pl.Expr:
        is_wall = left.str.contains(_WALL) | left.str.contains(_US_WALL)
        why = pl.when(is_wall).then(pl.lit("a time without zone or offset"))
        return why.when(left.is_not_null()).then(pl.lit(_UNREADABLE))

    return Translation(
        sentence=(
            f"{column} as an instant in UTC, written 2024-03-09T15:04:05Z or with an offset; a date "
            f"alone is midnight UTC; empty is no value{describe_absent(absent)}"
        ),
        columns=(column,),
        value=value,
        problem=read_in_turn(pl.when(value.is_null()).then(given), [explain], pl.String()),
        reading=Reading("instant", (column,), (("absent", tuple(absent)),), loss=_LOSS),
    )


def local_time(column: str, zone: str) -> Translation:
    """A wall time of `zone` (an IANA name) as an instant. A text with an offset counts as it says."""
    given = filled(column)
    walls = [_read_wall, _read_us_wall]
    readers = [*[_in_zone(each, zone) for each in walls], _at_midnight(day_reader("iso"), zone)]
    value = read_in_turn(given, [*readers, _read_usual, _read_offset], _INSTANT)

    def explain(left: pl.Expr) -> pl.Expr:
        wall = pl.coalesce(*[each(left) for each in walls])
        earliest = wall.dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null")
        return (
            pl.when(left.is_null())
            .then(pl.lit(None, pl.String))
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
        problem=read_in_turn(pl.when(value.is_null()).then(given), [explain], pl.String()),
        reading=Reading("local time", (column,), (("zone", zone),), loss=_LOSS),
    )


def _read_usual(given: pl.Expr) -> pl.Expr:
    """2024-03-09T15:04:05Z. The length keeps out what the parser would take too (a year of 24)."""
    candidate = pl.when((given.str.len_bytes() == 20) & given.str.ends_with("Z")).then(given)
    read = candidate.str.to_datetime("%Y-%m-%dT%H:%M:%SZ", strict=False, time_unit="us")
    return read.dt.replace_time_zone("UTC")


def _read_offset(given: pl.Expr) -> pl.Expr:
    """Every other way to write an offset: made uniform first (T, seconds, no space)."""
    candidate = pl.when(given.str.contains(_WITH_OFFSET)).then(given)
    uniform = candidate.str.replace(
        r"^(.{10})[T ](\d{2}:\d{2}) ?(Z|[+-])", "${1}T${2}:00${3}"
    ).str.replace(r"^(.{10})[T ]([0-9:.]+) ?", "${1}T${2}")
    return uniform.str.to_datetime(
        "%Y-%m-%dT%H:%M:%S%.f%#z", strict=False, time_unit="us", time_zone="UTC"
    )


def _read_wall(given: pl.Expr) -> pl.Expr:
    candidate = pl.when(given.str.contains(_WALL)).then(given)
    uniform = candidate.str.replace(r"^(.{10})[T ](\d{2}:\d{2})$", "${1}T${2}:00")
    return uniform.str.replace(" ", "T").str.to_datetime(
        "%Y-%m-%dT%H:%M:%S%.f", strict=False, time_unit="us"
    )


def _read_us_wall(given: pl.Expr) -> pl.Expr:
    candidate = pl.when(given.str.contains(_US_WALL)).then(given)
    spaced = candidate.str.replace(r" ?([AaPp][Mm])$", " ${1}")
    return spaced.str.to_datetime("%m/%d/%Y %I:%M %p", strict=False, time_unit="us")


def _in_zone(reader: Reader, zone: str) -> Reader:
    """The wall time as an instant; null where the clock change left none, or two."""

    def read(given: pl.Expr) -> pl.Expr:
        there = reader(given).dt.replace_time_zone(zone, ambiguous="null", non_existent="null")
        return there.dt.convert_time_zone("UTC")

    return read


def _at_midnight(reader: Reader, zone: str) -> Reader:
    return _in_zone(lambda given: reader(given).cast(pl.Datetime("us")), zone)
