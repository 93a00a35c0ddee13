"""Night: what the nightly look at the live cohorts came to, cohort by cohort.

Pure. A night lasts from a quarter past two (UTC) to the next. A cohort that was not looked at whole is
an outcome of its own and never silence; what a night found stands until somebody has looked again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any, Literal

from migration_platform.accounting import DIFFERENCES

if TYPE_CHECKING:
    from migration_platform.cohort_reconciliation import CohortReconciliation
    from migration_platform.source.change import SourceChange
    from migration_platform.store import StageRun

Outcome = Literal["could not look", "drift", "behind source", "clean", "unchanged"]
OUTCOMES: tuple[Outcome, ...] = ("could not look", "drift", "behind source", "clean", "unchanged")
"""Worst first. `clean` was compared, `unchanged` rests on the proof that nobody wrote anything."""

Kind = Literal["unseen", "unseen source", "drift", "behind source"]
OUTCOME_OF: dict[Kind, Outcome] = {
    "unseen": "could not look",
    "unseen source": "could not look",
    "drift": "drift",
    "behind source": "behind source",
}

BEGINS = time(2, 15)
"""A quarter past two has no twin and no gap when there is no summer time."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that a night found wrong, in words."""

    kind: Kind
    said: str


@dataclass(frozen=True, slots=True)
class CohortNight:
    """A cohort's night. `proof` says of each entity since when it is proven unchanged, and why a
    source could not be asked for changes; `clusters` are the causes of what differs."""

    cohort: str
    findings: tuple[Finding, ...] = ()
    counts: Mapping[str, int] = field(default_factory=dict)
    proof: Mapping[str, Any] = field(default_factory=dict)
    clusters: tuple[dict[str, Any], ...] = ()

    @property
    def outcome(self) -> Outcome:
        if self.findings:
            return min((OUTCOME_OF[f.kind] for f in self.findings), key=OUTCOMES.index)
        return "clean" if self.counts.get("compared") else "unchanged"


@dataclass(frozen=True, slots=True)
class Night:
    """All live cohorts of a night, worst first."""

    night: date
    looked_at: datetime
    cohorts: tuple[CohortNight, ...]
    page: str = ""

    @property
    def outcome(self) -> Outcome:
        """The worst of its cohorts. There is one at the least."""
        return min((c.outcome for c in self.cohorts), key=OUTCOMES.index)

    @property
    def fine(self) -> bool:
        return not any(c.findings for c in self.cohorts)

    @property
    def sentence(self) -> str:
        """The first line of whatever is said about the night."""
        when, number = f"Night of {self.night}", len(self.cohorts)
        if self.fine:
            rested = sum(c.outcome == "unchanged" for c in self.cohorts)
            waived = sum(c.counts.get("waived", 0) for c in self.cohorts)
            return (
                f"{when}: all {number:,} live cohorts are as they were sent; {rested:,} proven "
                f"unchanged, {number - rested:,} compared"
                + (f", differences waived: {waived:,}." if waived else ".")
            )
        words = {"could not look": "not looked at", "drift": "drifted", "behind source": "behind"}
        parts = [
            f"{n:,} {words[outcome]}"
            for outcome in OUTCOMES[:3]
            if (n := sum(c.outcome == outcome for c in self.cohorts))
        ]
        first = next(c for c in self.cohorts if c.findings)
        return (
            f"{when}: of {number:,} live cohorts {', '.join(parts)}. {first.cohort}: "
            f"{first.findings[0].said}."
        )


def night_of(moment: datetime) -> date:
    """The night that an instant belongs to."""
    at = moment.astimezone(UTC)
    return at.date() if at.time() >= BEGINS else at.date() - timedelta(days=1)


def begin_of(night: date) -> datetime:
    """The instant at which a night begins."""
    return datetime.combine(night, BEGINS, UTC)


def judge_cohort(
    found: CohortReconciliation,
    runs: Sequence[StageRun],
    entities: Sequence[str],
    since: datetime,
    source: Sequence[SourceChange] | str,
) -> CohortNight:
    """What a cohort's night came to.

    `runs` holds the newest reconciliation of each entity, however it ended; one from before `since`
    is none of this night. `source` are the source's changes, or in words why it could not be asked.
    """
    findings = _list_unseen({r.entity: r for r in runs}, entities, since)
    if isinstance(source, str):
        findings.append(Finding("unseen source", f"the source could not be asked: {source}"))
        source = []
    counts = found.counts
    if found.state in ("differs", "inconclusive"):
        findings += _list_drift(found)
    behind = [c for c in source if c.changed]
    if behind:
        findings.append(Finding("behind source", _tell_changes(behind)))
    rested = {
        run.entity: run.detail["unchanged"]
        for run in runs
        if run.state == "done" and run.detail.get("unchanged", {}).get("compared") is False
    }
    return CohortNight(
        found.cohort,
        tuple(findings),
        {
            **counts,
            "entities": len(entities),
            "compared": sum(
                r.state == "done" and r.applicable and r.entity not in rested for r in runs
            ),
            "unchanged": len(rested),
            "waived": sum(c["count"] for c in found.clusters if c["waived"]),
            "source_changed": sum(c.records for c in behind),
        },
        {
            "unchanged": {
                entity: {"since": u["since"], "proof": u["proof"]} for entity, u in rested.items()
            },
            "source_not_proven": {c.entity: c.reason for c in source if c.changed is None},
        },
        found.clusters,
    )


def find_standing(
    findings: Sequence[Finding],
    looked_at: datetime,
    extracted_at: datetime | None,
    reconciled_at: datetime | None,
) -> list[str]:
    """What of a night's findings still stands: nobody has looked again since.

    `extracted_at` is the cohort's oldest newest extract, `reconciled_at` its oldest newest comparison.
    Drift is not here: the accounts themselves say what differs.
    """
    extracted = extracted_at is not None and extracted_at > looked_at
    reconciled = reconciled_at is not None and reconciled_at > looked_at
    over = {"behind source": extracted, "unseen source": extracted, "unseen": reconciled}
    return [f.said for f in findings if not over.get(f.kind, True)]


def _list_unseen(
    runs: Mapping[str, StageRun], entities: Sequence[str], since: datetime
) -> list[Finding]:
    missed = []
    failed = []
    for entity in entities:
        run = runs.get(entity)
        if run is None or run.started_at is None or run.started_at < since:
            missed.append(entity)
        elif run.state != "done":
            why = run.reason or "it did not end"
            failed.append(f"{entity} could not be compared ({why})")
    if missed:
        which = "no entity" if len(missed) == len(entities) else f"not {', '.join(missed)}"
        failed.append(f"{which} was compared this night")
    return [Finding("unseen", said) for said in failed]


def _list_drift(found: CohortReconciliation) -> list[Finding]:
    counts = found.counts
    differing = ", ".join(f"{counts[n]:,} {n}" for n in DIFFERENCES if counts[n])
    causes = [
        f"{c['count']:,} {c['kind']} in {c['entity']}" + (f".{c['field']}" if c["field"] else "")
        for c in found.unwaived[:3]
    ]
    said = []
    if found.unwaived or (differing and not found.clusters):
        said.append(f"{differing} (most: {', '.join(causes)})" if causes else differing)
    findings = [Finding("drift", each) for each in (*said, *found.wrong)]
    # A comparison that might not have seen a fault has not looked.
    return [*findings, *(Finding("unseen", doubt) for doubt in found.doubtful)]


def _tell_changes(behind: Sequence[SourceChange]) -> str:
    number = sum(c.records for c in behind)
    parts = [f"{c.records:,} {c.entity}" if c.records else c.reason for c in behind]
    records = "1 record" if number == 1 else f"{number:,} records"
    return f"the source changed since the extract: {records} ({', '.join(parts)})"
