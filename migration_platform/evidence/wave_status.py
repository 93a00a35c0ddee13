"""Wave status: what is said of a wave first, on the command line and on the pages alike.

The verdict is that of the evidence. A wave that no cohort of may load yet is said to be held by that.
"""

from __future__ import annotations

from dataclasses import dataclass

from migration_platform.evidence.evidence import Evidence
from migration_platform.platform import Platform


@dataclass(frozen=True, slots=True)
class WaveStatus:
    """`verdict`: promote, hold, block or promoted; `reasons` in order of weight."""

    verdict: str
    sentence: str
    reasons: tuple[str, ...]


def state_wave(platform: Platform, seen: Evidence) -> WaveStatus:
    """What the evidence says, behind the gate that the wave before it is."""
    before = platform.plan.before(seen.wave)
    if before is None or platform.store.promotion(before.name) is not None:
        return WaveStatus(seen.verdict, seen.sentence, seen.reasons)
    closed = f"wave {before.name} is not promoted, so no cohort of it may load"
    return WaveStatus(seen.verdict, f"Wave {seen.wave} is held: {closed}.", (closed, *seen.reasons))
