"""Clock reading: a day or an instant from its text, as DuckDB SQL.

Each function takes SQL for a trimmed text and gives SQL for its value, null where it is none: a
DATE, or a TIMESTAMP in UTC.
"""

from __future__ import annotations

from migration_platform.errors import ConfigurationError
from migration_platform.reconciliation.column import quote_text
from migration_platform.reconciliation.number_reading import first_sql, let_sql

_ISO = "____-__-__"
_OFFSET = r" ?(Z|[+-][0-9]{2}:?[0-9]{2})$"
_WALL = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?$"
_US_WALL = r"^[0-9]{1,2}/[0-9]{1,2}/[0-9]{4} [0-9]{1,2}:[0-9]{2} ?[AaPp][Mm]$"
_PATTERN = {
    "us": ("^[0-9]{1,2}/[0-9]{1,2}/[0-9]{4}$", "%m/%d/%Y"),
    "day-month": ("^[0-9]{1,2}-[A-Za-z]{3}-[0-9]{4}$", "%d-%b-%Y"),
}
_REST_OF_YEAR = {"year start": "-01-01", "year end": "-12-31"}


def day_sql(text: str, spelling: str) -> str:
    """A date in one spelling. Raises ConfigurationError for a spelling that there is not."""
    if spelling == "iso":
        return f"CASE WHEN {text} LIKE '{_ISO}' THEN TRY_CAST({text} AS DATE) END"
    if spelling == "timestamp":
        shaped = f"{text} LIKE '{_ISO}T__:__%' OR {text} LIKE '{_ISO} __:__%'"
        return f"CASE WHEN {shaped} THEN TRY_CAST(left({text}, 10) AS DATE) END"
    if spelling in _PATTERN:
        shape, form = _PATTERN[spelling]
        return (
            f"CASE WHEN regexp_matches({text}, '{shape}') "
            f"THEN try_strptime({text}, '{form}')::date END"
        )
    if spelling in _REST_OF_YEAR:
        return (
            f"CASE WHEN regexp_matches({text}, '^[0-9]{{4}}$') "
            f"THEN TRY_CAST({text} || '{_REST_OF_YEAR[spelling]}' AS DATE) END"
        )
    raise ConfigurationError(f"there is no spelling {spelling!r} of a date to be read")


def instant_sql(text: str) -> str:
    """An instant that says its offset: the wall time less the offset."""
    minutes = "(TRY_CAST(substr(ahead, 2, 2) AS INT) * 60 + TRY_CAST(right(ahead, 2) AS INT))"
    signed = let_sql(
        "ahead",
        f"regexp_extract({text}, '{_OFFSET}', 1)",
        f"CASE left(ahead, 1) WHEN 'Z' THEN 0 WHEN '-' THEN -{minutes} ELSE {minutes} END",
    )
    other = let_sql(
        "wall",
        f"CASE WHEN regexp_matches({text}, '{_OFFSET}') "
        f"THEN regexp_replace({text}, '{_OFFSET}', '') END",
        f"CASE WHEN regexp_matches(wall, '{_WALL}') "
        f"THEN TRY_CAST(wall AS TIMESTAMP) - to_minutes({signed}) END",
    )
    # What nearly every text looks like, without a regular expression.
    usual = f"TRY_CAST(left({text}, 19) AS TIMESTAMP)"
    return first_sql(f"CASE WHEN {text} LIKE '{_ISO}T__:__:__Z' THEN {usual} END", other)


def local_time_sql(text: str, zone: str) -> str:
    """A wall time of the zone. None that the clocks there skipped, nor one that they showed twice."""
    spaced = f"regexp_replace({text}, ' ?([AaPp][Mm])$', ' \\1')"
    wall = first_sql(
        f"CASE WHEN regexp_matches({text}, '{_WALL}') THEN TRY_CAST({text} AS TIMESTAMP) END",
        f"CASE WHEN regexp_matches({text}, '{_US_WALL}') "
        f"THEN try_strptime({spaced}, '%m/%d/%Y %I:%M %p') END",
        f"{day_sql(text, 'iso')}::timestamp",
    )

    def shown(at: str) -> str:
        return f"timezone({quote_text(zone)}, {at})"

    # One that was skipped shows another wall time; one shown twice shows it an hour off as well.
    apart = [f"instant {way} INTERVAL {minutes} MINUTE" for way in "+-" for minutes in (30, 60)]
    once = " AND ".join([f"{shown('instant')} = wall", *[f"{shown(a)} <> wall" for a in apart]])
    found = let_sql("instant", shown("wall"), f"CASE WHEN {once} THEN timezone('UTC', instant) END")
    return let_sql("wall", wall, found)
