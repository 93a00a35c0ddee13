"""Outcome: did a run do what was asked, cohort by cohort, in words.

`passed` means: everything in it loaded, balanced and passed. Pure reading of what was recorded.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from migration_platform.evidence.governance import write_expectation_report
from migration_platform.ledger import account_for
from migration_platform.platform import REFERENCE, Platform
from migration_platform.waiver.waiver import mark_waived


def judge_run(
    platform: Platform,
    cohorts: Sequence[str],
    entities: Sequence[str] | None,
    results: Sequence[Any],
    started: datetime,
) -> dict[str, Any]:
    """What became of each cohort, for people and for scripts."""
    by_cohort = {r.cohort: r for r in results}
    lines = [
        _judge(platform, cohort, entities, by_cohort.get(cohort), started) for cohort in cohorts
    ]
    return {"passed": all(line["passed"] for line in lines), "cohorts": lines}


def _judge(
    platform: Platform,
    cohort: str,
    entities: Sequence[str] | None,
    result: Any,
    started: datetime,
) -> dict[str, Any]:
    chosen = [e for e in platform.cohort_entities(cohort) if entities is None or e in entities]
    accounts = [a for a in account_for(platform, [cohort]) if a.entity in chosen]
    runs = [r for r in platform.store.latest_runs([cohort]) if r.entity in chosen]
    done = [r for r in runs if r.ended_at is not None and r.ended_at >= started]
    checks = [c for c in platform.store.check_outcomes([cohort]) if c.entity in chosen]
    waivers, now = platform.store.waivers(), datetime.now(UTC)
    waived = set()
    for run in runs:
        clusters = mark_waived(run.detail.get("clusters", []), waivers, cohort, now)
        if clusters and all(c["waived"] for c in clusters):
            waived.add(run.entity)
    reasons: list[str] = []
    if result is None:
        reasons.append("it was not run")
    elif not result.success:
        reasons.append(result.error or "its run failed")
    for entity in chosen:
        left = {"extract", "transform", "load", "reconcile"} - {
            r.stage for r in done if r.entity == entity
        }
        if left:
            reasons.append(f"{entity}: {', '.join(sorted(left))} did not finish")
    for check in checks:
        if check.outcome in ("failed", "error") and check.checked_at >= started:
            bad = check.count("failed") + check.count("error")
            point = "before load" if check.point == "transformed" else "in the destination"
            reasons.append(
                f"{check.entity}: {bad} of {len(check.results)} expectations "
                f"{check.outcome} {point}"
            )
    for account in accounts:
        reasons += [f"{account.entity}: {d}" for d in account.differences]
        found = [
            f"{getattr(account, n):,} {n}"
            for n in ("mismatched", "missing", "unexpected")
            if getattr(account, n)
        ]
        if found and account.entity not in waived:
            reasons.append(f"{account.entity}: {', '.join(found)}")
    may_be_empty = cohort == REFERENCE or platform.plan.cohort(cohort).orphans
    if entities is None and not may_be_empty and not any(a.loaded for a in accounts):
        reasons.append("no record is loaded: an empty cohort proves nothing")
    written = sum(
        r.counts.get(n, 0)
        for r in done
        if r.stage == "load"
        for n in ("inserted", "updated", "withdrawn")
    )
    ended = [r.ended_at for r in done if r.ended_at is not None]
    return {
        "cohort": cohort,
        "passed": not reasons,
        "reasons": reasons,
        "loaded": sum(a.loaded or 0 for a in accounts),
        "written": written,
        "excepted": sum(a.excepted or 0 for a in accounts),
        "seconds": (max(ended) - started).total_seconds() if ended else 0.0,
        "run_id": getattr(result, "run_id", None),
        "report": str(write_expectation_report(platform, cohort)),
    }
