"""Drill record: what a rehearsal of a cohort's rollback proved, as the evidence rests on it.

Counts, digests and times only. How a drill is done stands in `drill`, what it is worth in `promotion`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from migration_platform.store import Store


@dataclass(frozen=True, slots=True)
class Drill:
    """A rehearsal of load, writes after cutover, rollback and comparison, on a shadow."""

    cohort: str
    passed: bool
    reason: str
    """In words: what it proved, or what was not as it must be."""
    records: int
    writes: int
    """Written in the shadow after its load, and how many of them the rollback carried out."""
    captured: int
    seconds_to_load: float
    seconds_to_restore: float
    digest_before: str
    digest_after: str
    staged_digest: str
    """Of what was loaded."""
    drilled_at: datetime | None = None

    @property
    def evidence(self) -> dict[str, Any]:
        """As the evidence document has it."""
        values = asdict(self)
        at = values.pop("drilled_at") or datetime.now(UTC)
        return {**values, "at": at.astimezone(UTC).isoformat(timespec="seconds")}


_COLUMNS = (
    "cohort, passed, reason, records, writes, captured, seconds_to_load, seconds_to_restore, "
    "digest_before, digest_after, staged_digest"
)


def record_drill(store: Store, drill: Drill) -> Drill:
    """Keep a drill's result; returns it with its time."""
    values = asdict(drill)
    del values["drilled_at"]
    marks = ", ".join(f"%({name})s" for name in values)
    with store.transaction() as c:
        row = c.execute(
            f"INSERT INTO migration.drill ({_COLUMNS}) VALUES ({marks}) "
            f"RETURNING {_COLUMNS}, drilled_at",
            values,
        ).fetchone()
    assert row is not None
    return Drill(**row)


def newest_drills(store: Store, cohorts: Sequence[str]) -> list[Drill]:
    """The newest drill of each cohort that has one."""
    with store.transaction() as c:
        rows = c.execute(
            f"SELECT DISTINCT ON (cohort) {_COLUMNS}, drilled_at FROM migration.drill "
            "WHERE cohort = ANY(%s) ORDER BY cohort, id DESC",
            (list(cohorts),),
        ).fetchall()
    return [Drill(**row) for row in rows]
