"""Immunizations. Never archived: the next dose depends on the first, however long ago it was.

The table has no key of its own: a vaccine given in an encounter at a time is the record.

Every column is moved.
"""

from pathlib import Path

from migration_platform.entity import Entity, Field, Reference, Source
from migration_platform.translation import identifier, instant, money, text

ENTITY = Entity(
    name="immunization",
    description="A vaccine that was given",
    source=Source(
        table="immunizations",
        key=("PATIENT", "ENCOUNTER", "CODE", "DATE"),
        patient="PATIENT",
        unique=False,
    ),
    fields=(
        Field(
            "patient_id",
            "uuid",
            Reference("patient", "PATIENT"),
            required=True,
            description="Who was vaccinated",
        ),
        Field(
            "encounter_id",
            "uuid",
            Reference("encounter", "ENCOUNTER"),
            description="In which encounter",
        ),
        Field("administered_at", "timestamp", instant("DATE"), required=True, description="When"),
        Field("code", "text", identifier("CODE"), required=True, description="CVX code"),
        Field(
            "description", "text", text("DESCRIPTION"), required=True, description="Code in words"
        ),
        Field("base_cost", "decimal", money("BASE_COST"), description="Cost"),
    ),
    file=Path(__file__),
)
