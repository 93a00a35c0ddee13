"""Encounters: a visit, a call, a stay. Clinical records and claims name the one they were made in.

An encounter without a provider is an exception where the source has providers at all: the
destination must know who answers for it. One that starts after the patient's death is an exception
too, but for the death certification itself; one day is granted because the start is an instant in
UTC and the death a local date.

What is older than the window is archived. Records of the chart that are kept nonetheless (an active
prescription, an allergy) then move without their encounter.

ENCOUNTERCLASS TELEVISIT, of the source's first release, has no row in the code map on purpose: the
clinical lead has to say whether it was a visit by video or by telephone before it moves.

Every column is moved.
"""

from pathlib import Path

import polars as pl

from migration_platform.entity import Entity, Field, Reference, Retention, Rule, Source
from migration_platform.translation import code, filled, identifier, instant, money, text

MAPS = Path(__file__).parent / "code_maps"
START = instant("START")
DEATH_CERTIFICATION = "308646001"

ENTITY = Entity(
    name="encounter",
    description="A visit, call or stay",
    source=Source(table="encounters", key=("Id",), patient="PATIENT"),
    fields=(
        Field(
            "patient_id",
            "uuid",
            Reference("patient", "PATIENT"),
            required=True,
            description="Who was seen",
        ),
        Field(
            "practitioner_id",
            "uuid",
            Reference("practitioner", "PROVIDER", same_patient=False),
            description="Who answers for it",
        ),
        Field(
            "organization_id",
            "uuid",
            Reference("organization", "ORGANIZATION", same_patient=False),
            description="Where",
        ),
        Field(
            "payer_id",
            "uuid",
            Reference("payer", "PAYER", same_patient=False),
            description="Who was billed",
        ),
        Field(
            "class_code",
            "text",
            code("ENCOUNTERCLASS", MAPS / "encounter_class.csv"),
            description="Kind of encounter",
        ),
        Field("started_at", "timestamp", START, required=True, description="Begin"),
        Field("ended_at", "timestamp", instant("STOP"), description="End"),
        Field("code", "text", identifier("CODE"), required=True, description="SNOMED CT code"),
        Field("description", "text", text("DESCRIPTION"), description="The code in words"),
        Field(
            "base_cost", "decimal", money("BASE_ENCOUNTER_COST"), description="Cost without extras"
        ),
        Field(
            "total_claim_cost", "decimal", money("TOTAL_CLAIM_COST"), description="Cost with extras"
        ),
        Field(
            "payer_coverage", "decimal", money("PAYER_COVERAGE"), description="Paid by the payer"
        ),
        Field("reason_code", "text", identifier("REASONCODE"), description="SNOMED CT code"),
        Field("reason_description", "text", text("REASONDESCRIPTION"), description="In words"),
    ),
    rules=(
        Rule(
            name="encounter-without-provider",
            end="excepted",
            when=filled("PROVIDER").is_null(),
            sentence="No provider answers for the encounter",
            kind="broken reference",
        ),
        Rule(
            name="encounter-after-death",
            end="excepted",
            when=(START.value.dt.date() > pl.col("PATIENT.death_date").dt.offset_by("1d"))
            & filled("CODE").ne_missing(DEATH_CERTIFICATION),
            sentence="Starts more than a day after the patient's death and is not its certification",
            kind="after death",
        ),
    ),
    retention=Retention(since=START),
    file=Path(__file__),
)
