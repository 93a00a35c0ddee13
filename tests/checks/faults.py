"""Faults: what has to change in sound records for an expectation to fail."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

import great_expectations.expectations as gxe
from great_expectations.expectations.expectation import Expectation

from tests.checks.records import DOCTOR, PAYER, key, sound

# What breaks an expectation that is written in SQL or forbids a pattern: its sentence, and what
# changes in one or two sound records.
FAULTS: dict[str, dict[str, list[dict[str, Any]]]] = {
    "organization": {
        "An address with a ZIP code has a city or a state.": [{"city": None, "state_code": None}],
    },
    "practitioner": {"A practitioner with an NPI has credentials.": [{"credentials": None}]},
    "patient": {
        "Nobody is older than 125 years.": [{"birth_date": "1901-01-01", "death_date": None}],
        "Email addresses are in small letters.": [{"email": "Jose@example.org"}],
        "No account that staff made for testing is among them.": [{"last_name": "Test"}],
        "Who is in a program is at a stage of it, and the other way round.": [{"stage_code": None}],
        "Race in the source's word has a code.": [{"race_code": None}],
        "An address with a ZIP code has a state.": [{"state_code": None}],
    },
    "portal_identity": {
        "No sign-in name has a space in it.": [{"login": "jose garcia"}],
        "Who may sign in has a password.": [{"password_hash": None}],
        "Who is only invited has not signed in yet.": [{"status_code": "invited"}],
    },
    "coverage": {
        "The second payer is another than the first.": [{"secondary_payer_id": PAYER}],
        "A holder who is named stands in a relation to the patient.": [{"owner_code": None}],
    },
    "encounter": {
        "No encounter lasts longer than three years.": [{"ended_at": "2027-03-02T10:00Z"}],
        "A reason in words is coded too.": [{"reason_code": None}],
        "No encounter is before the patient's birth.": [{"started_at": "1980-02-27T10:00Z"}],
        "After a patient's death there is no encounter but its certification.": [
            {"patient_id": key("patient", 2), "started_at": "2025-02-02T00:00Z", "ended_at": None}
        ],
    },
    "clinical_note": {"Nobody countersigns a note of their own.": [{"cosigner_id": DOCTOR}]},
    "condition": {
        "No condition begins before the patient's birth.": [{"onset_date": "1980-02-27"}]
    },
    "allergy": {
        "A severity belongs to a first reaction that is named.": [{"reaction1_code": None}],
        "A severity belongs to a second reaction that is named.": [{"reaction2_code": None}],
        "There is no second reaction without a first.": [{"reaction1_code": None}],
    },
    "medication_request": {
        "Nothing was dispensed before it was prescribed.": [{"last_fill_date": "2024-02-28"}],
        "What is over has no refills left.": [{"status_code": "stopped"}],
        "What is active and can be refilled has directions.": [{"sig": None}],
    },
    "observation": {
        "Vital signs and HbA1c lie where a living person's can.": [{"value_number": "814"}],
        "Vital signs and HbA1c are in the unit that their range is meant in.": [{"units": "lb"}],
        "A value that the source calls a number is one.": [{"value_text": "heavy"}],
        "A number has the text that it was read from.": [{"value_text": None}],
        "A number says exactly what its text says.": [{"value_number": "81.400001"}],
    },
    "procedure": {"A reason in words is coded too.": [{"reason_code": None}]},
    "immunization": {
        "No immunization is before the patient's birth.": [{"administered_at": "1980-02-27T10:00Z"}]
    },
    "care_plan": {
        "A reason in words is coded too.": [{"reason_code": None}],
        "All activities of a care plan belong to one patient.": [
            {"plan_number": "shared"},
            {"plan_number": "shared", "patient_id": key("patient", 2)},
        ],
    },
    "document_reference": {
        "No path leads out of the documents folder.": [{"storage_path": "../secrets"}],
        "No digest is that of an empty file.": [
            {"sha256": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"}
        ],
    },
    "claim": {
        "What the first insurer has closed is paid.": [{"primary_outstanding": "0.01"}],
        "What the second insurer has closed is paid.": [{"secondary_outstanding": "0.01"}],
        "What the patient has closed is paid.": [{"patient_status_code": "closed"}],
        "There is no second diagnosis without a first.": [{"diagnosis1_code": None}],
        "The second insurer is another than the first.": [{"secondary_payer_id": PAYER}],
    },
    "claim_transaction": {
        "Every charge has an amount.": [{"amount": None}],
        "Every payment says what was paid.": [{"type_code": "payment"}],
        "Every transfer says what was transferred.": [{"type_code": "transfer_in"}],
        "A charge is its units times the price of one, to the cent.": [{"amount": "85.57"}],
        "Only payments have a method.": [{"method_code": "cash"}],
    },
    "subscription": {
        "Prices are in whole cents.": [{"price": "49.005"}],
        "No payment token is a card number.": [{"payment_token": "4242 4242 4242 4242"}],
        "What is cancelled says since when.": [{"status_code": "cancelled"}],
        "What is in force has not been cancelled.": [{"cancelled_date": "2024-05-01"}],
        "What is active can be charged.": [{"payment_token": None}],
        "What is active has a day of renewal.": [{"renewal_date": None}],
        "No patient pays twice for one program.": [{}, {}],
    },
    "payment": {
        "Amounts are in whole cents.": [{"amount": "49.005"}],
        "No reference is a card number.": [{"processor_reference": "4242424242424242"}],
        "A negative amount is a refund or in dispute.": [{"amount": "-49.00"}],
        "What succeeded says when.": [{"paid_at": None}],
        "What succeeded can be found at the processor.": [{"processor_reference": None}],
        "A card's digits stand with a card only.": [{"method_code": "ach"}],
    },
    "intake_response": {
        "What a clinician has reviewed was answered.": [{"answered_at": None}],
        "An answer that was submitted says when.": [
            {"status_code": "submitted", "answered_at": None}
        ],
    },
}


def faults_of(entity: str, expectation: Expectation) -> list[dict[str, Any]]:
    """What changes in sound records so that they break this expectation."""
    by_hand = FAULTS.get(entity, {}).get(expectation.description or "")
    if by_hand is not None:
        return by_hand
    match expectation:
        case gxe.ExpectColumnValuesToNotBeNull(column=column, mostly=mostly):
            return [{column: None}] * (1 if mostly == 1 else 10)
        case gxe.ExpectColumnValuesToBeUnique(column=column):
            same = sound(entity, 1).get(column, "the same")
            return [{column: same}, {column: same}]
        case gxe.ExpectCompoundColumnsToBeUnique(column_list=columns):
            same = {column: sound(entity, 1)[column] for column in columns}
            return [same, same]
        case gxe.ExpectColumnValuesToBeInSet(column=column):
            return [{column: "no such code"}]
        case gxe.ExpectColumnValuesToMatchRegex(column=column):
            return [{column: "~"}]
        case gxe.ExpectColumnValuesToNotMatchRegex(column=column, regex=regex) if "Ã" in regex:
            return [{column: "GarcÃ­a"}]
        case gxe.ExpectColumnValuesToBeBetween(column=column, min_value=date()):
            return [{column: "1800-01-01"}]
        case gxe.ExpectColumnValuesToBeBetween(column=column, min_value=least, max_value=most):
            return [{column: least - 1}, {column: most + 1}]
        case gxe.ExpectColumnPairValuesAToBeGreaterThanB(column_A=later, column_B=earlier):
            if later.endswith(("_at", "_date")):
                return [{later: "2001-01-01", earlier: "2002-01-01"}]
            return [{later: 1, earlier: 2}]
        case gxe.ExpectColumnValueLengthsToBeBetween(column=column):
            return [{column: ""}]
        case gxe.UnexpectedRowsExpectation(unexpected_rows_query=str(query)):
            if found := re.search(r"WHERE (\w+) > now\(\)", query):
                return [{found[1]: "2999-01-01"}]
            if found := re.search(r"WHERE record\.(\w+) IS NOT NULL AND \w+\.id IS NULL", query):
                return [{found[1]: key("nobody", 9)}]
            if found := re.search(r"= record\.(\w+) WHERE (\w+)\.patient_id <>", query):
                return [{found[1]: key(found[2], 2)}]
    raise AssertionError(f"{entity}: no fault is planted for: {expectation.description}")
