"""Sign-off: a named person in a role says, with a statement, that this evidence suffices.

Pure. It binds person, role, time, statement and evidence digest, and stands in the decision log. It
counts for exactly the evidence that was signed, until the wave's next move.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from migration_platform.decision.decision import Decision
from migration_platform.decision.wave_state import find_promotion, find_state
from migration_platform.evidence.criteria import FEWEST_SIGN_OFFS

MOST_CHANGES = 3
"""Of what changed since somebody signed, so many are told in the verdict's reason."""


def find_sign_offs(log: Sequence[Decision], wave: str) -> list[Decision]:
    """The sign-offs since the wave's last move or amendment, the newest of each role."""
    since = find_state(log, wave).since
    first = since.sequence if since else 0
    amended = [d.sequence for d in log if d.wave == wave and d.action == "amend"]
    first = max([first, *amended])
    found = {
        d.detail["role"]: d
        for d in log
        if d.wave == wave and d.action == "sign" and d.sequence > first
    }
    return list(found.values())


def find_promoting(log: Sequence[Decision], wave: str) -> list[Decision]:
    """The sign-offs on which a wave was promoted, the newest of each role; none if it is not."""
    promotion = find_promotion(log, wave)
    if promotion is None:
        return []
    found = {
        d.detail["role"]: d
        for d in log
        if d.wave == wave and d.action == "sign" and d.evidence_digest == promotion.evidence_digest
    }
    return list(found.values())


def find_missing(document: Mapping[str, Any]) -> Iterator[str]:
    """What the wave still needs signed: roles, and two different people at the least."""
    wave, roles = document["wave"], document["criteria"]["sign_offs"]
    signed = [s for s in document["sign_offs"] if s["role"] in roles]
    valid = [s for s in signed if s["evidence_digest"] == document["digest"]]
    bare = [r for r in roles if not any(s["role"] == r for s in signed)]
    if bare:
        yield (
            f"not signed yet by the {' and the '.join(bare)}: read the evidence, then `migration sign "
            f"{wave} --evidence {document['digest'][:12]}`"
        )
    for other in signed:
        if other not in valid:
            changed = "; ".join(other["changed"][:MOST_CHANGES])
            more = len(other["changed"]) - MOST_CHANGES
            yield (
                f"the {other['role']} signed other evidence ({other['evidence_digest'][:12]}, by "
                f"{other['person']}). Since then: {changed}"
                + (f"; {more} more" if more > 0 else "")
            )
    people = {s["person"] for s in valid}
    if valid and len(valid) == len(roles) and len(people) < FEWEST_SIGN_OFFS:
        yield (
            f"{valid[0]['person']} alone has signed, in every role: another person must sign one"
        )
