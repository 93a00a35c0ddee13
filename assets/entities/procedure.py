"""Procedures: what was done.

The 2017 export has a DATE, which the import calls START, and no end. The table has no key of its
own: what was done in an encounter, from when, is the record.

Every column is moved.
"""

from pathlib import Path

from migration_platform.entity import Entity, Field, Reference, Retention, Source
from migration_platform.translation import identifier, instant, money, text

START = instant("START")

ENTITY = Entity(
    name="procedure",
    description="A procedure that was performed",
    source=Source(
        table="procedures",
        key=("PATIENT", "ENCOUNTER", "CODE", "START"),
        patient="PATIENT",
        unique=False,
    ),
    fields=(
        Field(
            "patient_id",
            "uuid",
            Reference("patient", "PATIENT"),
            required=True,
            description="On whom",
        ),
        Field(
            "encounter_id",
            "uuid",
            Reference("encounter", "ENCOUNTER"),
            description="In which encounter",
        ),
        Field("started_at", "timestamp", START, required=True, description="Begin"),
        Field("ended_at", "timestamp", instant("STOP"), description="End"),
        Field("code", "text", identifier("CODE"), required=True, description="SNOMED CT code"),
        Field("code_system", "text", identifier("SYSTEM"), description="Where the source says it"),
        Field(
            "description", "text", text("DESCRIPTION"), required=True, description="Code in words"
        ),
        Field("base_cost", "decimal", money("BASE_COST"), description="Cost"),
        Field("reason_code", "text", identifier("REASONCODE"), description="SNOMED CT code"),
        Field("reason_description", "text", text("REASONDESCRIPTION"), description="In words"),
    ),
    retention=Retention(since=START),
    file=Path(__file__),
)
