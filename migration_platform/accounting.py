"""Accounting: every source record of a cohort and entity has one end, and the ends add up.

Pure. The counts come from different places on purpose: extracted from the snapshot, the ends from
the transform, loaded from the crosswalk, matched and found from the reconciliation.
"""

from __future__ import annotations

from dataclasses import dataclass

DIFFERENCES = ("mismatched", "missing", "unexpected")
"""The counts that are zero when the destination holds what was sent."""


@dataclass(frozen=True, slots=True)
class Account:
    """The ledger of one entity in one cohort. A count is None while its stage has not run."""

    cohort: str
    entity: str
    applicable: bool = True
    reason: str = ""
    extracted: int | None = None
    loaded: int | None = None
    archived: int | None = None
    excluded: int | None = None
    excepted: int | None = None
    matched: int | None = None
    mismatched: int | None = None
    missing: int | None = None
    unexpected: int | None = None
    found: int | None = None
    unaccounted: int = 0
    """Source records with no end, more than one, or another than what was sent says."""

    @property
    def differences(self) -> tuple[str, ...]:
        """The sums that do not hold, in words with both sides. Empty when they all hold.

        extracted = loaded + archived + excluded + excepted; loaded = matched + mismatched +
        missing; found = matched + mismatched + unexpected (DESIGN.md, what must always hold, 1).
        """
        said = []
        if None not in (self.extracted, self.loaded, self.archived, self.excluded, self.excepted):
            ends = (self.loaded or 0) + (self.archived or 0) + (self.excluded or 0)
            ends += self.excepted or 0
            if self.extracted != ends:
                said.append(f"extracted {self.extracted:,}, but the ends add up to {ends:,}")
        if None not in (self.loaded, self.matched, self.mismatched, self.missing, self.found):
            sent = (self.matched or 0) + (self.mismatched or 0) + (self.missing or 0)
            there = (self.matched or 0) + (self.mismatched or 0) + (self.unexpected or 0)
            if self.loaded != sent:
                said.append(
                    f"loaded {self.loaded:,}, but matched, mismatched and missing add up to {sent:,}"
                )
            if self.found != there:
                said.append(
                    f"found {self.found:,} at the destination, but matched, mismatched and "
                    f"unexpected add up to {there:,}"
                )
        if self.unaccounted:
            said.append(f"{self.unaccounted:,} source records have no single end")
        return tuple(said)

    @property
    def complete(self) -> bool:
        """All four stages have given their counts."""
        return None not in (self.extracted, self.loaded, self.found)

    @property
    def balanced(self) -> bool | None:
        """None: nothing to balance (not applicable, no record on either side, or not yet run)."""
        if self.differences:
            return False
        if not self.applicable or not self.complete:
            return None
        return None if self.extracted == 0 and self.found == 0 else True

    @property
    def clean(self) -> bool | None:
        """Balanced, and both sides are the same in every field. None: nothing to compare."""
        if self.balanced is None:
            return None
        return bool(self.balanced) and not (self.mismatched or self.missing or self.unexpected)
