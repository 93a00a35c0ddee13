"""Night log: nights recorded in the platform store, and read again. Append-only by use.

What a night came to is decided in `night`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date, datetime
from typing import Any

from psycopg.types.json import Jsonb

from migration_platform.night.night import CohortNight, Finding
from migration_platform.store import Store


def record_nights(
    store: Store, night: date, cohorts: Sequence[CohortNight], looked_at: datetime
) -> None:
    """Record a night's cohorts, all or none."""
    with store.transaction() as c:
        for each in cohorts:
            c.execute(
                "INSERT INTO migration.night (night, cohort, outcome, reasons, counts, proof, "
                "looked_at) VALUES (%s, %s, %s, %s, %s, %s, %s)",
                (
                    night,
                    each.cohort,
                    each.outcome,
                    Jsonb([asdict(f) for f in each.findings]),
                    Jsonb(dict(each.counts)),
                    Jsonb(dict(each.proof)),
                    looked_at,
                ),
            )


def read_newest(store: Store, cohorts: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Each cohort's newest night: `night`, `findings`, `looked_at`. None for one without any."""
    with store.transaction() as c:
        rows = c.execute(
            "SELECT DISTINCT ON (cohort) cohort, night, reasons, looked_at FROM migration.night "
            "WHERE cohort = ANY(%s) ORDER BY cohort, id DESC",
            (list(cohorts),),
        ).fetchall()
    return {
        r["cohort"]: {
            "night": r["night"],
            "findings": [Finding(**f) for f in r["reasons"]],
            "looked_at": r["looked_at"],
        }
        for r in rows
    }


def read_history(store: Store, cohorts: Sequence[str], nights: int) -> list[dict[str, Any]]:
    """The last nights, newest first: the last look of each night and cohort."""
    with store.transaction() as c:
        return c.execute(
            "SELECT DISTINCT ON (night, cohort) night, cohort, outcome FROM migration.night "
            "WHERE cohort = ANY(%s) AND night > "
            "(SELECT max(night) FROM migration.night) - %s::int ORDER BY night DESC, cohort, id DESC",
            (list(cohorts), nights),
        ).fetchall()
