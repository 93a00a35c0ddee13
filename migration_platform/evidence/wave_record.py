"""Wave record: what people decided and recorded about a wave, for its evidence.

Read from the decision log, the recorded figures and the exception queue. What it means for the
verdict is decided in `seal`, `readiness`, `threshold` and `sign_off`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC
from typing import Any

from migration_platform.decision.decision import Decision
from migration_platform.decision.seal import find_changes, find_seal, seal_of
from migration_platform.decision.sign_off import find_promoting, find_sign_offs
from migration_platform.decision.wave_state import find_state
from migration_platform.platform import REFERENCE, Platform
from migration_platform.trigger.log import read_tripped_since
from migration_platform.trigger.metric_log import newest_measurements

EXCEPTION_KEY = ("cohort", "entity", "kind", "rule", "field", "owner")
ExceptionKey = tuple[str, str, str, str, str, str]


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
        metrics=read_metrics(
            platform, wave, [asdict(m) for m in declared.metrics] if declared else []
        ),
        due=read_due(platform, wave),
        sign_offs=[_signed(d) for d in signs],
        signed={
            d.evidence_digest: document
            for d in signs
            for document in read_evidence(platform, wave, d.evidence_digest)
        },
        beside={
            "state": {
                "name": state.name,
                **(_told(state.since) if state.since else {"person": "", "reason": "", "at": ""}),
                "promoted_on": [_signed(d) for d in find_promoting(log, wave)],
            },
            "log": {"entries": len(log), "head": log[-1].hash if log else ""},
            "tripped_since": read_tripped_since(platform.store, wave),
        },
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


def _signed(entry: Decision) -> dict[str, Any]:
    return {
        **_told(entry),
        "role": entry.detail["role"],
        "evidence_digest": entry.evidence_digest,
    }


def read_metrics(
    platform: Platform, wave: str, metrics: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Each metric (as `criteria.Metric` has it) of each cohort with baseline and newest figure."""
    declared = platform.plan.wave(wave)
    newest = newest_measurements(platform.store, [c.name for c in declared.cohorts])
    found = []
    for metric in metrics:
        for cohort, baseline in metric["baseline"].items():
            known = newest.get((cohort, metric["name"]))
            found.append(
                {
                    "cohort": cohort,
                    "name": metric["name"],
                    "baseline": baseline,
                    "value": known.figure.text if known else None,
                    "measured_at": known
                    and known.measured_at.astimezone(UTC).isoformat(timespec="seconds"),
                    "freshness_hours": metric.get("freshness_hours") or declared.freshness_hours,
                }
            )
    return found


def read_due(platform: Platform, wave: str) -> dict[ExceptionKey, list[list[Any]]]:
    """Open exceptions by when they are due: pairs of an instant and a count."""
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
        cohort, entity, kind, rule, field, owner = (r[name] for name in EXCEPTION_KEY)
        key = (cohort, entity, kind, rule, field, owner)
        due = r["due_at"].astimezone(UTC).isoformat(timespec="seconds")
        found.setdefault(key, []).append([due, r["count"]])
    return found
