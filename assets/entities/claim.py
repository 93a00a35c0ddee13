"""Claims: what was billed for an encounter, to whom, and what is still owed.

A claim has up to three parties: the primary insurer (1), the secondary (2) and the patient (P).
Synthea writes 0 for "no insurer"; that is no payer, and not a broken reference. A claim that any
party has not closed is in work and kept however old.

Every column is moved.
"""

from pathlib import Path

import polars as pl

from migration_platform.entity import Entity, Field, Reference, Retention, Source
from migration_platform.translation import code, identifier, instant, money

MAPS = Path(__file__).parent / "code_maps"
STATUS = {n: code(f"STATUS{n}", MAPS / "claim_status.csv") for n in ("1", "2", "P")}
TYPE = MAPS / "claim_type.csv"
SERVICE = instant("SERVICEDATE")

DIAGNOSES = tuple(
    Field(f"diagnosis{n}_code", "text", identifier(f"DIAGNOSIS{n}"), description="SNOMED CT code")
    for n in range(1, 9)
)

ENTITY = Entity(
    name="claim",
    description="A bill for an encounter",
    group="billing",
    source=Source(table="claims", key=("Id",), patient="PATIENTID"),
    fields=(
        Field(
            "patient_id",
            "uuid",
            Reference("patient", "PATIENTID"),
            required=True,
            description="Whose care was billed",
        ),
        Field(
            "encounter_id",
            "uuid",
            Reference("encounter", "APPOINTMENTID"),
            description="For which encounter",
        ),
        Field(
            "practitioner_id",
            "uuid",
            Reference("practitioner", "PROVIDERID", same_patient=False),
            description="Who treated",
        ),
        Field(
            "referring_practitioner_id",
            "uuid",
            Reference("practitioner", "REFERRINGPROVIDERID", same_patient=False),
            description="Who referred",
        ),
        Field(
            "supervising_practitioner_id",
            "uuid",
            Reference("practitioner", "SUPERVISINGPROVIDERID", same_patient=False),
            description="Who supervised",
        ),
        Field(
            "primary_payer_id",
            "uuid",
            Reference("payer", "PRIMARYPATIENTINSURANCEID", same_patient=False, absent=("0",)),
            description="First insurer",
        ),
        Field(
            "secondary_payer_id",
            "uuid",
            Reference("payer", "SECONDARYPATIENTINSURANCEID", same_patient=False, absent=("0",)),
            description="Second insurer",
        ),
        Field("service_at", "timestamp", SERVICE, required=True, description="When treated"),
        Field(
            "illness_onset_at",
            "timestamp",
            instant("CURRENTILLNESSDATE"),
            description="Begin of the illness",
        ),
        Field("department_code", "text", identifier("DEPARTMENTID"), description="Department"),
        Field(
            "patient_department_code",
            "text",
            identifier("PATIENTDEPARTMENTID"),
            description="The patient's department",
        ),
        *DIAGNOSES,
        Field("primary_status_code", "text", STATUS["1"], description="Insurer 1"),
        Field("secondary_status_code", "text", STATUS["2"], description="Insurer 2"),
        Field("patient_status_code", "text", STATUS["P"], description="Patient"),
        Field("primary_outstanding", "decimal", money("OUTSTANDING1"), description="Owed by 1"),
        Field("secondary_outstanding", "decimal", money("OUTSTANDING2"), description="Owed by 2"),
        Field("patient_outstanding", "decimal", money("OUTSTANDINGP"), description="Owed by P"),
        Field(
            "primary_billed_at", "timestamp", instant("LASTBILLEDDATE1"), description="Last to 1"
        ),
        Field(
            "secondary_billed_at", "timestamp", instant("LASTBILLEDDATE2"), description="Last to 2"
        ),
        Field(
            "patient_billed_at", "timestamp", instant("LASTBILLEDDATEP"), description="Last to P"
        ),
        Field(
            "primary_type_code", "text", code("HEALTHCARECLAIMTYPEID1", TYPE), description="To 1"
        ),
        Field(
            "secondary_type_code", "text", code("HEALTHCARECLAIMTYPEID2", TYPE), description="To 2"
        ),
    ),
    retention=Retention(
        since=SERVICE,
        keep=pl.any_horizontal(each.value != "closed" for each in STATUS.values()),
        keep_sentence="a party has not closed it",
    ),
    file=Path(__file__),
)
