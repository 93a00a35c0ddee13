"""Wave state: where a wave stands in its life, and which moves that leaves.

    planned ─open─▶ open ─promote─▶ promoted ─complete─▶ completed
                    │  ▲              │
                  hold resume       hold, resume
                    ▼  │              ▼
                    held ─roll back─▶ rolled back ─open─▶ open

Pure, read from the decision log. An open and a promoted wave can be rolled back too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from migration_platform.decision.decision import Decision

State = Literal["planned", "open", "held", "promoted", "completed", "rolled back"]

MOVES: dict[State, dict[str, State]] = {
    "planned": {"open": "open"},
    "open": {"hold": "held", "promote": "promoted", "roll back": "rolled back"},
    "held": {"resume": "open", "roll back": "rolled back"},
    "promoted": {"hold": "held", "complete": "completed", "roll back": "rolled back"},
    "completed": {},
    "rolled back": {"open": "open"},
}
"""Where each move leads. `resume` leads back to where the wave was held."""

BESIDE: dict[str, tuple[State, ...]] = {
    "ready": ("planned", "open", "held"),
    "amend": ("open", "held", "promoted"),
    "sign": ("open", "promoted"),
}
"""Decisions that leave a wave where it is, and the states in which they may be taken."""

LOADING: tuple[State, ...] = ("planned", "open", "promoted")
"""States of a wave in which its cohorts may load. A planned one opens with its first extract."""

PASSED: tuple[State, ...] = ("promoted", "completed")
"""States of a wave after which the next one may load."""

EFFECTS = {
    "open": "its criteria, readiness items and people are sealed; its cohorts may load",
    "hold": "nothing of it loads, and it cannot be promoted, until it is resumed. If it was "
    "promoted, the wave after it does not load either",
    "resume": "it is again what it was before it was held; sign-offs must be given anew",
    "promote": "the next wave may load",
    "complete": "nothing of it loads any more, and it cannot be rolled back: this is final",
    "roll back": "its records leave the destination",
    "ready": "the readiness item counts as done, and the evidence's digest changes",
    "amend": "what the files say now is sealed in place of what was; sign-offs must be given anew",
    "sign": "the sign-off counts for a promotion on exactly this evidence",
}


@dataclass(frozen=True, slots=True)
class WaveState:
    """`since` is the entry that led here, None for a planned wave; `before` the state before it."""

    name: State
    since: Decision | None = None
    before: State = "planned"

    @property
    def has_passed(self) -> bool:
        return self.name in PASSED


def find_state(log: Sequence[Decision], wave: str) -> WaveState:
    """Where a wave stands. A cohort that was rolled back alone leaves its wave where it is."""
    state = WaveState("planned")
    for entry in log:
        if entry.wave != wave or entry.action not in EFFECTS or "cohort" in entry.detail:
            continue
        following = MOVES[state.name].get(entry.action)
        if following is None:
            continue
        back = state.before if entry.action == "resume" else following
        state = WaveState(back, entry, state.name)
    return state


def find_promotion(log: Sequence[Decision], wave: str) -> Decision | None:
    """The promotion that counts now: of a wave that was held or rolled back since, none does."""
    if not find_state(log, wave).has_passed:
        return None
    return [d for d in log if d.wave == wave and d.action == "promote"][-1]


def refuse(state: WaveState, wave: str, action: str) -> str:
    """Why a decision may not be taken now, with those that may; empty if it may."""
    if action in MOVES[state.name] or state.name in BESIDE.get(action, ()):
        return ""
    legal = [*MOVES[state.name], *(a for a, states in BESIDE.items() if state.name in states)]
    by = (
        f" (by {state.since.person} at {state.since.decided_at:%Y-%m-%d %H:%M} UTC: "
        f"{state.since.reason})"
        if state.since
        else ""
    )
    allowed = f"What may be decided now: {', '.join(legal)}." if legal else "That is final."
    return f"wave {wave} is {state.name}{by}: no {action} now. {allowed}"
