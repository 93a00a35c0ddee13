"""Correction: which corrections and merges a comparison must know: those that the transform had
before it.

How they are read is for `reconciliation.correction` and `reconciliation.merge`.
"""

from __future__ import annotations

from migration_platform.exception.ruling import Ruling, find_rulings
from migration_platform.exception.store import acts_of
from migration_platform.platform import Platform
from migration_platform.reconciliation.correction import Corrections
from migration_platform.reconciliation.merge import Merges


def corrections_of(platform: Platform, cohort: str, entity: str) -> Corrections | None:
    """What was in force when the entity was last transformed; None if nothing was corrected."""
    columns: dict[str, tuple[int, ...]] = {}
    for ruling in _known_to_transform(platform, cohort, entity):
        if ruling.effect == "correct":
            columns[ruling.about] = (*columns.get(ruling.about, ()), ruling.number)
    if not columns:
        return None
    return Corrections(platform.staging.path(cohort, entity, "rulings"), columns)


def merges_known(platform: Platform, cohort: str, entity: str) -> Merges | None:
    """What was merged when the entity was last transformed; None if nothing was."""
    known = _known_to_transform(platform, cohort, entity)
    numbers = tuple(r.number for r in known if r.effect == "merge")
    if not numbers:
        return None
    paths = [platform.staging.path(c.name, entity, "ends") for c in platform.plan.cohorts]
    homes = [path for path in paths if path.exists()]
    return Merges(platform.staging.path(cohort, entity, "rulings"), numbers, homes)


def _known_to_transform(platform: Platform, cohort: str, entity: str) -> tuple[Ruling, ...]:
    transformed = platform.store.latest(cohort, entity, "transform")
    until = transformed.detail.get("rulings_until", 0) if transformed else 0
    return find_rulings(acts_of(platform.store, cohort, entity, until=until)) if until else ()
