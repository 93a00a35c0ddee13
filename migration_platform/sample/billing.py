"""Billing between company and insurer: coverage, claims and their transactions.

What patients pay themselves (subscriptions, payments) stands in `telehealth`.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from migration_platform.sample.draws import Bools, Draws, Ints, Keys, child_keys, expand, pick
from migration_platform.sample.people import Patients
from migration_platform.sample.practice import NO_INSURANCE, Practice
from migration_platform.sample.schema import SYNTHEA
from migration_platform.sample.text import (
    DAY,
    NEWEST_DAY,
    amounts,
    choose,
    iso_instants,
    nothing,
    numbers,
    only,
    same,
)
from migration_platform.sample.visits import REASONS, Visits

_TYPES = ("CHARGE", "TRANSFEROUT", "TRANSFERIN", "PAYMENT", "PAYMENT")
_CHARGE, _OUT, _IN, _PATIENT_PAYS, _PAYER_PAYS = range(5)
_METHODS = ("CASH", "CC", "CHECK", "COPAY")


def make_coverage(draws: Draws, practice: Practice, patients: Patients) -> pl.DataFrame:
    """One row for each year with the company (three at most); the last one is open."""
    years = np.minimum((patients.left - patients.joined) // 365 + 1, 3)
    patient, number = expand(years)
    key = child_keys(patients.index[patient], number)
    start = (patients.joined[patient] + number * 365) * DAY
    last = number == years[patient] - 1
    current = patients.payer[patient]
    return pl.DataFrame(
        {
            "PATIENT": patients.ids.gather(patient),
            "MEMBERID": draws.uuids("member", key),
            "START_YEAR": iso_instants(start),
            "END_YEAR": only(~last, iso_instants(start + 365 * DAY)),
            "PAYER": choose(
                last,
                practice.payer_ids.gather(current),
                practice.payer_ids.gather(practice.choose_payer(draws, key)),
            ),
            "SECONDARY_PAYER": nothing(len(key)),
            "OWNERSHIP": pick(
                ("Self", "Spouse", "Guardian"), draws.weighted("ownership", key, (8, 1, 1))
            ),
            "OWNERNAME": patients.name.gather(patient),
        }
    )


def make_claims(
    draws: Draws, practice: Practice, patients: Patients, visits: Visits
) -> dict[str, pl.DataFrame]:
    """A claim for nearly every encounter: its charge, and how it was paid."""
    visit = np.flatnonzero(draws.happens("claimed", visits.keys, 0.95))
    key, patient = visits.keys[visit], visits.patient[visit]
    ids = draws.uuids("claim", key)
    # What was billed lately is not paid yet by the patient.
    is_open = visits.stop[visit] > (NEWEST_DAY - 25) * DAY
    own = visits.cents[visit] - visits.covered[visit]
    claims = _claim_rows(practice, patients, visits, visit, ids, np.where(is_open, own, 0), is_open)
    return {
        "claims": claims,
        "claims_transactions": _transactions(
            draws, practice, patients, visits, visit, key, patient, ids, is_open
        ),
    }


def _claim_rows(
    practice: Practice,
    patients: Patients,
    visits: Visits,
    visit: Ints,
    ids: pl.Series,
    outstanding: Ints,
    is_open: Bools,
) -> pl.DataFrame:
    count, patient = len(visit), visits.patient[visit]
    provider = practice.ids.gather(visits.provider[visit])
    payer = patients.payer[patient]
    insured = payer != NO_INSURANCE
    start, stop = iso_instants(visits.start[visit]), iso_instants(visits.stop[visit])
    status = pick(("CLOSED", "BILLED"), is_open.astype(np.int64))
    reason = visits.reason[visit]
    columns = {name: nothing(count) for name in SYNTHEA["claims"]}
    columns |= {
        "Id": ids,
        "PATIENTID": patients.ids.gather(patient),
        "PROVIDERID": provider,
        # As in Synthea's export, 0 stands for no insurance.
        "PRIMARYPATIENTINSURANCEID": choose(
            insured, practice.payer_ids.gather(payer), same("0", count)
        ),
        "SECONDARYPATIENTINSURANCEID": same("0", count),
        "DEPARTMENTID": same("20", count),
        "PATIENTDEPARTMENTID": same("20", count),
        "DIAGNOSIS1": only(reason >= 0, pick(REASONS.codes, reason)),
        "APPOINTMENTID": visits.ids.gather(visit),
        "CURRENTILLNESSDATE": start,
        "SERVICEDATE": start,
        "SUPERVISINGPROVIDERID": practice.ids.gather(practice.supervisor[visits.provider[visit]]),
        "STATUS1": only(insured, same("CLOSED", count)),
        "STATUSP": status,
        "OUTSTANDING1": same("0", count),
        "OUTSTANDINGP": amounts(outstanding),
        "LASTBILLEDDATE1": only(insured, stop),
        "LASTBILLEDDATEP": stop,
        "HEALTHCARECLAIMTYPEID1": same("1", count),
        "HEALTHCARECLAIMTYPEID2": same("0", count),
    }
    return pl.DataFrame(columns)


def _transactions(
    draws: Draws,
    practice: Practice,
    patients: Patients,
    visits: Visits,
    visit: Ints,
    key: Keys,
    patient: Ints,
    ids: pl.Series,
    is_open: Bools,
) -> pl.DataFrame:
    """CHARGE; what the payer pays; the rest transferred to the patient, who pays unless open."""
    covered = visits.covered[visit]
    own = visits.cents[visit] - covered
    kinds = np.zeros((len(visit), 5), dtype=np.bool_)
    kinds[:, _CHARGE] = True
    kinds[:, _PAYER_PAYS] = covered > 0
    kinds[:, _OUT] = kinds[:, _IN] = (covered > 0) & (own > 0)
    kinds[:, _PATIENT_PAYS] = (own > 0) & ~is_open
    claim, kind = np.nonzero(kinds)
    claim, kind = claim.astype(np.int64), kind.astype(np.int64)
    row_key = child_keys(key[claim], kind, 8)
    total, rest, paid = visits.cents[visit][claim], own[claim], covered[claim]
    who, at = patient[claim], visit[claim]
    payer = kind == _PAYER_PAYS
    payment = payer | (kind == _PATIENT_PAYS)
    transfer = (kind == _OUT) | (kind == _IN)
    amount = np.where(kind == _CHARGE, total, rest)
    left_over = np.where(is_open[claim], rest, 0)
    method = draws.below("method", row_key, len(_METHODS))
    provider = practice.ids.gather(visits.provider[at])
    transferred = amounts(rest)
    start, count = visits.start[at], len(claim)
    columns = {name: nothing(count) for name in SYNTHEA["claims_transactions"]}
    columns |= {
        "ID": draws.uuids("transaction", row_key),
        "CLAIMID": ids.gather(claim),
        "CHARGEID": numbers(kind),
        "PATIENTID": patients.ids.gather(who),
        "TYPE": pick(_TYPES, kind),
        "AMOUNT": only((kind == _CHARGE) | (kind == _IN), amounts(amount)),
        "METHOD": only(payment, choose(payer, same("ECHECK", count), pick(_METHODS, method))),
        "FROMDATE": iso_instants(start),
        "TODATE": iso_instants(visits.stop[at]),
        "PLACEOFSERVICE": practice.organization_ids.gather(
            practice.organization[visits.provider[at]]
        ),
        "PROCEDURECODE": same("448337001", count),
        "DIAGNOSISREF1": same("1", count),
        "UNITS": same("1", count),
        "DEPARTMENTID": same("20", count),
        "NOTES": same("Telehealth visit", count),
        "UNITAMOUNT": only(kind == _CHARGE, amounts(total)),
        "TRANSFEROUTID": only(kind == _IN, same("1", count)),
        "TRANSFERTYPE": only(kind == _IN, same("p", count)),
        "PAYMENTS": only(payment, amounts(np.where(payer, paid, rest))),
        "TRANSFERS": only(transfer, transferred),
        "OUTSTANDING": amounts(np.where(kind == _IN, rest, left_over)),
        "APPOINTMENTID": visits.ids.gather(at),
        "PATIENTINSURANCEID": draws.uuids("member", child_keys(patients.index[who], start * 0)),
        "FEESCHEDULEID": same("1", count),
        "PROVIDERID": provider,
        "SUPERVISINGPROVIDERID": provider,
    }
    return pl.DataFrame(columns)
