"""Check: what was asked of a batch of records, and what came of it.

Words and pure helpers only. Suites run in `checks` (never here); outcomes are kept by the stages
and rendered by `report`. Nothing in these values comes from a record: counts and declarations.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Literal

Point = Literal["transformed", "destination"]
"""Where a batch stands when it is checked: before it is loaded, or as it is in the destination."""

Outcome = Literal["passed", "failed", "error", "not applicable"]
"""`failed`: looked, and it does not hold. `error`: could not look. `not applicable`: there was
nothing to look at, which is not a pass."""

OUTCOMES: tuple[Outcome, ...] = ("failed", "error", "not applicable", "passed")
"""In the order in which a reader needs them."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Records of one entity and cohort, in a database that can be asked about them.

    `rows` is the number that must be there, `digest` names their content. At `transformed` they
    are the table `schema.table`, at `destination` the result of `query`.
    """

    cohort: str
    entity: str
    point: Point
    rows: int
    digest: str
    columns: tuple[str, ...]
    url: str
    schema: str | None = None
    table: str | None = None
    query: str | None = None


@dataclass(frozen=True, slots=True)
class ExpectationResult:
    """One expectation, and the counts that it came to. None: not counted."""

    expectation: str
    column: str
    sentence: str
    outcome: Outcome
    element_count: int | None = None
    unexpected_count: int | None = None
    missing_count: int | None = None
    error: str = ""


@dataclass(frozen=True, slots=True)
class CheckCount:
    """A suite's outcome on exactly the content that `digest` names: how many expectations it asked,
    and of how many of them that did not hold or could not be looked at."""

    cohort: str
    entity: str
    point: Point
    digest: str
    suite_digest: str
    outcome: Outcome
    expectations: int
    bad: int


@dataclass(frozen=True, slots=True)
class CheckOutcome:
    """A suite's results on exactly the content that `digest` names."""

    cohort: str
    entity: str
    point: Point
    digest: str
    suite_digest: str
    outcome: Outcome
    results: tuple[ExpectationResult, ...]
    checked_at: datetime

    def count(self, outcome: Outcome) -> int:
        """How many expectations ended so."""
        return sum(result.outcome == outcome for result in self.results)

    @property
    def passed(self) -> bool | None:
        """None when nothing was checked: that proves nothing."""
        return None if self.outcome == "not applicable" else self.outcome == "passed"


def overall_outcome(results: Iterable[ExpectationResult]) -> Outcome:
    """The outcome of a suite: a failure first, then an error; passed only if something passed."""
    seen = {result.outcome for result in results}
    for outcome in ("failed", "error", "passed"):
        if outcome in seen:
            return outcome
    return "not applicable"


def count_outcomes(outcomes: Sequence[CheckOutcome]) -> dict[Outcome, int]:
    """Expectations by outcome over several checks, every outcome named."""
    return {outcome: sum(each.count(outcome) for each in outcomes) for outcome in OUTCOMES}


def format_percentage(part: int, whole: int) -> str:
    """A share in words that never rounds a failure away.

    Two decimals; "0 %" only of none and "100 %" only of all, else "< 0.01 %" and "> 99.99 %".
    """
    if whole <= 0:
        return "nothing to compare"
    if part == 0:
        return "0 %"
    if part == whole:
        return "100 %"
    share = (Decimal(part) * 100 / Decimal(whole)).quantize(Decimal("0.01"), ROUND_HALF_EVEN)
    if share <= 0:
        return "< 0.01 %"
    if share >= 100 and part < whole:
        return "> 99.99 %"
    return f"{share.normalize():f} %"
