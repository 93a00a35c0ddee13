"""Wave record: what people decided and recorded about a wave, for its evidence.

Read from the decision log, the recorded figures and the exception queue. What it means for the
verdict is decided in `seal`, `readiness`, `threshold` and `sign_off`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from migration_platform.decision import Decision
from migration_platform.platform import REFERENCE, Platform
from migration_platform.seal import find_changes, find_seal, seal_of
from migration_platform.sign_off import find_sign_offs
from migration_platform.wave_state import find_state

ExceptionKey = tuple[str, str, str, str, str, str]
"""Cohort, entity, kind, rule, field, owner."""


@dataclass(frozen=True, slots=True)
class WaveRecord:
    """`criteria` None: nobody decided any. `due` gives open exceptions by when they are due.
    `signed` holds the documents that the sign-offs name, by digest. `beside` is outside the digest."""

    criteria: dict[str, Any] | None
    sealed: dict[str, Any]
    readiness: list[dict[str, Any]]
    metrics: list[dict[str, Any]]
    due: dict[ExceptionKey, list[list[Any]]]
    sign_offs: list[dict[str, Any]]
    signed: dict[str, dict[str, Any]]
    beside: dict[str, Any]


def read_record(platform: Platform, wave: str, log: Sequence[Decision]) -> WaveRecord:
    """Everything that was decided and recorded about a wave up to now."""
    declared = platform.criteria.get(wave)
    state = find_state(log, wave)
    content, sealed = platform.decided_beforehand(wave), find_seal(log, wave)
    done = {d.detail["item"]: d for d in log if d.wave == wave and d.action == "ready"}
    signs = find_sign_offs(log, wave)
    return WaveRecord(
        criteria=None
        if declared is None
        else {
            "sign_offs": list(declared.sign_offs),
            "go": [asdict(t) for t in declared.go],
            "triggers": [asdict(t) for t in declared.triggers],
        },
        sealed={
            "seal": sealed and seal_of(sealed),
            "changes": find_changes(sealed, content) if sealed else [],
        },
        readiness=[
            {
                "name": i.name,
                "owner": i.owner,
                "due": i.due.isoformat(),
                "says": i.says,
                "done": _told(done[i.name]) if i.name in done else None,
            }
            for i in platform.readiness
            if i.wave == wave
        ],
        metrics=_read_metrics(platform, wave),
        due=_read_due(platform, wave),
        sign_offs=[
            {**_told(d), "role": d.detail["role"], "evidence_digest": d.evidence_digest}
            for d in signs
        ],
        signed={
            d.evidence_digest: document
            for d in signs
            for document in read_evidence(platform, wave, d.evidence_digest)
        },
        beside={
            "state": {
                "name": state.name,
                **(_told(state.since) if state.since else {"person": "", "reason": "", "at": ""}),
            },
            "log": {"entries": len(log), "head": log[-1].hash if log else ""},
        },
    )


def record_metric(platform: Platform, cohort: str, name: str, value: Decimal, person: str) -> None:
    """Keep a figure from a cohort's operation."""
    with platform.store.transaction() as connection:
        connection.execute(
            "INSERT INTO migration.metric (cohort, name, value, person) VALUES (%s, %s, %s, %s)",
            (cohort, name, value, person),
        )


def read_evidence(platform: Platform, wave: str, digest: str) -> list[dict[str, Any]]:
    """The kept evidence of a wave whose digest begins with what was given."""
    with platform.store.transaction() as connection:
        rows = connection.execute(
            "SELECT document FROM migration.evidence WHERE wave = %s AND starts_with(digest, %s)",
            (wave, digest),
        ).fetchall()
    return [row["document"] for row in rows]


def _told(entry: Decision) -> dict[str, Any]:
    return {
        "person": entry.person,
        "reason": entry.reason,
        "at": entry.decided_at.astimezone(UTC).isoformat(timespec="seconds"),
    }


def _read_metrics(platform: Platform, wave: str) -> list[dict[str, Any]]:
    """Each metric of each cohort with its baseline and its newest value."""
    declared = platform.criteria.get(wave)
    if declared is None:
        return []
    cohorts = [c.name for c in platform.plan.wave(wave).cohorts]
    with platform.store.transaction() as connection:
        rows = connection.execute(
            "SELECT DISTINCT ON (cohort, name) cohort, name, value, recorded_at "
            "FROM migration.metric WHERE cohort = ANY(%s) ORDER BY cohort, name, id DESC",
            (cohorts,),
        ).fetchall()
    newest = {(r["cohort"], r["name"]): r for r in rows}
    found = []
    for metric in declared.metrics:
        for cohort, baseline in metric.baseline.items():
            row = newest.get((cohort, metric.name))
            at: datetime | None = row["recorded_at"] if row else None
            found.append(
                {
                    "cohort": cohort,
                    "name": metric.name,
                    "baseline": baseline,
                    "value": f"{row['value'].normalize():f}" if row else None,
                    "recorded_at": at and at.astimezone(UTC).isoformat(timespec="seconds"),
                }
            )
    return found


def _read_due(platform: Platform, wave: str) -> dict[ExceptionKey, list[list[Any]]]:
    cohorts = [REFERENCE, *[c.name for c in platform.plan.wave(wave).cohorts]]
    with platform.store.transaction() as connection:
        rows = connection.execute(
            "SELECT cohort, entity, kind, rule, field, owner, due_at, count(*)::int AS count "
            "FROM migration.exception WHERE closed_at IS NULL AND cohort = ANY(%s) "
            "GROUP BY cohort, entity, kind, rule, field, owner, due_at ORDER BY due_at",
            (cohorts,),
        ).fetchall()
    found: dict[ExceptionKey, list[list[Any]]] = {}
    for r in rows:
        key = (r["cohort"], r["entity"], r["kind"], r["rule"], r["field"], r["owner"])
        due = r["due_at"].astimezone(UTC).isoformat(timespec="seconds")
        found.setdefault(key, []).append([due, r["count"]])
    return found
