"""Breach: exceptions whose due time has passed, counted, and the team's notifier told of them once.

A breach is told once for each kind and wave, and again only when further exceptions of it have passed
their due time. Counts and names alone: a notice leaves the house. When something is due is decided in
`exceptions.toml`, what it does to a verdict in `threshold`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby

from migration_platform.exception.store import count_overdue
from migration_platform.platform import REFERENCE, Platform
from migration_platform.trigger.notice import Event, Notice
from migration_platform.trigger.notifier import read_subjects, tell

OVERDUE: Event = "exceptions overdue"

SINCE = ", due "
"""Between the kind and the newest due time in a notice's subject. Such times sort as their texts do."""


@dataclass(frozen=True, slots=True)
class Breach:
    """Open exceptions of a kind, a cohort and an owner past their due time. `wave` is empty for the
    reference entities; `due_at` is the first due time that has passed, `newest_due_at` the last."""

    wave: str
    kind: str
    cohort: str
    owner: str
    count: int
    due_at: datetime
    newest_due_at: datetime

    @property
    def said(self) -> str:
        return (
            f"{self.count:,} of cohort {self.cohort}, {self.owner}: due since {_tell(self.due_at)}"
        )


def find_breaches(platform: Platform) -> list[Breach]:
    """What is past its due time now, by wave in the plan's order, then kind, cohort and owner."""
    waves = {c.name: w.name for w in platform.plan.waves for c in w.cohorts}
    order = ["", *[w.name for w in platform.plan.waves]]
    found = [
        Breach(waves.get(row["cohort"], ""), **row)
        for row in count_overdue(platform.store, [REFERENCE, *waves])
    ]
    return sorted(found, key=lambda b: (order.index(b.wave), b.kind, b.cohort, b.owner))


def tell_breaches(platform: Platform) -> None:
    """Tell the notifier of each kind that has passed a due time since it was last told."""
    if platform.settings.notify is None:
        return
    for notice in describe_breaches(find_breaches(platform)):
        about, _, newest = notice.subject.rpartition(SINCE)
        told = (
            subject.rpartition(SINCE)
            for subject in read_subjects(platform.store, notice.event, notice.wave)
        )
        if not any(kind == about and due >= newest for kind, _, due in told):
            tell(platform.store, platform.settings, notice)


def describe_breaches(breaches: Sequence[Breach]) -> Iterator[Notice]:
    """One notice for each wave and kind, of breaches in the order of `find_breaches`."""
    for (wave, kind), group in groupby(breaches, key=lambda b: (b.wave, b.kind)):
        of_kind = list(group)
        number = sum(b.count for b in of_kind)
        newest = max(b.newest_due_at for b in of_kind).astimezone(UTC)
        yield Notice(
            event=OVERDUE,
            wave=wave,
            subject=f"{kind}{SINCE}{newest.isoformat(timespec='microseconds')}",
            sentence=f"{f'Wave {wave}' if wave else 'Reference entities'}: {number:,} "
            f"exception{'s' * (number != 1)} of kind '{kind}' {'are' if number != 1 else 'is'} past "
            f"{'their' if number != 1 else 'its'} due time.",
            reasons=tuple(b.said for b in of_kind),
            next=(f'migration exceptions --kind "{kind}" --overdue --records',),
        )


def _tell(instant: datetime) -> str:
    return f"{instant.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
