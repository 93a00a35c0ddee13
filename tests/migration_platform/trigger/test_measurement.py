"""Measurements come from CSV files whose mistakes are told with their lines."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from migration_platform.errors import ConfigurationError
from migration_platform.trigger.figure import read_figure
from migration_platform.trigger.measurement import Measurement, read_measurements

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
METRICS = {"one": ["tickets", "logins"], "two": ["tickets"], "lost": []}
FILE = """\
metric,cohort,measured_at,numerator,denominator,value
tickets,one,2026-11-21T08:00:00Z,9,200,
logins,one,2026-11-21T09:00:00+01:00,,,4.50
"""


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "figures.csv"
    path.write_text(text)
    return path


def test_a_file_has_counts_and_plain_numbers(tmp_path: Path) -> None:
    found = read_measurements(write(tmp_path, FILE), METRICS, NOW)

    at = datetime(2026, 11, 21, 8, tzinfo=UTC)
    assert found == [
        Measurement("one", "tickets", read_figure("9/200"), at),
        Measurement("one", "logins", read_figure("4.5"), at),
    ]


def test_columns_that_are_not_used_may_be_left_out_and_stand_in_any_order(tmp_path: Path) -> None:
    text = "\ufeffcohort,metric,value,measured_at\r\none,tickets,3,2026-11-21T08:00:00Z\r\n\r\n"

    [found] = read_measurements(write(tmp_path, text), METRICS, NOW)

    assert found.figure == read_figure("3")


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("tickets,three,2026-11-21T08:00:00Z,1,2,", "no cohort is named 'three'. There are: one"),
        ("logins,two,2026-11-21T08:00:00Z,1,2,", "cohort two has no metric 'logins'. .* tickets"),
        ("tickets,lost,2026-11-21T08:00:00Z,1,2,", "cohort lost has no metric .* has: none"),
        (
            "tickets,two,2026-11-21T08:00:00Z,1,2,3",
            "a numerator and a denominator, or else a value",
        ),
        ("tickets,two,2026-11-21T08:00:00Z,1,,", "a numerator and a denominator, or else a value"),
        ("tickets,two,2026-11-21T08:00:00Z,,,", "a numerator and a denominator, or else a value"),
        ("tickets,two,2026-11-21T08:00:00Z,many,2,", "give a number from 0 up"),
        ("tickets,two,2026-11-21T08:00:00Z,-1,2,", "give a number from 0 up"),
        ("tickets,two,2026-11-21,1,2,", "an instant with its zone"),
        ("tickets,two,yesterday,1,2,", "an instant with its zone"),
        ("tickets,two,2026-11-21T12:06:00Z,1,2,", "measured_at is in the future"),
        ("tickets,one,2026-11-21T08:00:00Z,9,201,", "another figure for the same instant"),
        ("tickets,two,2026-11-21T08:00:00Z,1", "has 4 cells, and the header has 6"),
        ('tickets,two,"2026', "unexpected end of data"),
    ],
)
def test_a_mistake_is_told_with_its_line_and_nothing_of_the_file_counts(
    tmp_path: Path, line: str, says: str
) -> None:
    with pytest.raises(ConfigurationError, match=rf"figures\.csv, line 4: .*{says}"):
        read_measurements(write(tmp_path, FILE + line + "\n"), METRICS, NOW)


def test_every_mistake_is_told_at_once(tmp_path: Path) -> None:
    text = FILE + "tickets,three,2026-11-21T08:00:00Z,1,2,\nlogins,two,2026-11-21T08:00:00Z,1,2,\n"

    with pytest.raises(ConfigurationError) as told:
        read_measurements(write(tmp_path, text), METRICS, NOW)

    said = str(told.value).splitlines()
    assert [each[:20] for each in said] == [
        "figures.csv, line 4:",
        "figures.csv, line 5:",
        "Nothing of the file ",
    ]


@pytest.mark.parametrize(
    "header", ["metric,cohort", "metric,cohort,measured_at,patient", "metric,metric,cohort", ""]
)
def test_a_header_that_is_not_known_is_refused(tmp_path: Path, header: str) -> None:
    with pytest.raises(ConfigurationError, match=r"figures\.csv, line 1: the columns are metric"):
        read_measurements(write(tmp_path, header + "\n"), METRICS, NOW)


def test_a_file_without_a_figure_proves_nothing(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="has no figure"):
        read_measurements(write(tmp_path, FILE.splitlines()[0]), METRICS, NOW)
