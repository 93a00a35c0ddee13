"""Wave rollback: every loaded cohort of a wave taken back, and the wave with them.

How a cohort is taken back stands in `rollback`; what it means for the wave in `wave_state`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from migration_platform.decision.log import read_whole
from migration_platform.decision.move import is_legal, record
from migration_platform.errors import GateClosedError, HangingError
from migration_platform.platform import Platform
from migration_platform.rollback import record as records
from migration_platform.rollback.cohort_rollback import (
    ACTION,
    Rollback,
    require_decision,
    roll_back,
    settle,
)


def roll_back_all(
    platform: Platform,
    cohorts: Sequence[str],
    *,
    wave: str | None = None,
    person: str,
    reason: str,
    dry_run: bool = False,
) -> list[Rollback]:
    """Roll back those of the cohorts that are loaded, the last one first, each in its transaction; those
    that hang on each other in one. Then, if they are those of a `wave`, the wave itself.

    All of them are looked at before the first is touched: if one is refused, none is rolled back.
    """
    if not dry_run:
        require_decision(platform, person, reason)
    settle(platform, cohorts)
    loaded = [name for name in reversed(dict.fromkeys(cohorts)) if _is_loaded(platform, name)]
    if not loaded and not (wave and records.find_rolled_back(platform.store, cohorts)):
        raise GateClosedError(
            f"nothing of {', '.join(cohorts)} is loaded: there is nothing to roll back."
        )
    if wave is not None:
        problem = is_legal(read_whole(platform), wave, ACTION).problem
        if problem:
            raise GateClosedError(problem)
    take = partial(
        roll_back, platform, person=person, reason=reason, whole_wave=wave is not None
    )  # fmt: skip
    if dry_run:
        return take(loaded, dry_run=True) if loaded else []
    # One alone needs no look of its own: it is refused, or not, before anything else has happened.
    if len(loaded) > 1:
        for plan in take(loaded, dry_run=True):
            if plan.refusals:
                raise GateClosedError(f"{plan.sentence} Nothing was written.")
    done: list[Rollback] = []
    while left := [name for name in loaded if name not in {each.cohort for each in done}]:
        done += _take_with_what_hangs(take, left)
    if wave is not None:
        record(platform, wave, ACTION, person=person, reason=reason)
    return done


def _take_with_what_hangs(
    take: Callable[[Sequence[str]], list[Rollback]], left: Sequence[str]
) -> list[Rollback]:
    """Take the first of those that are left back, with those of them that hang on it."""
    group = [left[0]]
    while True:
        try:
            return take(group)
        except HangingError as error:
            more = [name for name in left if name in error.cohorts]
            if not more:
                raise
            group += more


def _is_loaded(platform: Platform, cohort: str) -> bool:
    with platform.destination() as connection:
        found = connection.execute(
            "SELECT FROM migration.load WHERE cohort = %s AND id > coalesce((SELECT "
            "max(last_load_id) FROM migration.rollback WHERE cohort = %s), 0) LIMIT 1",
            (cohort, cohort),
        )
    return found.rowcount > 0
