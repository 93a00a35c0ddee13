"""Threshold: does what was measured keep within what was decided beforehand?

Pure, over an evidence document. Compared exactly, so that no rounding lets a record through.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from migration_platform.criteria import MEASURES

Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Reading:
    """A measured value, and the whole that a percentage of it is of. None: not measured."""

    where: str
    value: Decimal | None
    whole: Decimal
    of: str
    stale: bool = False
    cohort: str = ""


def exceeds(part: int | Decimal, whole: int | Decimal, percent: float | str) -> bool:
    """Is `part` more than `percent` of `whole`? In whole numbers: nothing is divided or rounded."""
    return part * 100 > whole * Decimal(str(percent))


def find_unfulfilled(document: Document, at: datetime) -> Iterator[str]:
    """Criteria for going on that do not hold, or that nothing was measured for."""
    for threshold in document["criteria"]["go"]:
        for reading in read(document, threshold["measure"], at, threshold.get("kind", "")):
            if reading.value is None:
                yield (
                    f"{reading.where} has not been recorded: `migration metric {reading.cohort} "
                    f'"{threshold["measure"]}" VALUE`'
                )
            elif _crossed(threshold, reading):
                yield f"{_sentence(threshold, reading)}, and the wave's criteria ask for {_bound(threshold, reading)}"
            elif reading.stale:
                yield (
                    f"{reading.where} was recorded more than "
                    f"{document['criteria']['freshness_hours']:g} hours ago: `migration metric "
                    f'{reading.cohort} "{threshold["measure"]}" VALUE`'
                )


def find_tripped(document: Document, at: datetime) -> Iterator[str]:
    """Rollback triggers that have tripped."""
    for threshold in document["criteria"]["triggers"]:
        for reading in read(document, threshold["measure"], at, threshold.get("kind", "")):
            if reading.value is not None and _crossed(threshold, reading):
                yield (
                    f"a rollback trigger has tripped: {_sentence(threshold, reading)}, tolerated is "
                    f"{_bound(threshold, reading)}. Decide: hold the wave, or roll it back"
                )


def read(document: Document, measure: str, at: datetime, kind: str = "") -> list[Reading]:
    """What was measured: once for the wave (or for one kind of its exceptions), or for a metric once
    for each of its cohorts."""
    if measure in MEASURES:
        part, whole = _count(document, measure, at, kind)
        where = f"{measure} of kind '{kind}'" if kind else measure
        return [Reading(where, Decimal(part), Decimal(whole), MEASURES[measure])]
    limit = timedelta(hours=document["criteria"]["freshness_hours"])
    return [
        Reading(
            f"{measure} of cohort {m['cohort']}",
            None if m["value"] is None else Decimal(m["value"]),
            Decimal(m["baseline"]),
            f"of its baseline {m['baseline']}",
            stale=m["recorded_at"] is not None
            and at.astimezone(UTC) - datetime.fromisoformat(m["recorded_at"]) > limit,
            cohort=m["cohort"],
        )
        for m in document["metrics"]
        if m["name"] == measure
    ]


def _count(document: Document, measure: str, at: datetime, kind: str) -> tuple[int, int]:
    accounts, checks = document["accounting"], document["checks"]
    if measure == "differing records":
        ends = ("mismatched", "missing", "unexpected")
        return (
            sum(line[end] or 0 for line in accounts for end in ends),
            sum(line["loaded"] or 0 for line in accounts),
        )
    if measure == "failed expectations":
        return sum(c["bad"] for c in checks), sum(c["expectations"] for c in checks)
    late = at.astimezone(UTC)
    queue = [e for e in document["exceptions"] if not kind or e["kind"] == kind]
    if measure == "hours of the oldest exception":
        ages = [late - datetime.fromisoformat(e["opened"]) for e in queue]
        # Begun hours: an hour and a second is more than an hour.
        return max([-(-age // timedelta(hours=1)) for age in ages], default=0), 0
    waiting = [(datetime.fromisoformat(due), count) for e in queue for due, count in e["due"]]
    counted = [n for due, n in waiting if measure == "open exceptions" or due < late]
    return sum(counted), sum(line["extracted"] or 0 for line in accounts)


def _crossed(threshold: Mapping[str, str], reading: Reading) -> bool:
    value, allowed = reading.value, Decimal(threshold["value"])
    assert value is not None
    if threshold["bound"].endswith("_percent"):
        value, allowed = value * 100, reading.whole * allowed
    return value > allowed if threshold["bound"].startswith("at_most") else value < allowed


def _sentence(threshold: Mapping[str, str], reading: Reading) -> str:
    return f"{reading.where}: {reading.value:,f}"


def _bound(threshold: Mapping[str, str], reading: Reading) -> str:
    words = "at most" if threshold["bound"].startswith("at_most") else "at least"
    if threshold["bound"].endswith("_percent"):
        return f"{words} {threshold['value']} % {reading.of}"
    return f"{words} {threshold['value']}"
