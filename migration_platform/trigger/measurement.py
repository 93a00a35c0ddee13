"""Measurement: a figure from a cohort's operation at an instant, and the CSV files that bring them.

Reading and validation only. Rows of the platform store stand in `metric_log`, what a figure means for a
wave in `threshold` and `trigger`.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from migration_platform.errors import ConfigurationError
from migration_platform.rollback.rehearsal import CLOCKS
from migration_platform.trigger.figure import Figure, read_figure

COLUMNS = ("metric", "cohort", "measured_at", "numerator", "denominator", "value")
SHOWN_MISTAKES = 10


@dataclass(frozen=True, slots=True)
class Measurement:
    """What a metric was in a cohort. `measured_at` is the instant that the figure speaks of: the end
    of the day, or of the hour, over which was counted."""

    cohort: str
    name: str
    figure: Figure
    measured_at: datetime


def read_measurements(
    path: Path, metrics: Mapping[str, Sequence[str]], now: datetime
) -> list[Measurement]:
    """The measurements of a CSV file, as `parse_measurements`."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise ConfigurationError(f"{path}: cannot be read ({why}).") from None
    return parse_measurements(path.name, text, metrics, now)


def parse_measurements(
    name: str, text: str, metrics: Mapping[str, Sequence[str]], now: datetime
) -> list[Measurement]:
    """The measurements of a CSV text that errors call `name`. `metrics` has those of each cohort.

    Raises ConfigurationError with every line that is not right: then none of the text counts.
    """
    found: dict[tuple[str, str, datetime], Measurement] = {}
    mistakes = []
    for line, row in _read_rows(name, text):
        try:
            each = read_measurement(row, metrics, now)
            key = (each.cohort, each.name, each.measured_at)
            if key in found and found[key] != each:
                raise ValueError("another line gives another figure for the same instant")
            found[key] = each
        except ValueError as error:
            mistakes.append(f"{name}, line {line}: {error}")
    if mistakes:
        more = len(mistakes) - SHOWN_MISTAKES
        raise ConfigurationError(
            "\n".join(mistakes[:SHOWN_MISTAKES])
            + (f"\nand {more} more" if more > 0 else "")
            + "\nNothing of the file was recorded."
        )
    if not found:
        raise ConfigurationError(f"{name}: has no figure: nothing was recorded.")
    return list(found.values())


def _read_rows(name: str, text: str) -> Iterator[tuple[int, dict[str, str]]]:
    reader = csv.reader(text.splitlines(keepends=True), strict=True)
    try:
        header = next(reader, [])
        lacking = {"metric", "cohort", "measured_at"} - set(header)
        unknown = set(header) - set(COLUMNS)
        if lacking or unknown or len(set(header)) < len(header):
            raise ConfigurationError(
                f"{name}, line 1: the columns are {', '.join(COLUMNS)}, each once; the first "
                "three are needed, and of the others those that are used"
            )
        for cells in reader:
            if not cells:
                continue
            if len(cells) != len(header):
                raise ConfigurationError(
                    f"{name}, line {reader.line_num}: has {len(cells)} cells, and the header "
                    f"has {len(header)}"
                )
            row = {column: cell.strip() for column, cell in zip(header, cells, strict=True)}
            yield reader.line_num, row
    except csv.Error as error:
        raise ConfigurationError(f"{name}, line {reader.line_num}: {error}") from None


def read_measurement(
    row: Mapping[str, str], metrics: Mapping[str, Sequence[str]], now: datetime
) -> Measurement:
    """One measurement from its texts. Raises ValueError with what is not right."""
    cohort, name = row["cohort"], row["metric"]
    if cohort not in metrics:
        raise ValueError(f"no cohort is named '{cohort}'. There are: {', '.join(metrics)}")
    if name not in metrics[cohort]:
        raise ValueError(
            f"cohort {cohort} has no metric '{name}'. criteria.toml has: "
            + (", ".join(metrics[cohort]) or "none")
        )
    numerator, denominator, value = (row.get(n, "") for n in ("numerator", "denominator", "value"))
    if bool(value) == bool(numerator or denominator) or bool(numerator) != bool(denominator):
        raise ValueError("give a numerator and a denominator, or else a value")
    figure = read_figure(value or f"{numerator}/{denominator}")
    return Measurement(cohort, name, figure, read_instant(row["measured_at"], now))


def read_instant(text: str, now: datetime) -> datetime:
    """An instant that is not in the future. Raises ValueError."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise ValueError("measured_at is an instant with its zone, as in 2026-11-21T08:00:00Z")
    if found > now + CLOCKS:
        raise ValueError("measured_at is in the future")
    return found.astimezone(UTC)
