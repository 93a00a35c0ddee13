"""Progress: how far a run of cohorts is, from what its stages record, whoever runs them.

For whoever waits, and for nothing else: what a run came to is judged in `outcome`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from migration_platform.store import Store


@dataclass(frozen=True, slots=True)
class CohortProgress:
    """So many stages of a cohort have ended, of so many; `now` are those that run (`load of
    encounter`), `loaded` is how many records its loads that have ended found or put in place."""

    cohort: str
    ended: int
    total: int
    failed: int = 0
    loaded: int = 0
    now: tuple[str, ...] = ()

    @property
    def percent(self) -> int:
        """Rounded down: 100 is only what has ended."""
        return self.ended * 100 // self.total if self.total else 100


@dataclass(frozen=True, slots=True)
class Progress:
    """All cohorts of a run, in the order in which they go."""

    cohorts: tuple[CohortProgress, ...]

    @property
    def ended(self) -> int:
        return sum(each.ended for each in self.cohorts)

    @property
    def total(self) -> int:
        return sum(each.total for each in self.cohorts)

    @property
    def begun(self) -> bool:
        """Has a stage begun at all?"""
        return any(each.ended or each.now for each in self.cohorts)


def read_progress(store: Store, totals: Mapping[str, int], since: datetime) -> Progress:
    """How far each cohort is; `totals` are the stages that it has. What began before `since` is of
    another run."""
    rows = store.read(
        "SELECT cohort, count(*) FILTER (WHERE state <> 'running')::int AS ended, "
        "count(*) FILTER (WHERE state = 'failed')::int AS failed, "
        "coalesce(sum(row_count) FILTER (WHERE stage = 'load' AND state = 'done'), 0)::int AS loaded, "
        "coalesce(array_agg(stage || ' of ' || entity ORDER BY id) FILTER (WHERE state = 'running'), "
        "'{}') AS now FROM migration.stage_run WHERE cohort = ANY(%s) AND started_at >= %s "
        "GROUP BY cohort",
        (list(totals), since),
    )
    found = {row["cohort"]: row for row in rows}
    return Progress(
        tuple(
            CohortProgress(name, 0, total)
            if (row := found.get(name)) is None
            else CohortProgress(
                name,
                min(row["ended"], total),
                total,
                row["failed"],
                row["loaded"],
                tuple(row["now"]),
            )
            for name, total in totals.items()
        )
    )
