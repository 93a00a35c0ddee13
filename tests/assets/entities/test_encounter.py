"""Encounters: the record that clinical entities and claims hang on."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from assets.entities.encounter import ENTITY

VISIT = {
    "Id": "e-1",
    "START": "2025-05-06T07:08:09-04:00",
    "STOP": "2025-05-06T11:23:09Z",
    "PATIENT": "p-1",
    "ORGANIZATION": "org-1",
    "PROVIDER": "doc-1",
    "PAYER": "payer-1",
    "ENCOUNTERCLASS": "virtual",
    "CODE": "448337001",
    "DESCRIPTION": "Telemedicine consultation with patient (procedure)",
    "BASE_ENCOUNTER_COST": "85.55",
    "TOTAL_CLAIM_COST": "$1,085.55",
    "PAYER_COVERAGE": "0.00",
    "REASONCODE": "59621000",
    "REASONDESCRIPTION": "",
}


def test_an_encounter(translate) -> None:
    assert translate(ENTITY, VISIT) == {
        "patient_id": "p-1",
        "practitioner_id": "doc-1",
        "organization_id": "org-1",
        "payer_id": "payer-1",
        "class_code": "VR",
        "started_at": datetime(2025, 5, 6, 11, 8, 9, tzinfo=UTC),
        "ended_at": datetime(2025, 5, 6, 11, 23, 9, tzinfo=UTC),
        "code": "448337001",
        "description": "Telemedicine consultation with patient (procedure)",
        "base_cost": Decimal("85.55"),
        "total_claim_cost": Decimal("1085.55"),
        "payer_coverage": Decimal("0"),
        "reason_code": "59621000",
    }


def test_an_encounter_of_the_2017_export(translate, judge) -> None:
    record = {
        "Id": "e-1",
        "START": "2025-05-06",
        "PATIENT": "p-1",
        "CODE": "185349003",
        "DESCRIPTION": "Outpatient Encounter",
    }
    absent = frozenset(set(ENTITY.columns) - set(record))

    assert translate(ENTITY, record) == {
        "patient_id": "p-1",
        "started_at": datetime(2025, 5, 6, tzinfo=UTC),
        "code": "185349003",
        "description": "Outpatient Encounter",
    }
    assert judge(ENTITY, record, absent=absent) == ("mapped", None)


@pytest.mark.parametrize("provider", [None, "", " "])
def test_without_a_provider_nobody_answers_for_it(judge, provider: str | None) -> None:
    record = {**VISIT, "PROVIDER": provider}

    assert judge(ENTITY, record) == ("excepted", "encounter-without-provider")


def test_the_class_of_the_first_release_is_left_out_on_purpose(judge) -> None:
    record = {**VISIT, "ENCOUNTERCLASS": "TELEVISIT"}

    assert judge(ENTITY, record) == ("excepted", "no translation in code_maps/encounter_class.csv")


@pytest.mark.parametrize(
    ("died", "code", "end", "rule"),
    [
        (None, "448337001", "mapped", None),
        (date(2025, 5, 7), "448337001", "mapped", None),
        (date(2025, 5, 5), "448337001", "mapped", None),  # a day is granted: UTC against local
        (date(2025, 5, 4), "448337001", "excepted", "encounter-after-death"),
        (date(2025, 4, 29), "308646001", "mapped", None),  # the certification of the death
    ],
)
def test_after_death_only_the_death_is_certified(
    judge, died: date | None, code: str, end: str, rule: str | None
) -> None:
    parents = {"patient": {"death_date": died}}

    assert judge(ENTITY, {**VISIT, "CODE": code}, parents) == (end, rule)


def test_an_old_encounter_is_archived_even_if_it_has_a_fault(judge) -> None:
    record = {**VISIT, "START": "2024-06-29T23:59:59Z", "PROVIDER": None}

    assert judge(ENTITY, record) == ("archived", "retention")
