"""Metric log: figures from the operation of cohorts, as rows of the platform store. Append-only.

A figure that is put right is one more row; the newest row of an instant counts. What a figure means for
a wave is decided in `threshold` and `trigger`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from migration_platform.store import Store
from migration_platform.trigger.figure import Figure
from migration_platform.trigger.measurement import Measurement

if TYPE_CHECKING:
    from migration_platform.platform import Platform

_FIGURE = "cohort, name, value, numerator, denominator, measured_at"


@dataclass(frozen=True, slots=True)
class Recorded:
    """How many measurements were new, put right what was recorded before, or were known already."""

    new: int
    corrected: int
    known: int


def record_measurements(store: Store, measurements: Sequence[Measurement], person: str) -> Recorded:
    """Record those that are not known yet, all or none."""
    new = corrected = 0
    with store.transaction() as c:
        c.execute("SELECT pg_advisory_xact_lock(720921)")  # the same file twice at once
        for each in measurements:
            rows = c.execute(
                f"SELECT {_FIGURE} FROM migration.metric WHERE cohort = %s AND name = %s "
                "AND measured_at = %s ORDER BY id DESC LIMIT 1",
                (each.cohort, each.name, each.measured_at),
            ).fetchall()
            if rows and _read(rows[0]).figure == each.figure:
                continue
            new, corrected = new + (not rows), corrected + bool(rows)
            part, whole = each.figure.numerator, each.figure.denominator
            c.execute(
                f"INSERT INTO migration.metric ({_FIGURE}, person) "
                "VALUES (%s, %s, %s, %s, %s, %s, %s)",
                (
                    each.cohort,
                    each.name,
                    part if whole is None else None,
                    None if whole is None else part,
                    whole,
                    each.measured_at,
                    person,
                ),
            )
    return Recorded(new, corrected, len(measurements) - new - corrected)


def newest_measurements(store: Store, cohorts: Sequence[str]) -> dict[tuple[str, str], Measurement]:
    """The newest of each cohort and metric since the cohort's first load that no rollback took back:
    what was measured before says nothing about the destination."""
    rows = store.read(
        f"SELECT DISTINCT ON (cohort, name) {_FIGURE} FROM migration.metric m "
        "WHERE cohort = ANY(%s) AND measured_at >= (SELECT min(r.started_at) FROM "
        "migration.stage_run r WHERE r.cohort = m.cohort AND r.stage = 'load' AND r.state = 'done' "
        "AND r.id > coalesce((SELECT max(b.last_run) FROM migration.rollback b "
        "WHERE b.cohort = m.cohort AND b.state = 'done'), 0)) "
        "ORDER BY cohort, name, measured_at DESC, id DESC",
        (list(cohorts),),
    )
    return {(row["cohort"], row["name"]): _read(row) for row in rows}


def name_metrics(platform: Platform) -> dict[str, list[str]]:
    """The names of the metrics of each cohort."""
    return {
        cohort.name: [
            metric.name
            for metric in (criteria.metrics if criteria else ())
            if cohort.name in metric.baseline
        ]
        for wave in platform.plan.waves
        for criteria in [platform.criteria.get(wave.name)]
        for cohort in wave.cohorts
    }


def _read(row: dict[str, Any]) -> Measurement:
    if row["value"] is not None:
        figure = Figure(row["value"])
    else:
        figure = Figure(row["numerator"], row["denominator"])
    return Measurement(row["cohort"], row["name"], figure, row["measured_at"])
