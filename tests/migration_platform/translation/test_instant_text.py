"""Instants: with an offset, or as the wall time of a zone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from migration_platform.translation import instant, local_time

UNREADABLE = (None, "not a time in an accepted spelling")
WITHOUT_ZONE = (None, "a time without zone or offset")
SKIPPED = (None, "a wall time that the clock change skipped")
TWICE = (None, "a wall time that the clock change showed twice")


def at(
    year: int, month: int, day: int, hour: int = 0, minute: int = 0, second: int = 0, micro: int = 0
) -> tuple[datetime, None]:
    return datetime(year, month, day, hour, minute, second, micro, tzinfo=UTC), None


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("2024-01-02T03:04:05Z", at(2024, 1, 2, 3, 4, 5)),
        ("2024-01-02 03:04:05Z", at(2024, 1, 2, 3, 4, 5)),
        ("2024-01-02T03:04Z", at(2024, 1, 2, 3, 4)),
        ("2024-01-02T03:04:05-05:00", at(2024, 1, 2, 8, 4, 5)),
        ("2024-01-02T03:04:05 +0200", at(2024, 1, 2, 1, 4, 5)),
        ("2024-01-02T03:04:05.123456Z", at(2024, 1, 2, 3, 4, 5, 123456)),
        ("2024-01-02", at(2024, 1, 2)),
        ("01/02/2024", at(2024, 1, 2)),
        ("02-Jan-2024", at(2024, 1, 2)),
        ("", (None, None)),
        (None, (None, None)),
        ("2024-01-02T03:04:05", WITHOUT_ZONE),
        ("01/02/2024 3:04 PM", WITHOUT_ZONE),
        ("2024-02-30T00:00:00Z", UNREADABLE),
        ("24-01-02T03:04:05Z", UNREADABLE),
        ("noon", UNREADABLE),
    ],
)
def test_instants(apply, text: str | None, read: Any) -> None:
    assert apply(instant("X"), [text]) == [read]


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("2024-07-01 12:00:00", at(2024, 7, 1, 16)),
        ("2024-01-01 12:00:00", at(2024, 1, 1, 17)),
        ("2024-07-01T12:00", at(2024, 7, 1, 16)),
        ("7/1/2024 1:05 PM", at(2024, 7, 1, 17, 5)),
        ("2024-07-01", at(2024, 7, 1, 4)),
        ("2024-07-01T12:00:00Z", at(2024, 7, 1, 12)),
        ("2024-03-10 01:59:59", at(2024, 3, 10, 6, 59, 59)),
        ("2024-03-10 02:30:00", SKIPPED),
        ("2024-03-10 03:00:00", at(2024, 3, 10, 7)),
        ("2024-11-03 00:59:59", at(2024, 11, 3, 4, 59, 59)),
        ("2024-11-03 01:30:00", TWICE),
        ("2024-11-03 02:00:00", at(2024, 11, 3, 7)),
        ("", (None, None)),
        ("later", UNREADABLE),
    ],
)
def test_wall_times_of_new_york(apply, text: str, read: Any) -> None:
    assert apply(local_time("X", "America/New_York"), [text]) == [read]


def test_a_word_for_none_is_no_value(apply) -> None:
    epoch = "1970-01-01T00:00:00Z"

    assert apply(instant("X", absent=(epoch,)), [epoch]) == [(None, None)]


zones = st.sampled_from(
    ["America/New_York", "America/Denver", "Europe/Berlin", "Australia/Lord_Howe", "UTC"]
)
walls = st.datetimes(
    min_value=datetime.fromisoformat("2000-01-01"), max_value=datetime.fromisoformat("2037-01-01")
)


@settings(deadline=None, max_examples=50)
@given(zones, walls)
def test_a_wall_time_agrees_with_zoneinfo_or_is_refused(apply, zone: str, wall: datetime) -> None:
    wall = wall.replace(microsecond=0)
    there = ZoneInfo(zone)
    first, second = (wall.replace(tzinfo=there, fold=fold).astimezone(UTC) for fold in (0, 1))

    [(value, problem)] = apply(local_time("X", zone), [wall.isoformat(" ")])

    if first == second:
        assert (value, problem) == (first, None)
    else:
        assert value is None
        came_back = first.astimezone(there).replace(tzinfo=None)
        assert (None, problem) == (TWICE if came_back == wall else SKIPPED)


@settings(deadline=None, max_examples=50)
@given(walls, st.integers(min_value=-14 * 60, max_value=14 * 60))
def test_the_offset_is_taken_off(apply, wall: datetime, minutes: int) -> None:
    sign, hours, rest = "-" if minutes < 0 else "+", abs(minutes) // 60, abs(minutes) % 60
    text = f"{wall.isoformat(timespec='microseconds')}{sign}{hours:02d}:{rest:02d}"

    [(value, problem)] = apply(instant("X"), [text])

    assert (value, problem) == (wall.replace(tzinfo=UTC) - timedelta(minutes=minutes), None)
