"""Seal: the criteria, readiness items, people and due times of a wave as they were when it opened.

Pure. What is sealed stands, whole, in the decision log's entry that opened the wave or last amended
it, so that a later change of the files is seen and can be told in words.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from typing import Any

from migration_platform.decision.decision import Decision
from migration_platform.decision.people import People
from migration_platform.evidence.change import describe_changes
from migration_platform.evidence.criteria import Criteria
from migration_platform.evidence.readiness import Item
from migration_platform.exception.kind import Kind
from migration_platform.wave import Wave

NOT_SEALED = ("name", "cohorts", "line")
"""Of a wave in `waves.toml`: who moves is fixed with each cohort, not here."""


def describe(
    wave: Wave,
    criteria: Criteria | None,
    items: Sequence[Item],
    people: People | None,
    kinds: Sequence[Kind],
) -> dict[str, Any]:
    """All that was decided beforehand about a wave, as plain JSON."""
    content = {
        "wave": {f.name: getattr(wave, f.name) for f in fields(wave) if f.name not in NOT_SEALED},
        "criteria": criteria and asdict(criteria),
        "readiness": [
            {**asdict(i), "due": i.due.isoformat()} for i in items if i.wave == wave.name
        ],
        "people": people and {role: list(names) for role, names in people.roles.items()},
        "exceptions": {k.name: {"owner": k.owner, "hours": k.hours} for k in kinds},
    }
    plain: dict[str, Any] = json.loads(json.dumps(content))
    return plain


def seal_of(content: Mapping[str, Any]) -> str:
    """SHA-256 over what is sealed."""
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def find_seal(log: Sequence[Decision], wave: str) -> dict[str, Any] | None:
    """What was sealed last, None if the wave was never opened."""
    found = [d.detail["sealed"] for d in log if d.wave == wave and "sealed" in d.detail]
    return dict(found[-1]) if found else None


def find_changes(sealed: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """What is no longer as it was sealed, in words."""
    return describe_changes(sealed, now)
