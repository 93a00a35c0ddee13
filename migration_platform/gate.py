"""Gate: may this be loaded? The rule stands in the load itself, whatever way it was started.

The first wave's gate is open. A later wave's opens when the wave before it is promoted.
"""

from __future__ import annotations

from migration_platform.check import CheckOutcome
from migration_platform.errors import GateClosedError
from migration_platform.store import StageRun, Store
from migration_platform.wave import Plan


def require_open(store: Store, plan: Plan, cohort: str) -> None:
    """Raise GateClosedError unless the wave before this cohort's is promoted."""
    wave = plan.wave_of(cohort)
    before = plan.before(wave.name)
    if before is None or store.promotion(before.name) is not None:
        return
    raise GateClosedError(
        f"cohort {cohort} may not load: it is in wave {wave.name}, and wave {before.name} is not "
        f"promoted. See why with `migration status`, then `migration promote {before.name}`."
    )


def require_checked(outcome: CheckOutcome | None, transformed: StageRun) -> None:
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
    if outcome is None or outcome.digest != transformed.digest:
        raise GateClosedError(
            f"{where} may not load: its suite has not been run on what is staged now. {again}"
        )
    if outcome.outcome != "passed":
        bad = outcome.count("failed") + outcome.count("error")
        raise GateClosedError(
            f"{where} may not load: {bad} of {len(outcome.results)} expectations {outcome.outcome}"
            f" on what was transformed. Read the cohort's expectation report. {again}"
        )
