"""Signing: a person in a role signs the evidence of a wave, exactly as it was read.

What a sign-off counts for is decided in `sign_off`.
"""

from __future__ import annotations

from migration_platform.decision.decision import Decision
from migration_platform.decision.log import read_whole
from migration_platform.decision.move import (
    Condition,
    Move,
    is_legal,
    is_named,
    is_same,
    record,
    require_reason,
)
from migration_platform.decision.wave_state import EFFECTS
from migration_platform.evidence.evidence import Evidence
from migration_platform.evidence.governance import assemble_evidence
from migration_platform.platform import Platform


def plan_sign_off(
    platform: Platform, wave: str, *, person: str, role: str, evidence_digest: str
) -> tuple[Move, Evidence]:
    """What a sign-off asks for now."""
    declared = platform.plan.wave(wave)
    log = read_whole(platform)
    seen = assemble_evidence(platform, declared.name)
    conditions = (
        is_named(platform, person),
        _holds(platform, person, role),
        _asked(seen, role),
        is_legal(log, wave, "sign"),
        is_same(platform, seen, evidence_digest),
        _sufficient(seen),
    )
    return Move(wave, "sign", conditions, (EFFECTS["sign"],)), seen


def sign(
    platform: Platform, wave: str, *, person: str, role: str, evidence_digest: str, statement: str
) -> tuple[Decision, Evidence]:
    """Record a sign-off. Returns it, and the evidence with it. Raises GateClosedError if a
    precondition is not met."""
    require_reason(statement, "statement")
    move, seen = plan_sign_off(
        platform, wave, person=person, role=role, evidence_digest=evidence_digest
    )
    move.require()
    decision = record(
        platform,
        wave,
        "sign",
        person=person,
        reason=statement,
        evidence_digest=seen.digest,
        detail={"role": role},
    )
    return decision, assemble_evidence(platform, wave)


def _holds(platform: Platform, person: str, role: str) -> Condition:
    words = f"{person} is a {role}"
    if platform.people.holds(person, role):
        return Condition(words)
    return Condition(
        words, f"{person} may not sign as {role}: that is {platform.people.named(role)}."
    )


def _asked(seen: Evidence, role: str) -> Condition:
    roles = seen.document["criteria"]["sign_offs"]
    words = f"wave {seen.wave} asks the {role} to sign"
    return Condition(
        words,
        "" if role in roles else f"wave {seen.wave} asks to sign: {', '.join(roles) or 'nobody'}.",
    )


def _sufficient(seen: Evidence) -> Condition:
    decided = seen.decision
    reasons = decided.reasons[: len(decided.reasons) - decided.unsigned]
    told = "".join(f"\n  - {reason}" for reason in reasons)
    return Condition(
        "nothing but sign-offs is missing for a promotion",
        "" if decided.signable else f"there is nothing to sign yet on wave {seen.wave}:{told}",
    )
