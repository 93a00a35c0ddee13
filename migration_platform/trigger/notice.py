"""Notice: what the team's own notifier is told, when something asks for somebody.

Pure. Names, counts and sentences of the platform only: a notice leaves the house, so nothing of a
patient is in it, tokens included. How it is sent stands in `notifier`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

Event = Literal[
    "trigger tripped",
    "trigger unknown",
    "wave held",
    "exceptions overdue",
    "night",
    "could not look",
]
EVENTS: dict[Event, str] = {
    "trigger tripped": "a rollback trigger tripped: its wave is held and asks for a decision",
    "trigger unknown": "nobody can tell whether a rollback trigger tripped",
    "wave held": "somebody held a wave",
    "exceptions overdue": "exceptions of a kind have passed their due time",
    "night": "the night found drift, or could not look at a cohort",
    "could not look": "the triggers could not be looked at, for the whole or for a wave",
}


@dataclass(frozen=True, slots=True)
class Notice:
    """`subject` tells what it is about: of two with the same event, wave and subject one is enough."""

    event: Event
    wave: str
    subject: str
    sentence: str
    reasons: tuple[str, ...]
    next: tuple[str, ...]

    def body(self, at: datetime) -> dict[str, Any]:
        """The JSON object that the notifier reads."""
        return {
            "event": self.event,
            "wave": self.wave,
            "sentence": self.sentence,
            "reasons": list(self.reasons),
            "next": list(self.next),
            "at": at.astimezone(UTC).isoformat(timespec="seconds"),
        }
