"""Conditions: diagnoses and problems.

A condition without an end is on the problem list, however old, and is never archived; one that
ended before the window is. The table has no key of its own: a patient's diagnosis in an encounter is
the record.

Every column is moved.
"""

from pathlib import Path

from migration_platform.entity import Entity, Field, Reference, Retention, Source
from migration_platform.translation import date, filled, identifier, text

ENDED = date("STOP")

ENTITY = Entity(
    name="condition",
    description="A diagnosis or problem",
    source=Source(
        table="conditions",
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
            description="Who has it",
        ),
        Field(
            "encounter_id",
            "uuid",
            Reference("encounter", "ENCOUNTER"),
            description="Where it was diagnosed",
        ),
        Field("onset_date", "date", date("START"), required=True, description="Since when"),
        Field("abatement_date", "date", ENDED, description="Until when; empty while it lasts"),
        Field("code", "text", identifier("CODE"), required=True, description="SNOMED CT code"),
        Field("code_system", "text", identifier("SYSTEM"), description="Where the source says it"),
        Field(
            "description", "text", text("DESCRIPTION"), required=True, description="Code in words"
        ),
    ),
    retention=Retention(
        since=ENDED,
        keep=filled("STOP").is_null(),
        keep_sentence="it has not ended",
        is_record_date=False,
    ),
    file=Path(__file__),
)
