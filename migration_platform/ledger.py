"""Ledger: the accounts of cohorts and entities, read from what the stages recorded.

What makes an account balance is decided in `accounting`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence

from migration_platform.accounting import Account
from migration_platform.duplicate.stand_in import digest_stand_ins, find_stand_ins
from migration_platform.exception.ruling import Act, digest_rulings, find_rulings
from migration_platform.platform import REFERENCE, Platform
from migration_platform.store import STAGES, Stage, StageRun


def account_for(
    platform: Platform,
    cohorts: Sequence[str],
    entity: str | None = None,
    runs: Iterable[StageRun] | None = None,
) -> list[Account]:
    """The account of each cohort and entity, in the plan's and the load's order. `runs` are their
    newest ones, if somebody has read them already."""
    if runs is None:
        runs = platform.store.latest_runs(cohorts, entity)
    newest = {(r.cohort, r.entity, r.stage): r for r in runs}
    return [
        _account(cohort, name, {s: newest.get((cohort, name, s)) for s in STAGES})
        for cohort in cohorts
        for name in platform.cohort_entities(cohort)
        if entity in (None, name)
    ]


def _account(cohort: str, entity: str, runs: dict[str, StageRun | None]) -> Account:
    known = [r for r in runs.values() if r is not None]
    lacking = next((r for r in known if not r.applicable), None)
    if lacking is not None:
        # Zeros that mean "not applicable" are told apart from a counted zero by `applicable`.
        return Account(cohort, entity, False, lacking.reason, *[0] * 10)

    def count(stage: str, name: str) -> int | None:
        run = runs[stage]
        return None if run is None else run.counts.get(name, 0)

    return Account(
        cohort,
        entity,
        reason=next((r.reason for r in known if r.stage == "extract"), ""),
        extracted=count("extract", "extracted"),
        loaded=count("load", "loaded"),
        archived=count("transform", "archived"),
        excluded=count("transform", "excluded"),
        excepted=count("transform", "excepted"),
        matched=count("reconcile", "matched"),
        mismatched=count("reconcile", "mismatched"),
        missing=count("reconcile", "missing"),
        unexpected=count("reconcile", "unexpected"),
        found=count("reconcile", "found"),
        unaccounted=count("reconcile", "unaccounted") or 0,
    )


def input_digest(
    platform: Platform,
    cohort: str,
    entity: str,
    newest: Callable[[str, str, Stage], StageRun | None],
    acts: Iterable[Act],
) -> str:
    """Digest of what a transform works from: the snapshot, what became of the records it names (of a
    merged one, what became of its survivor), and what people decided about single records.

    `newest` gives the newest finished run of a cohort, entity and stage, `acts` is the history of the
    cohort's entity.
    """
    extracted = newest(cohort, entity, "extract")
    parts = [extracted.digest if extracted else ""]
    for parent in platform.outline(entity).parents:
        home = REFERENCE if platform.outline(parent).is_reference else cohort
        run = newest(home, parent, "transform")
        parts.append(run.digest if run else "")
        if merged := digest_stand_ins(find_stand_ins(platform, run)):
            parts.append(merged)
    parts.append(str(platform.window_start(cohort, entity)))
    ruled = digest_rulings(find_rulings(acts))
    if ruled:
        parts.append(ruled)
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()
