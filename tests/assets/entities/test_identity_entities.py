"""Patients and their way into the portal."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from assets.entities import patient, portal_identity

ANA = {
    "Id": "p-1",
    "BIRTHDATE": "03/09/1981",
    "DEATHDATE": None,
    "SSN": "999-12-3456",
    "DRIVERS": "S12345678",
    "PASSPORT": "false",
    "PREFIX": "Mrs.",
    "FIRST": "SofÃ\u00ada",
    "MIDDLE": "Ana",
    "LAST": "O'Brien ",
    "SUFFIX": "",
    "MAIDEN": "Núñez",
    "MARITAL": "M",
    "RACE": "white",
    "ETHNICITY": "irish",
    "GENDER": "F ",
    "BIRTHPLACE": "Boston  Massachusetts  US",
    "ADDRESS": "12 Main Street",
    "CITY": "Boston",
    "COUNTY": "Suffolk County",
    "FIPS": "25025",
    "STATE": "mass.",
    "ZIP": "2116",
    "INCOME": "55571",
    "PROGRAM": "weight_management",
    "STAGE": "active",
    "PROVIDER": "doc-1",
    "PHONE": "(617) 555-0123",
    "EMAIL": "Sofia@Example.com",
    "TIME_ZONE": "America/New_York",
}


def test_a_patient(translate) -> None:
    assert translate(patient.ENTITY, ANA) == {
        "first_name": "Sofía",
        "middle_name": "Ana",
        "last_name": "O'Brien",
        "name_prefix": "Mrs.",
        "maiden_name": "Núñez",
        "birth_date": date(1981, 3, 9),
        "sex_code": "female",
        "race_code": "2106-3",
        "race_text": "white",
        "ethnicity_code": "2186-5",
        "ethnicity_text": "irish",
        "marital_status_code": "M",
        "birth_place": "Boston  Massachusetts  US",
        "national_id": "999-12-3456",
        "drivers_license": "S12345678",
        "address_line": "12 Main Street",
        "city": "Boston",
        "county": "Suffolk County",
        "county_fips": "25025",
        "state_code": "MA",
        "postal_code": "02116",
        "phone_e164": "+16175550123",
        "email": "sofia@example.com",
        "time_zone": "America/New_York",
        "annual_income": Decimal("55571"),
        "program_code": "weight_management",
        "stage_code": "active",
        "practitioner_id": "doc-1",
    }


@pytest.mark.parametrize("sex", ["U", "9"])
def test_a_sex_that_nobody_mapped_waits_for_a_person(translate, judge, sex: str) -> None:
    record = {**ANA, "GENDER": sex}

    assert translate(patient.ENTITY, record)["sex_code"] == (
        "problem: no translation in code_maps/sex.csv"
    )
    assert judge(patient.ENTITY, record) == ("excepted", "no translation in code_maps/sex.csv")


@pytest.mark.parametrize(
    ("change", "end", "rule"),
    [
        ({}, "mapped", None),
        ({"STAGE": " Closed "}, "archived", "closed-account"),
        ({"LAST": "Test"}, "excluded", "test-account"),
        ({"LAST": "Testa"}, "mapped", None),
        ({"EMAIL": "qa.1@EXAMPLE.test"}, "excluded", "test-address"),
        ({"STAGE": "closed", "GENDER": "U"}, "archived", "closed-account"),
        ({"FIRST": " "}, "excepted", "required but empty"),
        ({"BIRTHDATE": "9/3/81"}, "excepted", "not a date in an accepted spelling"),
    ],
)
def test_what_becomes_of_a_patient(judge, change: dict[str, str], end: str, rule: str) -> None:
    assert judge(patient.ENTITY, {**ANA, **change}) == (end, rule)


def test_a_plain_synthea_patient_moves_without_the_companys_own_columns(judge) -> None:
    own = frozenset({"PROGRAM", "STAGE", "PROVIDER", "PHONE", "EMAIL", "TIME_ZONE", "STATE", "ZIP"})
    record = {name: value for name, value in ANA.items() if name not in own}

    assert judge(patient.ENTITY, record, absent=own) == ("mapped", None)


def test_the_social_security_number_alone_makes_a_suspect() -> None:
    # Not with the birth date, which the source spells in three ways.
    assert patient.ENTITY.source.distinct == ("SSN",)


def test_the_day_of_death_goes_with_the_patient() -> None:
    assert patient.ENTITY.carries == ("death_date",)
    assert patient.ENTITY.retention is None


def test_a_portal_identity(translate) -> None:
    record = {
        "Id": "a-1",
        "PATIENT": "p-1",
        "LOGIN": "sofia.obrien1",
        "EMAIL": "Sofia@Example.com",
        "PHONE": "617.555.0123",
        "PASSWORD_HASH": "$2b$12$abcdefghijklmnopqrstuv",
        "STATUS": "closed",
        "CREATED": "2023-05-06T07:08:09Z",
        "LAST_LOGIN": "",
    }

    assert translate(portal_identity.ENTITY, record) == {
        "patient_id": "p-1",
        "login": "sofia.obrien1",
        "email": "sofia@example.com",
        "phone_e164": "+16175550123",
        "password_hash": "$2b$12$abcdefghijklmnopqrstuv",
        "status_code": "disabled",
        "created_at": datetime(2023, 5, 6, 7, 8, 9, tzinfo=UTC),
    }
    assert portal_identity.ENTITY.retention is None


def test_the_account_of_a_merged_registration_waits(judge) -> None:
    record = {"Id": "a-1", "PATIENT": "p-1", "LOGIN": "sofia", "STATUS": "closed"}

    own = judge(portal_identity.ENTITY, record)
    other = judge(portal_identity.ENTITY, record, {"patient": {"merged": True}})

    assert own == ("mapped", None)
    assert other == ("excepted", "account-of-merged-patient")
