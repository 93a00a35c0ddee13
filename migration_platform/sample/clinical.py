"""The clinical record beside encounters: what was found, prescribed, done and planned."""

from __future__ import annotations

import numpy as np
import polars as pl

from migration_platform.sample.dirt import rate
from migration_platform.sample.draws import Draws, Ints, child_keys, expand, pick
from migration_platform.sample.people import ACTIVE, CLOSED, PAUSED, Patients
from migration_platform.sample.practice import NO_INSURANCE, Practice
from migration_platform.sample.programs import ALLERGENS, PROGRAMS, VACCINES
from migration_platform.sample.spelling import spell_days
from migration_platform.sample.text import (
    DAY,
    amounts,
    iso_days,
    iso_instants,
    nothing,
    numbers,
    only,
    same,
)
from migration_platform.sample.visits import REASONS, Catalogue, Visits

_DRUGS = [drug for program in PROGRAMS for drug in program.medications]
_DRUG_LIST = Catalogue.of([tuple((m.code, m.description) for m in p.medications) for p in PROGRAMS])
_PROCEDURES = Catalogue.of([p.procedures for p in PROGRAMS])
_PLANS = Catalogue.of([(p.care_plan,) for p in PROGRAMS])


def make_conditions(draws: Draws, patients: Patients, visits: Visits) -> pl.DataFrame:
    """One to three problems a patient; some of them resolved."""
    most = np.where(patients.thin, 1, 1 + draws.below("conditions", patients.index, 3))
    patient, number = expand(np.where(visits.count > 0, most, 0))
    key = child_keys(patients.index[patient], number)
    visit = np.where(
        number == 0, visits.first[patient], visits.any_of(draws, "condition at", key, patient)
    )
    start = visits.start[visit] // DAY
    after = 10 + draws.below("condition for", key, 300)
    left = np.maximum(patients.left[patient], start)
    resolved = draws.happens("condition over", key, 0.3) & (start + after <= left)
    code = REASONS.position(patients.program[patient], number)
    return pl.DataFrame(
        {
            "START": spell_days(draws, "conditions.START", key, start),
            "STOP": only(resolved, iso_days(start + after)),
            "PATIENT": patients.ids.gather(patient),
            "ENCOUNTER": visits.ids.gather(visit),
            "CODE": pick(REASONS.codes, code),
            "DESCRIPTION": pick(REASONS.descriptions, code),
        }
    )


def make_allergies(draws: Draws, patients: Patients, visits: Visits) -> pl.DataFrame:
    """An allergy for every fourth patient."""
    has = draws.happens("allergy", patients.index, 0.25) & (visits.count > 0) & ~patients.thin
    patient, _ = expand(has.astype(np.int64))
    key = patients.index[patient]
    what = draws.below("allergen", key, len(ALLERGENS))
    visit = visits.first[patient]
    start = visits.start[visit] // DAY
    return pl.DataFrame(
        {
            "START": spell_days(draws, "allergies.START", key, start),
            "STOP": nothing(len(key)),
            "PATIENT": patients.ids.gather(patient),
            "ENCOUNTER": visits.ids.gather(visit),
            "CODE": pick([a[0] for a in ALLERGENS], what),
            "SYSTEM": pick([a[1] for a in ALLERGENS], what),
            "DESCRIPTION": pick([a[2] for a in ALLERGENS], what),
            "TYPE": pick(("allergy", "intolerance"), draws.weighted("allergy type", key, (8, 2))),
            "CATEGORY": pick([a[3] for a in ALLERGENS], what),
            "REACTION1": pick([a[4][0] for a in ALLERGENS], what),
            "DESCRIPTION1": pick([a[4][1] for a in ALLERGENS], what),
            "SEVERITY1": pick(("MILD", "MODERATE", "SEVERE"), draws.below("severity", key, 3)),
            "REACTION2": nothing(len(key)),
            "DESCRIPTION2": nothing(len(key)),
            "SEVERITY2": nothing(len(key)),
        }
    )


def make_medications(
    draws: Draws, practice: Practice, patients: Patients, visits: Visits
) -> pl.DataFrame:
    """One to three prescriptions a patient in care, with the state of their refills."""
    most = np.where(patients.thin, 0, 1 + draws.below("medications", patients.index, 3))
    treated = (visits.count > 0) & (patients.stage >= ACTIVE)
    patient, number = expand(np.where(treated, most, 0))
    key = child_keys(patients.index[patient], number)
    visit = visits.any_of(draws, "prescribed at", key, patient)
    start = visits.start[visit]
    day = start // DAY
    left = np.maximum(patients.left[patient], day)
    stage = patients.stage[patient]
    stopped = draws.happens("stopped", key, 0.35)
    until = day + (draws.unit("taken for", key) * (left - day)).astype(np.int64)
    ended = stopped | (stage == CLOSED) | (patients.died[patient] > 0)
    end = np.where(stopped, until, left)
    fills = (np.where(ended, end, left) - day) // 30 + 1
    unfilled = draws.happens("unfilled", key, rate("refill without a fill")) & ~ended
    fills = np.where(unfilled, 0, fills)
    refills = np.maximum(draws.below("refills", key, 6), unfilled)
    last = spell_days(draws, "medications.LAST_FILL", key, day + (fills - 1) * 30)
    drug = _DRUG_LIST.position(patients.program[patient], number)
    cents = np.array([d.cents for d in _DRUGS], dtype=np.int64)[drug]
    insured = patients.payer[patient] != NO_INSURANCE
    reason = visits.reason[visit]
    provider = visits.provider[visit]
    status = np.where(ended, np.where(stopped, 1, 2), np.where(stage == PAUSED, 3, 0))
    return pl.DataFrame(
        {
            "START": iso_instants(start),
            "STOP": only(ended, iso_instants(np.maximum(end * DAY + 82_800, start))),
            "PATIENT": patients.ids.gather(patient),
            "PAYER": practice.payer_ids.gather(patients.payer[patient]),
            "ENCOUNTER": visits.ids.gather(visit),
            "CODE": pick(_DRUG_LIST.codes, drug),
            "DESCRIPTION": pick(_DRUG_LIST.descriptions, drug),
            "BASE_COST": amounts(cents),
            "PAYER_COVERAGE": amounts(np.where(insured & ~unfilled, cents * 7 // 10, 0)),
            "DISPENSES": numbers(fills),
            "TOTALCOST": amounts(cents * fills),
            "REASONCODE": only(reason >= 0, pick(REASONS.codes, reason)),
            "REASONDESCRIPTION": only(reason >= 0, pick(REASONS.descriptions, reason)),
            "REFILLS_LEFT": numbers(np.where(ended, 0, refills)),
            "LAST_FILL": only(~unfilled, last),
            "SIG": pick([d.sig for d in _DRUGS], drug),
            "STATUS": pick(("active", "completed", "stopped", "on-hold"), status),
            "PRESCRIBER": practice.ids.gather(provider),
        }
    )


def make_procedures(draws: Draws, patients: Patients, visits: Visits) -> pl.DataFrame:
    """A procedure at every fifth encounter."""
    visit = np.flatnonzero(draws.happens("procedure", visits.keys, 0.2))
    key, patient = visits.keys[visit], visits.patient[visit]
    code = _PROCEDURES.position(patients.program[patient], draws.below("procedure", key, 2))
    start, reason = visits.start[visit] + 120, visits.reason[visit]
    return pl.DataFrame(
        {
            "START": iso_instants(start),
            "STOP": iso_instants(start + 300 + draws.below("procedure length", key, 180)),
            "PATIENT": patients.ids.gather(patient),
            "ENCOUNTER": visits.ids.gather(visit),
            "CODE": pick(_PROCEDURES.codes, code),
            "DESCRIPTION": pick(_PROCEDURES.descriptions, code),
            "BASE_COST": amounts(2_000 + draws.below("procedure cost", key, 40_000)),
            "REASONCODE": only(reason >= 0, pick(REASONS.codes, reason)),
            "REASONDESCRIPTION": only(reason >= 0, pick(REASONS.descriptions, reason)),
        }
    )


def make_immunizations(draws: Draws, patients: Patients, visits: Visits) -> pl.DataFrame:
    """A vaccination for every third patient, reported at an encounter."""
    has = draws.happens("immunized", patients.index, 0.35) & (visits.count > 0) & ~patients.thin
    patient, _ = expand(has.astype(np.int64))
    key = patients.index[patient]
    visit = visits.any_of(draws, "immunized at", key, patient)
    vaccine = draws.below("vaccine", key, len(VACCINES))
    return pl.DataFrame(
        {
            "DATE": iso_instants(visits.start[visit]),
            "PATIENT": patients.ids.gather(patient),
            "ENCOUNTER": visits.ids.gather(visit),
            "CODE": pick([v[0] for v in VACCINES], vaccine),
            "DESCRIPTION": pick([v[1] for v in VACCINES], vaccine),
            "BASE_COST": same("136.00", len(key)),
        }
    )


def make_careplans(draws: Draws, patients: Patients, visits: Visits) -> pl.DataFrame:
    """A care plan for most patients, from the first encounter on."""
    has = draws.happens("planned", patients.index, 0.6) & (visits.count > 0) & ~patients.thin
    patient, _ = expand(has.astype(np.int64))
    key = patients.index[patient]
    visit = visits.first[patient]
    start: Ints = visits.start[visit] // DAY
    plan = _PLANS.position(patients.program[patient], np.zeros(len(key), dtype=np.int64))
    reason = REASONS.position(patients.program[patient], np.zeros(len(key), dtype=np.int64))
    over = patients.stage[patient] == CLOSED
    left = np.maximum(patients.left[patient], start)
    return pl.DataFrame(
        {
            "Id": draws.uuids("careplan", key),
            "START": spell_days(draws, "careplans.START", key, start),
            "STOP": only(over, iso_days(left)),
            "PATIENT": patients.ids.gather(patient),
            "ENCOUNTER": visits.ids.gather(visit),
            "CODE": pick(_PLANS.codes, plan),
            "DESCRIPTION": pick(_PLANS.descriptions, plan),
            "REASONCODE": pick(REASONS.codes, reason),
            "REASONDESCRIPTION": pick(REASONS.descriptions, reason),
        }
    )
