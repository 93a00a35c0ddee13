"""Coverages, claims, subscriptions and payments."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from assets.entities import claim, claim_transaction, coverage, payment, subscription

PERIOD = {
    "PATIENT": "p-1",
    "MEMBERID": "m-1",
    "START_YEAR": "2024-03-14T02:04:10Z",
    "END_YEAR": "2025-03-19T02:04:10Z",
    "PAYER": "payer-1",
    "SECONDARY_PAYER": None,
    "OWNERSHIP": "Guardian",
    "OWNERNAME": "Ana Núñez",
}
CLAIM = {
    "Id": "c-1",
    "PATIENTID": "p-1",
    "PROVIDERID": "doc-1",
    "PRIMARYPATIENTINSURANCEID": "payer-1",
    "SECONDARYPATIENTINSURANCEID": "0",
    "DEPARTMENTID": "20",
    "PATIENTDEPARTMENTID": "20",
    "DIAGNOSIS1": "59621000",
    "DIAGNOSIS8": "55822004",
    "REFERRINGPROVIDERID": "",
    "APPOINTMENTID": "e-1",
    "CURRENTILLNESSDATE": "1995-12-17T00:21:58Z",
    "SERVICEDATE": "2025-05-06T11:08:09Z",
    "SUPERVISINGPROVIDERID": "doc-2",
    "STATUS1": "CLOSED",
    "STATUS2": "",
    "STATUSP": "BILLED",
    "OUTSTANDING1": "0",
    "OUTSTANDINGP": "25.66",
    "LASTBILLEDDATE1": "2025-05-06T11:23:09Z",
    "LASTBILLEDDATEP": "2025-05-06T11:23:09Z",
    "HEALTHCARECLAIMTYPEID1": "1",
    "HEALTHCARECLAIMTYPEID2": "0",
}
SUBSCRIPTION = {
    "Id": "s-1",
    "PATIENT": "p-1",
    "PROGRAM": "hair_loss",
    "PLAN": "quarterly",
    "STATUS": "active",
    "STARTED": "05-Mar-2023",
    "RENEWS": "2026-07-01",
    "CANCELLED": "",
    "PRICE": "$1,082.50",
    "CURRENCY": "USD",
    "PAYMENT_TOKEN": "tok_1",
}
PAYMENT = {
    "Id": "pay-1",
    "PATIENT": "p-1",
    "SUBSCRIPTION": "s-1",
    "AMOUNT": "(12.00)",
    "CURRENCY": "USD",
    "STATUS": "refunded",
    "PAID_AT": "2025-07-01 12:00:00",
    "METHOD": "card",
    "CARD_LAST4": "0042",
    "PROCESSOR_REF": "ch_1",
}


def test_a_coverage_of_a_newer_export(translate) -> None:
    assert translate(coverage.ENTITY, PERIOD) == {
        "patient_id": "p-1",
        "payer_id": "payer-1",
        "member_id": "m-1",
        "start_date": date(2024, 3, 14),
        "end_date": date(2025, 3, 19),
        "owner_code": "guardian",
        "owner_name": "Ana Núñez",
    }


def test_a_coverage_of_an_export_with_years(translate) -> None:
    read = translate(coverage.ENTITY, {**PERIOD, "START_YEAR": "2015", "END_YEAR": "2017"})

    assert (read["start_date"], read["end_date"]) == (date(2015, 1, 1), date(2017, 12, 31))


def test_a_claim(translate) -> None:
    assert translate(claim.ENTITY, CLAIM) == {
        "patient_id": "p-1",
        "encounter_id": "e-1",
        "practitioner_id": "doc-1",
        "supervising_practitioner_id": "doc-2",
        "primary_payer_id": "payer-1",
        "service_at": datetime(2025, 5, 6, 11, 8, 9, tzinfo=UTC),
        "illness_onset_at": datetime(1995, 12, 17, 0, 21, 58, tzinfo=UTC),
        "department_code": "20",
        "patient_department_code": "20",
        "diagnosis1_code": "59621000",
        "diagnosis8_code": "55822004",
        "primary_status_code": "closed",
        "patient_status_code": "billed",
        "primary_outstanding": Decimal("0"),
        "patient_outstanding": Decimal("25.66"),
        "primary_billed_at": datetime(2025, 5, 6, 11, 23, 9, tzinfo=UTC),
        "patient_billed_at": datetime(2025, 5, 6, 11, 23, 9, tzinfo=UTC),
        "primary_type_code": "professional",
        "secondary_type_code": "none",
    }


def test_a_payer_of_0_is_none_and_not_a_broken_reference(judge) -> None:
    uninsured = {**CLAIM, "PRIMARYPATIENTINSURANCEID": "0"}

    assert judge(claim.ENTITY, uninsured) == ("mapped", None)


def test_a_claim_transaction(translate) -> None:
    record = {
        "ID": "t-1",
        "CLAIMID": "c-1",
        "CHARGEID": "3",
        "PATIENTID": "p-1",
        "TYPE": "PAYMENT",
        "METHOD": "CC",
        "FROMDATE": "2025-05-06T11:08:09Z",
        "TODATE": "1970-01-01T00:00:00Z",
        "PLACEOFSERVICE": "org-1",
        "PROCEDURECODE": "162673000",
        "DIAGNOSISREF1": "1",
        "UNITS": "1",
        "DEPARTMENTID": "20",
        "NOTES": "General examination of patient (procedure)",
        "TRANSFERTYPE": "p",
        "PAYMENTS": "77.49",
        "OUTSTANDING": "0.00",
        "APPOINTMENTID": "e-1",
        "FEESCHEDULEID": "1",
        "PROVIDERID": "doc-1",
        "SUPERVISINGPROVIDERID": "doc-2",
    }

    assert translate(claim_transaction.ENTITY, record) == {
        "patient_id": "p-1",
        "claim_id": "c-1",
        "encounter_id": "e-1",
        "organization_id": "org-1",
        "practitioner_id": "doc-1",
        "supervising_practitioner_id": "doc-2",
        "charge_number": "3",
        "type_code": "payment",
        "method_code": "card",
        "from_at": datetime(2025, 5, 6, 11, 8, 9, tzinfo=UTC),
        "procedure_code": "162673000",
        "diagnosis_ref1": 1,
        "units": 1,
        "department_code": "20",
        "description": "General examination of patient (procedure)",
        "transfer_type_code": "patient",
        "payments": Decimal("77.49"),
        "outstanding": Decimal("0"),
        "fee_schedule_code": "1",
    }


def test_a_claim_transaction_shares_the_fate_of_its_claim() -> None:
    named = {field.name: field.required for field, _ in claim_transaction.ENTITY.references}

    assert named["claim_id"]
    assert claim_transaction.ENTITY.retention is None


def test_a_subscription(translate) -> None:
    assert translate(subscription.ENTITY, SUBSCRIPTION) == {
        "patient_id": "p-1",
        "program_code": "hair_loss",
        "plan_code": "quarterly",
        "status_code": "active",
        "start_date": date(2023, 3, 5),
        "renewal_date": date(2026, 7, 1),
        "price": Decimal("1082.50"),
        "currency_code": "USD",
        "payment_token": "tok_1",
    }


def test_a_refund(translate) -> None:
    assert translate(payment.ENTITY, PAYMENT) == {
        "patient_id": "p-1",
        "subscription_id": "s-1",
        "amount": Decimal("-12"),
        "currency_code": "USD",
        "status_code": "refunded",
        "paid_at": datetime(2025, 7, 1, 16, tzinfo=UTC),
        "method_code": "card",
        "card_last4": "0042",
        "processor_reference": "ch_1",
    }


@pytest.mark.parametrize(
    ("paid_at", "rule"),
    [
        ("2025-03-09 02:30:00", "a wall time that the clock change skipped"),
        ("2025-11-02 01:30:00", "a wall time that the clock change showed twice"),
    ],
)
def test_a_payment_in_the_hour_of_a_clock_change_waits(judge, paid_at: str, rule: str) -> None:
    assert judge(payment.ENTITY, {**PAYMENT, "PAID_AT": paid_at}) == ("excepted", rule)


@pytest.mark.parametrize(
    ("entity", "record", "end"),
    [
        (coverage.ENTITY, {**PERIOD, "END_YEAR": "2024-06-29T00:00:00Z"}, "archived"),
        (coverage.ENTITY, {**PERIOD, "END_YEAR": "2024"}, "mapped"),
        (coverage.ENTITY, {**PERIOD, "START_YEAR": "1990", "END_YEAR": ""}, "mapped"),
        (claim.ENTITY, {**CLAIM, "SERVICEDATE": "2020-01-01", "STATUSP": "CLOSED"}, "archived"),
        (claim.ENTITY, {**CLAIM, "SERVICEDATE": "2020-01-01", "STATUSP": "BILLED"}, "mapped"),
        (claim.ENTITY, {**CLAIM, "SERVICEDATE": "2020-01-01", "STATUSP": None}, "archived"),
        (subscription.ENTITY, {**SUBSCRIPTION, "RENEWS": "2020-01-01"}, "mapped"),
        (
            subscription.ENTITY,
            {**SUBSCRIPTION, "STATUS": "cancelled", "CANCELLED": "2023-06-01"},
            "archived",
        ),
        (
            subscription.ENTITY,
            {**SUBSCRIPTION, "STATUS": "cancelled", "CANCELLED": "2025-06-01"},
            "mapped",
        ),
        (
            subscription.ENTITY,
            {**SUBSCRIPTION, "STATUS": "expired", "RENEWS": "2023-06-01"},
            "archived",
        ),
        (payment.ENTITY, {**PAYMENT, "PAID_AT": "2020-01-01 00:00:00"}, "archived"),
        (
            payment.ENTITY,
            {**PAYMENT, "PAID_AT": "2020-01-01 00:00:00", "STATUS": "pending"},
            "mapped",
        ),
        (payment.ENTITY, {**PAYMENT, "PAID_AT": None, "STATUS": "pending"}, "mapped"),
    ],
)
def test_what_is_old_and_settled_is_archived(judge, entity, record, end: str) -> None:
    assert judge(entity, record)[0] == end


def test_a_subscription_in_force_of_a_merged_registration_waits(judge) -> None:
    merged = {"patient": {"merged": True}}
    over = {**SUBSCRIPTION, "STATUS": "cancelled", "CANCELLED": "2026-01-05"}

    assert judge(subscription.ENTITY, SUBSCRIPTION) == ("mapped", None)
    assert judge(subscription.ENTITY, SUBSCRIPTION, merged) == (
        "excepted",
        "subscription-of-merged-patient",
    )
    assert judge(subscription.ENTITY, over, merged) == ("mapped", None)
