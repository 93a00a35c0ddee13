"""Rollback record: what the platform store knows of rollbacks, so that a cohort counts as not loaded.

The destination's own record is written with the rollback itself; this one says that it began before
that, and that it ended after the stored files were put right too. Counts and tokens only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, Literal

from psycopg.types.json import Jsonb

from migration_platform.store import Store


@dataclass(frozen=True, slots=True)
class WriteGroup:
    """What was written at the destination since the loads: how many records of a kind, in a field.

    `tokens` are a few of them.
    """

    entity: str
    field: str
    kind: str
    owner: str
    count: int
    tokens: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RollbackRecord:
    """A rollback of a cohort: begun (`running`), done, or failed (nothing was changed)."""

    cohort: str
    number: int
    state: Literal["running", "done", "failed"]
    person: str
    reason: str
    counts: dict[str, Any] = field(default_factory=dict)
    writes: tuple[WriteGroup, ...] = ()
    begun_at: datetime | None = None
    ended_at: datetime | None = None


_COLUMNS = "cohort, number, state, person, reason, counts, writes, begun_at, ended_at"


def begin(
    store: Store,
    cohort: str,
    number: int,
    *,
    person: str,
    reason: str,
    writes: Sequence[WriteGroup],
) -> None:
    """Record that a rollback begins, and up to which run and check it takes back."""
    with store.transaction() as c:
        c.execute(
            "INSERT INTO migration.rollback (cohort, number, state, person, reason, writes, "
            "last_run, last_check) SELECT %s, %s, 'running', %s, %s, %s, "
            "(SELECT coalesce(max(id), 0) FROM migration.stage_run), "
            "(SELECT coalesce(max(id), 0) FROM migration.check_outcome)",
            (cohort, number, person, reason, Jsonb([asdict(w) for w in writes])),
        )


def end(
    store: Store,
    cohort: str,
    number: int,
    state: Literal["done", "failed"],
    counts: dict[str, Any] | None = None,
) -> None:
    """Record how a rollback ended. From `done` on, what it takes back no longer counts."""
    with store.transaction() as c:
        c.execute(
            "UPDATE migration.rollback SET state = %s, counts = %s, ended_at = clock_timestamp() "
            "WHERE cohort = %s AND number = %s AND state = 'running'",
            (state, Jsonb(counts or {}), cohort, number),
        )


def find_running(store: Store, cohorts: Sequence[str]) -> list[RollbackRecord]:
    """Rollbacks that began and have not ended: running now, or stopped in the middle."""
    return _read(store, "state = 'running' AND cohort = ANY(%s) ORDER BY id", list(cohorts))


def find_rolled_back(store: Store, cohorts: Sequence[str]) -> list[RollbackRecord]:
    """The newest rollback of each cohort of which nothing was loaded since."""
    return _read(
        store,
        "id IN (SELECT max(id) FROM migration.rollback WHERE state = 'done' GROUP BY cohort) "
        "AND cohort = ANY(%s) AND NOT EXISTS (SELECT FROM migration.stage_run s WHERE "
        "s.cohort = r.cohort AND s.stage = 'load' AND s.state = 'done' AND s.id > r.last_run) "
        "ORDER BY id",
        list(cohorts),
    )


def newest(store: Store, cohort: str) -> RollbackRecord | None:
    """The newest rollback of a cohort that was done."""
    found = _read(store, "state = 'done' AND cohort = %s ORDER BY id DESC LIMIT 1", cohort)
    return found[0] if found else None


def _read(store: Store, condition: str, value: Any) -> list[RollbackRecord]:
    rows = store.read(f"SELECT {_COLUMNS} FROM migration.rollback r WHERE {condition}", (value,))
    for row in rows:
        row["writes"] = tuple(
            WriteGroup(**{**w, "tokens": tuple(w["tokens"])}) for w in row["writes"]
        )
    return [RollbackRecord(**row) for row in rows]
