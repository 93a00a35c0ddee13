"""Patients: the record that every chart hangs on, so what happens here happens to all of it.

Closed accounts are archived with their charts; staff's test accounts are excluded. A second record
of the same SSN is a suspected duplicate and waits for a person: joining two charts is a clinical
decision. The SSN alone decides, because the source spells birth dates in three ways. There is no
retention by age: a patient without a recent visit is still a patient, and only the old records of
the chart are archived.

Race and ethnicity become the CDC's categories; the source's own word moves beside each, because
older exports are finer there ("irish") or coarser, and nothing is to be lost in the mapping.

Not moved: LAT, LON (follow from the address); HEALTHCARE_EXPENSES, HEALTHCARE_COVERAGE (lifetime
totals that the source computes from claims; the destination computes its own).
"""

from pathlib import Path

from migration_platform.entity import Entity, Field, Likeness, Reference, Rule, Source
from migration_platform.translation import (
    code,
    date,
    email,
    filled,
    identifier,
    money,
    phone,
    postal_code,
    text,
)

MAPS = Path(__file__).parent / "code_maps"
STAGE = code("STAGE", MAPS / "stage.csv")

ENTITY = Entity(
    name="patient",
    description="A person who is or was treated",
    group="identity",
    source=Source(table="patients", key=("Id",), patient="Id", distinct=("SSN",)),
    fields=(
        Field("first_name", "text", text("FIRST"), required=True, description="Given name"),
        Field("middle_name", "text", text("MIDDLE"), description="Middle name"),
        Field("last_name", "text", text("LAST"), required=True, description="Family name"),
        Field("name_prefix", "text", text("PREFIX"), description="As in Ms., Dr."),
        Field("name_suffix", "text", text("SUFFIX"), description="As in Jr., MD"),
        Field("maiden_name", "text", text("MAIDEN"), description="Family name at birth"),
        Field("birth_date", "date", date("BIRTHDATE"), required=True, description="Day of birth"),
        Field("death_date", "date", date("DEATHDATE"), description="Day of death"),
        Field(
            "sex_code",
            "text",
            code("GENDER", MAPS / "sex.csv"),
            required=True,
            description="Sex, as clinical rules need it",
        ),
        Field(
            "race_code", "text", code("RACE", MAPS / "race.csv"), description="CDC race category"
        ),
        Field("race_text", "text", text("RACE"), description="Race in the source's own word"),
        Field(
            "ethnicity_code",
            "text",
            code("ETHNICITY", MAPS / "ethnicity.csv"),
            description="CDC ethnicity category",
        ),
        Field("ethnicity_text", "text", text("ETHNICITY"), description="In the source's own word"),
        Field(
            "marital_status_code",
            "text",
            code("MARITAL", MAPS / "marital_status.csv"),
            description="HL7 marital status",
        ),
        Field("birth_place", "text", text("BIRTHPLACE"), description="Place of birth, as written"),
        Field("national_id", "text", identifier("SSN"), description="Social security number"),
        Field("drivers_license", "text", identifier("DRIVERS"), description="Licence number"),
        Field(
            "passport",
            "text",
            identifier("PASSPORT", absent=("false",)),
            description="Passport number; 2017 exports write false for none",
        ),
        Field("address_line", "text", text("ADDRESS"), description="Street and number"),
        Field("city", "text", text("CITY"), description="City"),
        Field("county", "text", text("COUNTY"), description="County"),
        Field("county_fips", "text", identifier("FIPS"), description="County's FIPS code"),
        Field("state_code", "text", code("STATE", MAPS / "state.csv"), description="US state"),
        Field("postal_code", "text", postal_code("ZIP"), description="ZIP code"),
        Field("phone_e164", "text", phone("PHONE"), description="Where to call or text"),
        Field("email", "text", email("EMAIL"), description="Where to write"),
        Field("time_zone", "text", identifier("TIME_ZONE"), description="IANA zone, for reminders"),
        Field("annual_income", "decimal", money("INCOME"), description="Household income, USD"),
        Field(
            "program_code",
            "text",
            code("PROGRAM", MAPS / "program.csv"),
            description="Program of care",
        ),
        Field("stage_code", "text", STAGE, description="Stage in the program"),
        Field(
            "practitioner_id",
            "uuid",
            Reference("practitioner", "PROVIDER", same_patient=False),
            description="The patient's own practitioner",
        ),
    ),
    rules=(
        Rule(
            name="test-account",
            end="excluded",
            when=filled("LAST").str.to_lowercase() == "test",
            sentence="Made by staff: the family name is Test",
        ),
        Rule(
            name="test-address",
            end="excluded",
            when=filled("EMAIL").str.to_lowercase().str.ends_with("@example.test"),
            sentence="Made by staff: the email address ends in @example.test",
        ),
        Rule(
            name="closed-account",
            end="archived",
            when=STAGE.value == "closed",
            sentence="The patient has left: the stage is closed",
        ),
    ),
    carries=("death_date",),
    likeness=Likeness(
        spelled=("first_name", "last_name", "address_line"),
        dates=("birth_date",),
        exact=("national_id", "postal_code", "phone_e164", "email"),
        blocks=(
            ("national_id",),
            ("birth_date",),
            ("phone_e164",),
            ("email",),
            ("last_name", "postal_code"),
        ),
    ),
    file=Path(__file__),
)
