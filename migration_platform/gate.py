"""Gate: may this be loaded? The rule stands in the load itself, whatever way it was started.

The first wave's gate is open. A later wave's opens when the wave before it is promoted, in a decision
log that is whole, under the waves as they were when their first cohort was frozen. A wave that is
held, rolled back or completed loads nothing, nor does one whose sealed criteria were edited.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from migration_platform.check import CheckOutcome
from migration_platform.decision.log import read_whole
from migration_platform.decision.seal import find_changes, find_seal
from migration_platform.decision.wave_state import LOADING, find_state, refuse
from migration_platform.errors import GateClosedError
from migration_platform.evidence.change import list_changes
from migration_platform.rollback.record import RollbackRecord, find_rolled_back
from migration_platform.store import StageRun
from migration_platform.wave import Plan

if TYPE_CHECKING:
    from migration_platform.platform import Platform

MOST_WITHDRAWN, FEW = 0.5, 10
"""Of an entity's loaded records: a load that would withdraw more than this share (and more than a
few records) is refused, because a table that was lost looks just like that."""


def require_open(platform: Platform, cohort: str) -> None:
    """Raise GateClosedError unless this cohort's wave may load and the wave before it is promoted.

    Also if the decision log was altered, if `waves.toml` has moved a wave or a cohort that was
    frozen before, or if what was sealed when the wave opened was edited: the gates would not be
    those that were agreed on.
    """
    plan = platform.plan
    wave = plan.wave_of(cohort)
    require_sealed(plan, platform.frozen_cohorts())
    log = read_whole(platform)
    state = find_state(log, wave.name)
    if state.name not in LOADING:
        raise GateClosedError(f"cohort {cohort} may not load: {refuse(state, wave.name, 'load')}")
    sealed = find_seal(log, wave.name)
    changes = find_changes(sealed, platform.decided_beforehand(wave.name)) if sealed else []
    if changes:
        raise GateClosedError(
            f"cohort {cohort} may not load: what was decided before wave {wave.name} opened has "
            f"changed:{list_changes(changes)}\nPut the files back, or record why with `migration "
            f"amend {wave.name}`."
        )
    before = plan.before(wave.name)
    if before is None:
        return
    if find_state(log, before.name).has_passed:
        require_not_rolled_back(find_rolled_back(platform.store, [c.name for c in before.cohorts]))
        return
    raise GateClosedError(
        f"cohort {cohort} may not load: it is in wave {wave.name}, and wave {before.name} is not "
        f"promoted. See why with `migration status`, then `migration promote {before.name}`."
    )


def require_not_rolled_back(rollbacks: Sequence[RollbackRecord]) -> None:
    """Raise GateClosedError if a cohort that a promotion rested on is not loaded any more."""
    for each in rollbacks:
        raise GateClosedError(
            f"cohort {each.cohort} was rolled back by {each.person} after its wave was promoted: run "
            "it again before a later wave loads."
        )


def require_sealed(plan: Plan, frozen: list[tuple[str, str, int]]) -> None:
    """Raise GateClosedError if a frozen cohort (name, wave, place of the wave) stands elsewhere now."""
    places = {wave.name: place for place, wave in enumerate(plan.waves)}
    now = {c.name: c.wave for c in plan.cohorts}
    for name, wave, place in frozen:
        if now.get(name) != wave or places.get(wave) != place:
            raise GateClosedError(
                f"{plan.file.name} has changed since cohort {name} was frozen as one of wave {wave} "
                f"(number {place + 1} in order): put the wave and the cohort back where they were."
            )


def require_still_there(cohort: str, entity: str, *, loaded: int, withdrawn: int) -> None:
    """Raise GateClosedError if a load would withdraw most of what is loaded."""
    if withdrawn > FEW and withdrawn > loaded * MOST_WITHDRAWN:
        raise GateClosedError(
            f"{entity} in cohort {cohort}: {withdrawn:,} of {loaded:,} loaded records are no longer "
            "in what was transformed. A lost table or a revoked right looks like this. If it is "
            f"meant, set MIGRATION_ALLOW_WITHDRAWAL={entity} for this run. Nothing was written."
        )


def require_checked(outcome: CheckOutcome | None, transformed: StageRun, suite_digest: str) -> None:
    """Raise GateClosedError unless exactly what is to be loaded has passed its suite.

    Nothing transformed needs no check: there is nothing to load.
    """
    where = f"{transformed.entity} in cohort {transformed.cohort}"
    if transformed.row_count == 0:
        return
    again = (
        f"Materialize transform/{transformed.entity}, or `migration run --cohort "
        f"{transformed.cohort} --entity {transformed.entity}`."
    )
    if (
        outcome is None
        or outcome.digest != transformed.digest
        or outcome.suite_digest != suite_digest
    ):
        raise GateClosedError(
            f"{where} may not load: its suite has not been run on what is staged now. {again}"
        )
    if outcome.outcome != "passed":
        bad = outcome.count("failed") + outcome.count("error")
        raise GateClosedError(
            f"{where} may not load: {bad} of {len(outcome.results)} expectations {outcome.outcome}"
            f" on what was transformed. Read the cohort's expectation report. {again}"
        )
