"""Scope: whose records a cohort's extract reads, and the freezing of its membership."""

from __future__ import annotations

from migration_platform import gate
from migration_platform.decision.opening import open_if_planned
from migration_platform.entity import Entity
from migration_platform.errors import GateClosedError
from migration_platform.platform import REFERENCE, Platform
from migration_platform.source.as_of import find_newest_record
from migration_platform.source.extraction import Scope
from migration_platform.source.membership import (
    all_members,
    count_unassigned,
    freeze,
    frozen_members,
    read_population,
)


def scope_of(platform: Platform, cohort: str) -> Scope:
    """Whose records a cohort's extract reads; freezes the membership if this is the first one."""
    population = platform.plan.population
    if cohort == REFERENCE:
        return Scope(None)
    declared = platform.plan.cohort(cohort)
    open_if_planned(platform, declared.wave, cohort)
    with platform.destination() as destination:
        members = frozen_members(destination, cohort)
        if members is None:
            gate.require_sealed(platform.plan, platform.frozen_cohorts())
            promoted = platform.store.promotion(declared.wave)
            if promoted is not None:
                raise GateClosedError(
                    f"cohort {cohort} is new in wave {declared.wave}, which is promoted: put it "
                    f"into a later wave of {platform.plan.file.name}."
                )
            with platform.source() as source:
                table = platform.source_tables[population["table"]]
                people = read_population(source, platform.plan, table, platform.states)
                newest = find_newest_record(
                    source, platform.entities.values(), platform.applicability
                )
            members = freeze(destination, platform.plan, declared, people, newest)
            destination.commit()
        everybody = all_members(destination) if declared.orphans else members
    if declared.orphans:
        return Scope(tuple(everybody), True, population["table"], population["key"])
    return Scope(tuple(members))


def count_unassigned_patients(platform: Platform, cohort: str, entity: Entity) -> dict[str, int]:
    """Patients in no cohort, once no cohort is left that could take them; counted with patients."""
    frozen = {name for name, _, _ in platform.frozen_cohorts()}
    if cohort == REFERENCE or entity.source.table != platform.plan.population["table"]:
        return {}
    if any(c.name not in frozen for c in platform.plan.cohorts):
        return {}
    with platform.source() as source, platform.destination() as destination:
        return {"unassigned": count_unassigned(source, platform.plan, all_members(destination))}
