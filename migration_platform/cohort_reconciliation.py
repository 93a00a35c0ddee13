"""Cohort reconciliation: what the newest comparisons of a cohort's entities came to, all together.

Read from what the stages recorded. What a comparison finds is decided in `reconciliation`, whether a
wave may go on in `promotion`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

from migration_platform.accounting import DIFFERENCES, Account
from migration_platform.ledger import account_for
from migration_platform.platform import Platform
from migration_platform.waiver.waiver import mark_waived

State = Literal["differs", "inconclusive", "nothing to compare", "waived", "matches"]


@dataclass(frozen=True, slots=True)
class CohortReconciliation:
    """A cohort's entities side by side. `clusters` are the causes of all differences, largest first,
    each with `waived`; `wrong` and `doubtful` say what else is not as it must be, `detail` holds what
    each entity's comparison said beyond counts."""

    cohort: str
    accounts: tuple[Account, ...]
    clusters: tuple[dict[str, Any], ...] = ()
    wrong: tuple[str, ...] = ()
    doubtful: tuple[str, ...] = ()
    detail: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @property
    def counts(self) -> dict[str, int]:
        """Records of all entities, by what became of them."""
        names = ("loaded", "matched", *DIFFERENCES, "found")
        return {name: sum(getattr(a, name) or 0 for a in self.accounts) for name in names}

    @property
    def unwaived(self) -> tuple[dict[str, Any], ...]:
        return tuple(c for c in self.clusters if not c["waived"])

    @property
    def state(self) -> State:
        """The worst of what was found."""
        differs = any(self.counts[name] for name in DIFFERENCES)
        if self.wrong or self.unwaived or (differs and not self.clusters):
            return "differs"
        if self.doubtful:
            return "inconclusive"
        if differs:
            return "waived"
        return "matches" if self.counts["matched"] else "nothing to compare"

    @property
    def sentence(self) -> str:
        """The first line of whatever is said about it."""
        name, counts = f"Cohort {self.cohort}", self.counts
        found = ", ".join(f"{counts[n]:,} {n}" for n in DIFFERENCES if counts[n])
        waived = sum(c["count"] for c in self.clusters if c["waived"])
        match self.state:
            case "differs":
                some = f" ({waived:,} differences of them waived)" if waived else ""
                return f"{name} differs: {'; '.join([found + some] * bool(found) + [*self.wrong])}."
            case "inconclusive":
                return f"{name} is inconclusive: {'; '.join(self.doubtful)}."
            case "waived":
                return f"{name} matches but for what is waived: {found}."
            case "nothing to compare":
                return f"Cohort {self.cohort} has nothing to compare."
        return f"{name} matches in every field."


def read_reconciliation(
    platform: Platform, cohort: str, entities: Sequence[str] | None = None
) -> CohortReconciliation:
    """What the newest comparison of each entity (all, unless some are named) came to."""
    chosen = [e for e in platform.cohort_entities(cohort) if entities is None or e in entities]
    runs = {
        r.entity: r
        for r in platform.store.latest_runs([cohort])
        if r.stage == "reconcile" and r.entity in chosen
    }
    accounts = tuple(a for a in account_for(platform, [cohort]) if a.entity in chosen)
    waivers, at = platform.store.waivers(), datetime.now(UTC)
    clusters: list[dict[str, Any]] = []
    wrong: list[str] = []
    doubtful: list[str] = []
    for account in accounts:
        wrong += [f"{account.entity} does not balance: {d}" for d in account.differences]
    for entity in chosen:
        if entity not in runs or not runs[entity].applicable:
            continue
        detail = runs[entity].detail
        clusters += mark_waived(detail.get("clusters", []), waivers, cohort, at)
        wrong += _list_totals(entity, detail)
        doubtful += _list_doubts(entity, detail)
    return CohortReconciliation(
        cohort,
        accounts,
        tuple(sorted(clusters, key=lambda c: (bool(c["waived"]), -c["count"], c["entity"]))),
        tuple(wrong),
        tuple(doubtful),
        {entity: run.detail for entity, run in runs.items() if run.applicable},
    )


def _list_totals(entity: str, detail: Mapping[str, Any]) -> list[str]:
    """Control totals on which both sides do not agree."""
    return [
        f"the control total '{total['name']}' of {entity} differs"
        for total in detail.get("totals", [])
        if total["outcome"] == "differs"
    ]


def _list_doubts(entity: str, detail: Mapping[str, Any]) -> list[str]:
    """A certificate that does not prove that the comparison would have seen a fault."""
    c = detail.get("certificate")
    if not c or (c["planted"] == c["found"] == c["located"] and not c["false_alarms"]):
        return []
    return [
        f"of {c['planted']:,} faults planted in {entity}, {c['found']:,} were found and "
        f"{c['located']:,} located, with {c['false_alarms']:,} false alarms"
    ]
