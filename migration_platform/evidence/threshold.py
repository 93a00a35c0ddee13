"""Threshold: does what was measured keep within what was decided beforehand?

Pure, over an evidence document. Compared exactly, so that no rounding lets a record through.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from migration_platform.evidence.criteria import MEASURES
from migration_platform.exception.ruling import POSSIBLE
from migration_platform.rollback.rehearsal import CLOCKS
from migration_platform.trigger.figure import read_figure

Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Reading:
    """What was measured, and the whole that a percentage of it is of. `value` None: nobody knows,
    `lacking` says why; `doubt` says why a known value may not be the present one."""

    where: str
    value: Fraction | None
    shown: str
    whole: Fraction
    of: str
    cohort: str = ""
    lacking: str = ""
    doubt: str = ""
    measured_at: str = ""
    baseline: str = ""


def exceeds(part: int | Decimal, whole: int | Decimal, percent: float | str) -> bool:
    """Is `part` more than `percent` of `whole`? In whole numbers: nothing is divided or rounded."""
    return part * 100 > whole * Decimal(str(percent))


def find_unfulfilled(document: Document, at: datetime) -> Iterator[str]:
    """Criteria for going on that do not hold, or that nothing was measured for."""
    for threshold in document["criteria"]["go"]:
        for reading in read(document, threshold["measure"], at, threshold.get("kind", "")):
            if reading.value is None:
                yield f"{reading.where} {reading.lacking}"
            elif crosses(threshold, reading):
                yield (
                    f"{reading.where}: {reading.shown}, and the wave's criteria ask for "
                    f"{describe_bound(threshold, reading)}"
                )
            elif reading.doubt:
                yield f"{reading.where} {reading.doubt}"


def read(document: Document, measure: str, at: datetime, kind: str = "") -> list[Reading]:
    """What was measured: once for the wave (or for one kind of its exceptions), or for a metric once
    for each of its cohorts."""
    if measure in MEASURES:
        part, whole = _count(document, measure, at, kind)
        where = f"{measure} of kind '{kind}'" if kind else measure
        reading = Reading(where, Fraction(part), f"{part:,}", Fraction(whole), MEASURES[measure])
        return [_look_for_search(document, reading, at) if kind == POSSIBLE else reading]
    return [_read_metric(metric, at) for metric in document["metrics"] if metric["name"] == measure]


def _look_for_search(document: Document, reading: Reading, at: datetime) -> Reading:
    """How many possible duplicates wait says nothing where nobody has looked, or not lately, or at
    other patients than there are now."""
    search, again = document["search"], "`migration duplicates find`"
    if search is None:
        lacking = f"is not known: nobody has searched for duplicates ({again})"
        return replace(reading, value=None, shown="", lacking=lacking)
    seen, hours = datetime.fromisoformat(search["read_at"]), document["criteria"]["freshness_hours"]
    since = f"since duplicates were searched for ({seen:%Y-%m-%d %H:%M} UTC)"
    doubt = ""
    if search["changed"]:
        others = f" and {len(search['changed']) - 1} more" if len(search["changed"]) > 1 else ""
        doubt = (
            f"is not known: {since}, patients changed at the source, or it cannot be told whether they "
            f"did, as the extract of cohort {search['changed'][0]}{others} saw: {again}"
        )
    elif seen > at.astimezone(UTC) + CLOCKS:
        doubt = f"is not known: the search is dated in the future: set the clock, then {again}"
    elif at.astimezone(UTC) - seen > timedelta(hours=hours):
        doubt = f"is not known: more than {hours:g} hours have passed {since}: {again}"
    return replace(reading, doubt=doubt)


def _read_metric(metric: Mapping[str, Any], at: datetime) -> Reading:
    """One figure of one cohort against its baseline."""
    again = f'`migration metric {metric["cohort"]} "{metric["name"]}" VALUE`'
    baseline = read_figure(metric["baseline"])
    value, shown, lacking, doubt = None, "", f"has not been recorded: {again}", ""
    if metric["value"] is not None:
        figure = read_figure(metric["value"])
        value, shown = figure.value, figure.words
        if value is None:
            lacking = f"is {shown}, and something out of nothing says nothing: {again}"
        measured = datetime.fromisoformat(metric["measured_at"])
        if at.astimezone(UTC) - measured > timedelta(hours=metric["freshness_hours"]):
            doubt = f"was measured more than {metric['freshness_hours']:g} hours ago: {again}"
        elif measured > at.astimezone(UTC) + CLOCKS:
            doubt = f"is dated in the future: set the clock, then {again}"
    assert baseline.value is not None  # `criteria` takes no other
    return Reading(
        f"{metric['name']} of cohort {metric['cohort']}",
        value,
        shown,
        baseline.value,
        f"of its baseline {baseline.words}",
        metric["cohort"],
        lacking,
        doubt,
        metric["measured_at"] or "",
        baseline.words,
    )


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


def crosses(threshold: Mapping[str, str], reading: Reading) -> bool:
    """Is a value that is known beyond the bound?"""
    value, allowed = reading.value, Fraction(threshold["value"])
    assert value is not None
    if threshold["bound"].endswith("_percent"):
        value, allowed = value * 100, reading.whole * allowed
    return value > allowed if threshold["bound"].startswith("at_most") else value < allowed


def describe_bound(threshold: Mapping[str, str], reading: Reading) -> str:
    """The bound in words: `at most 200 % of its baseline 12 of 300`."""
    words = "at most" if threshold["bound"].startswith("at_most") else "at least"
    if threshold["bound"].endswith("_percent"):
        return f"{words} {threshold['value']} % {reading.of}"
    return f"{words} {threshold['value']}"
