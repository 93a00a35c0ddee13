"""Decision: who decided what about a wave, when, why, and on which evidence; hash-chained.

Pure: the log itself is kept by `store`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Decision:
    """An entry of the decision log. `hash` binds it to everything before it.

    `evidence_digest` is empty where a decision rests on no evidence. `detail` is what an action says
    beyond its reason: the role of a sign-off, the criteria that an opening seals.
    """

    sequence: int
    wave: str
    action: str
    person: str
    reason: str
    evidence_digest: str
    decided_at: datetime
    previous_hash: str
    hash: str
    detail: Mapping[str, Any] = field(default_factory=dict)


def chain(
    *,
    sequence: int,
    wave: str,
    action: str,
    person: str,
    reason: str,
    evidence_digest: str,
    decided_at: datetime,
    previous_hash: str,
    detail: Mapping[str, Any] | None = None,
) -> Decision:
    """An entry with its hash: SHA-256 over its fields and the hash of the entry before it."""
    content: list[Any] = [
        sequence,
        wave,
        action,
        person,
        reason,
        evidence_digest,
        decided_at.astimezone(UTC).isoformat(timespec="microseconds"),
        previous_hash,
    ]
    if detail:
        content.append(json.dumps(detail, sort_keys=True, ensure_ascii=False))
    digest = hashlib.sha256(json.dumps(content, ensure_ascii=False).encode()).hexdigest()
    return Decision(
        sequence,
        wave,
        action,
        person,
        reason,
        evidence_digest,
        decided_at,
        previous_hash,
        digest,
        detail or {},
    )


def find_break(log: Sequence[Decision]) -> int | None:
    """The first sequence number at which the log is altered, reordered or has a gap; None if whole."""
    previous = ""
    for expected, entry in enumerate(log, 1):
        again = chain(
            sequence=expected,
            wave=entry.wave,
            action=entry.action,
            person=entry.person,
            reason=entry.reason,
            evidence_digest=entry.evidence_digest,
            decided_at=entry.decided_at,
            previous_hash=previous,
            detail=entry.detail,
        )
        if entry.sequence != expected or again.hash != entry.hash:
            return expected
        previous = entry.hash
    return None
