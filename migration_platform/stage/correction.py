"""Correction: which corrections a comparison must know: those that the transform had before it.

How they are read is for `reconciliation.correction`.
"""

from __future__ import annotations

from migration_platform.exception_store import acts_of
from migration_platform.platform import Platform
from migration_platform.reconciliation.correction import Corrections
from migration_platform.ruling import find_rulings


def corrections_of(platform: Platform, cohort: str, entity: str) -> Corrections | None:
    """What was in force when the entity was last transformed; None if nothing was corrected."""
    transformed = platform.store.latest(cohort, entity, "transform")
    until = transformed.detail.get("rulings_until", 0) if transformed else 0
    if not until:
        return None
    columns: dict[str, tuple[int, ...]] = {}
    for ruling in find_rulings(acts_of(platform.store, cohort, entity, until=until)):
        if ruling.effect == "correct":
            columns[ruling.about] = (*columns.get(ruling.about, ()), ruling.number)
    if not columns:
        return None
    return Corrections(platform.staging.path(cohort, entity, "rulings"), columns)
