"""Verdict: what may happen to a wave, and why, in words.

A small value only. How it comes about is decided in `promotion`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

VerdictWord = Literal["promote", "hold", "block"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What may happen to a wave and why, in words. `waived`: differences that somebody accepts.

    The last `unsigned` reasons are sign-offs that are missing.
    """

    verdict: VerdictWord
    reasons: tuple[str, ...]
    waived: tuple[str, ...] = ()
    unsigned: int = 0

    @property
    def signable(self) -> bool:
        """Nothing but sign-offs is missing, if anything is."""
        return len(self.reasons) == self.unsigned

    @property
    def but_for(self) -> str:
        """What a good verdict does not cover."""
        return f"; waived: {', '.join(self.waived)}" if self.waived else ""

    def sentence(self, wave: str) -> str:
        """The first line of every page about the wave."""
        if self.verdict == "promote":
            return f"Wave {wave} may be promoted{self.but_for}."
        state = "is blocked" if self.verdict == "block" else "is held"
        more = f", and {len(self.reasons) - 1} more" if len(self.reasons) > 1 else ""
        return f"Wave {wave} {state}: {self.reasons[0]}{more}."
