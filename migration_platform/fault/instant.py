"""Instant: zones, clock changes, precision, days, sentinels, partial dates, order of events.

An instant is microseconds since 1970 in UTC, a date a date.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any

from migration_platform.entity import Type
from migration_platform.fault.fault import TIME, UNFIT, Fault, Row, Value, _Unfit, fault
from migration_platform.fault.key import lose, swap

SECOND = 1_000_000
HOUR, DAY = 3600 * SECOND, 86_400 * SECOND
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LOADED = datetime(2026, 11, 21, 3, 0, 7, 123_456, tzinfo=UTC)
"""The time of some load."""


def micros(instant: datetime) -> int:
    return (instant - EPOCH) // timedelta(microseconds=1)


def moment(random: Random) -> int:
    """An instant of the last years, to the microsecond, none of its digits zero."""
    second = random.randint(1_600_000_000, 1_780_000_000)
    return second * SECOND + int("".join(random.choices("123456789", k=6)))


def day(random: Random) -> date:
    """A day of the last decades, on which month and day cannot be mistaken for one another."""
    return date(random.randint(1950, 2020), random.randint(1, 11), random.randint(13, 28))


def _of_instant(change: Callable[[int, Random], int]) -> Callable[[Any, Random], Value | _Unfit]:
    def mutate(value: Any, random: Random) -> Value | _Unfit:
        if type(value) is not int:
            return UNFIT
        changed = change(value, random)
        return UNFIT if changed == value else changed

    return mutate


def _of_date(
    change: Callable[[date, Random], date | None],
) -> Callable[[Any, Random], Value | _Unfit]:
    def mutate(value: Any, random: Random) -> Value | _Unfit:
        if type(value) is not date:
            return UNFIT
        changed = change(value, random)
        return UNFIT if changed is None or changed == value else changed

    return mutate


def _moved(value: date, days: int) -> date | None:
    at = value.toordinal() + days
    return date.fromordinal(at) if 1 <= at <= date.max.toordinal() else None


def _short_year(value: date, random: Random) -> date | None:
    """A century is missing, or was guessed."""
    short = value.year % 100
    wrong = short + (2000 if value.year < 2000 else 1900)
    return _with_year(value, random.choice([wrong, max(short, 1)]))


def _with_year(value: date, year: int) -> date | None:
    return None if (value.month, value.day) == (2, 29) else value.replace(year=year)


def _sentinel(value: date, random: Random) -> date:
    return random.choice(
        [date(1900, 1, 1), date(1, 1, 1), date(9999, 12, 31), date(1970, 1, 1), date(1753, 1, 1)]
    )


def _exchange_month(value: date, random: Random) -> date | None:
    return value.replace(month=value.day, day=value.month) if value.day <= 12 else None


def _invert(rows: Sequence[Row], names: Sequence[str], random: Random) -> list[Row] | None:
    """Begin and end have each other's time."""
    row, (a, b) = rows[0], names
    if row[a] is None or row[b] is None or type(row[a]) is not type(row[b]) or row[a] == row[b]:
        return None
    return [{**row, a: row[b], b: row[a]}]


def _end_before(rows: Sequence[Row], names: Sequence[str], random: Random) -> list[Row] | None:
    """The end lies before the begin."""
    row, (a, b) = rows[0], names
    begin = row[a]
    if type(begin) is int:
        ends: Value = begin - random.randint(1, DAY)
    elif type(begin) is date:
        ends = _moved(begin, -random.randint(1, 400))
    else:
        return None
    return None if ends == row[b] or type(row[b]) is not type(begin) else [{**row, b: ends}]


def _is_made(name: str) -> bool:
    return not name.endswith(("birth_date", "death_date"))


STAMP: tuple[Type, ...] = ("timestamp",)
DATE: tuple[Type, ...] = ("date",)

INSTANTS: Sequence[tuple[str, str, str, Callable[[int, Random], int]]] = (
    ("zone shift", "off by a zone's hours", "tz shift",
     lambda t, r: t + r.choice([-8, -7, -6, -5, -4, 1, 2, 9]) * HOUR),
    ("zone of half hours", "off by a zone of half or quarter hours", "tz shift",
     lambda t, r: t + r.choice([-7, 11, 19, 23]) * HOUR // 2 + r.choice([0, HOUR // 4])),
    ("clock change", "off by one hour, as where clocks were changed", "DST gap/fold",
     lambda t, r: t + r.choice([-1, 1]) * HOUR),
    ("zone dropped", "local time written as if it were UTC",
     "tz dropped, offset rewritten", lambda t, r: t + r.choice([-5, -6, -7, -8]) * HOUR),
    ("microseconds lost", "cut to milliseconds", "precision loss µs→ms→s",
     lambda t, r: t // 1000 * 1000),
    ("milliseconds lost", "cut to seconds", "precision loss µs→ms→s",
     lambda t, r: t // SECOND * SECOND),
    ("seconds lost", "cut to minutes", "precision loss µs→ms→s",
     lambda t, r: t // (60 * SECOND) * 60 * SECOND),
    ("time of day lost", "cut to the day", "precision loss µs→ms→s",
     lambda t, r: t // DAY * DAY),
    ("rounded to seconds", "rounded up instead of cut", "rounding vs truncation",
     lambda t, r: -(-t // SECOND) * SECOND),
    ("off by a microsecond", "one microsecond too late or too early",
     "rounding vs truncation", lambda t, r: t + r.choice([-1, 1])),
    ("day later or earlier", "off by one day", "date ± 1 by midnight/UTC",
     lambda t, r: t + r.choice([-1, 1]) * DAY),
    ("seconds for milliseconds", "read in the wrong unit since 1970",
     "Julian/Excel serial", lambda t, r: t // 1000),
    ("time of the load", "the time of the load stands there",
     "created/updated overwritten by load time",
     lambda t, r: micros(LOADED) + r.randint(0, HOUR)),
    ("in the future", "years ahead", "future dates",
     lambda t, r: t + r.randint(10, 90) * 365 * DAY),
    ("century lost", "a hundred years off",
     "two-digit year/1900/0001/9999 sentinels", lambda t, r: t - 36_525 * DAY),
    ("sentinel instant", "1900, 1970 or 9999 stands there",
     "two-digit year/1900/0001/9999 sentinels",
     lambda t, r: micros(r.choice([
         datetime(1900, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC), EPOCH]))),
)  # fmt: skip
"""Of one instant: name, what it is, the class it covers, the change."""

DATES: Sequence[tuple[str, str, str, Callable[[date, Random], date | None], Callable[[Random], date]]] = (
    ("day off by one", "the day before or after", "date ± 1 by midnight/UTC",
     lambda d, r: _moved(d, r.choice([-1, 1])), day),
    ("year of two digits", "the century was guessed or is missing",
     "two-digit year/1900/0001/9999 sentinels", _short_year, day),
    ("sentinel date", "0001, 1753, 1900, 1970 or 9999 stands there",
     "two-digit year/1900/0001/9999 sentinels", _sentinel, day),
    ("spreadsheet day", "off by four years and a day, or by one or two days",
     "Julian/Excel serial", lambda d, r: _moved(d, r.choice([1462, -1462, -2])), day),
    ("Julian calendar", "off by the days between two calendars", "Julian/Excel serial",
     lambda d, r: _moved(d, r.choice([-13, 13])), day),
    ("day and month exchanged", "day and month have changed places",
     "partial dates (YYYY, YYYYMM)", _exchange_month,
     lambda r: date(r.randint(1950, 2020), r.randint(1, 5), r.randint(6, 12))),
    ("only the year", "the first of January stands there", "partial dates (YYYY, YYYYMM)",
     lambda d, r: date(d.year, 1, 1), day),
    ("only the month", "the first of the month stands there",
     "partial dates (YYYY, YYYYMM)", lambda d, r: d.replace(day=1), day),
    ("date of the load", "the day of the load stands there",
     "created/updated overwritten by load time", lambda d, r: LOADED.date(), day),
    ("date in the future", "years ahead", "future dates",
     lambda d, r: _moved(d, r.randint(3000, 30_000)), day),
)  # fmt: skip
"""Of one date: the same, and how to make one that is fit for it."""

TIMES: tuple[Fault, ...] = (
    *(
        fault(name, "time", sentence, (covered,), _of_instant(change), STAMP, make=moment)
        for name, sentence, covered, change in INSTANTS
    ),
    *(
        fault(name, "time", sentence, (covered,), _of_date(change), DATE, make=make)
        for name, sentence, covered, change, make in DATES
    ),
    fault("time lost", "time", "nothing where a time was sent", ("partial dates (YYYY, YYYYMM)",),
          lose, TIME),
    Fault("order of events inverted", "time", "two records have each other's time",
          ("order of events inverted",), swap, (TIME,), 2),
    Fault("begin and end exchanged", "time", "two times of a record have each other's value",
          ("order of events inverted",), _invert, (TIME, TIME)),
    Fault("end before begin", "time", "the end lies before the begin",
          ("interval end before start",), _end_before, (TIME, TIME)),
)  # fmt: skip
