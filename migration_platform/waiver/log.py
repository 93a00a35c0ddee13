"""Waiver log: waivers given, ended and read, each with its entry in the decision log.

What a waiver covers and when it counts is decided in `waiver`.
"""

from __future__ import annotations

from datetime import UTC, datetime

from migration_platform.decision.right import require_right
from migration_platform.errors import ConfigurationError, MigrationError
from migration_platform.evidence.governance import assemble_evidence
from migration_platform.platform import REFERENCE, Platform
from migration_platform.waiver.waiver import Waiver, find_waiver, state_waiver


def waive(
    platform: Platform,
    cohort: str,
    *,
    leg: str,
    entity: str,
    field: str,
    kind: str,
    person: str,
    reason: str,
    until: datetime,
) -> Waiver:
    """Accept what one cause has made different in a cohort, up to the present number of records.

    Raises ConfigurationError if there is no such cluster now, the end is not in the future, or a
    reason or a name is lacking; GateClosedError for somebody whose roles may not.
    """
    now = datetime.now(UTC)
    if not person.strip() or not reason.strip():
        raise ConfigurationError("a waiver needs a named person (--by) and a reason (--reason)")
    require_right(platform.people, person, "waive")
    if until <= now:
        raise ConfigurationError("a waiver ends in the future: give a later day with --until")
    run = platform.store.latest(cohort, platform.entity(entity).name, "reconcile")
    clusters = run.detail.get("clusters", []) if run else []
    cluster = next(
        (c for c in clusters if (c["leg"], c["field"], c["kind"]) == (leg, field, kind)), None
    )
    if cluster is None:
        there = [
            f"--leg {c['leg']} --field '{c['field']}' --kind '{c['kind']}' ({c['count']:,})"
            for c in clusters
        ]
        raise ConfigurationError(
            f"the last reconciliation of {entity} in cohort {cohort} has no such difference. It has: "
            + ("; ".join(there) or "none")
        )
    known = find_waiver(platform.store.waivers(), cohort, cluster, now)
    if known is not None:
        raise ConfigurationError(
            f"waiver {known.number} of {known.person} covers this already, until "
            f"{known.until:%Y-%m-%d}. End it first: migration waive --end {known.number}"
        )
    scope = {"cohort": cohort, "leg": leg, "entity": entity, "field": field, "kind": kind}
    covered = {**scope, "count": cluster["count"], "until": until}
    wave = _wave_of(platform, cohort)
    evidence = assemble_evidence(platform, wave)
    decision = platform.store.append_decision(
        wave=wave,
        action="waive",
        person=person,
        reason=f"{state_waiver(**covered)}: {reason}",
        evidence_digest=evidence.digest,
        waiver=covered,
    )
    return next(w for w in platform.store.waivers() if w.number == decision.sequence)


def end_waiver(platform: Platform, number: int, *, person: str, reason: str) -> Waiver:
    """End a waiver: what it covered counts again. Whoever may hold a wave may do that. Raises
    MigrationError if it has ended already."""
    found = next((w for w in platform.store.waivers() if w.number == number), None)
    if found is None:
        raise ConfigurationError(f"there is no waiver {number}: see `migration waivers`")
    if found.ended_by is not None:
        raise MigrationError(f"waiver {number} was ended already, by {found.ended_by}")
    if not person.strip() or not reason.strip():
        raise ConfigurationError("to end a waiver name yourself (--by) and a reason (--reason)")
    require_right(platform.people, person, "hold")
    wave = _wave_of(platform, found.cohort)
    platform.store.append_decision(
        wave=wave,
        action="end waiver",
        person=person,
        reason=f"waiver {number}: {reason}",
        evidence_digest=assemble_evidence(platform, wave).digest,
        ended_waiver=number,
    )
    return next(w for w in platform.store.waivers() if w.number == number)


def describe_state(platform: Platform, waiver: Waiver, at: datetime) -> str:
    """live, ended, expired; outgrown if its cluster has more records by now; unused if it has none."""
    state = waiver.state(at)
    if state != "live":
        return state
    run = platform.store.latest(waiver.cohort, waiver.entity, "reconcile")
    for cluster in run.detail.get("clusters", []) if run else []:
        own = (waiver.cohort, *(cluster[n] for n in ("leg", "entity", "field", "kind")))
        if own == waiver.signature:
            return "live" if cluster["count"] <= waiver.count else "outgrown"
    return "unused"


def _wave_of(platform: Platform, cohort: str) -> str:
    """The wave on whose evidence a waiver rests. Reference entities are in that of every wave."""
    if cohort == REFERENCE:
        return platform.plan.waves[0].name
    return platform.plan.wave_of(cohort).name
