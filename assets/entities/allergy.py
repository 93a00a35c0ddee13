"""Allergies and intolerances. Never archived: an allergy from 1990 is still an allergy.

Up to two reactions stand beside the allergy, as on the source. The table has no key of its own: a
patient's allergy to a substance, as recorded in an encounter, is the record.

Every column is moved.
"""

from pathlib import Path

from migration_platform.entity import Entity, Field, Reference, Source
from migration_platform.translation import code, date, identifier, text

MAPS = Path(__file__).parent / "code_maps"
SEVERITY = MAPS / "severity.csv"

ENTITY = Entity(
    name="allergy",
    description="An allergy or intolerance",
    source=Source(
        table="allergies",
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
            description="Where it was recorded",
        ),
        Field("onset_date", "date", date("START"), required=True, description="Since when"),
        Field("abatement_date", "date", date("STOP"), description="Until when"),
        Field("code", "text", identifier("CODE"), required=True, description="Substance"),
        Field("code_system", "text", identifier("SYSTEM"), description="RxNorm or SNOMED-CT"),
        Field(
            "description", "text", text("DESCRIPTION"), required=True, description="Code in words"
        ),
        Field(
            "type_code",
            "text",
            code("TYPE", MAPS / "allergy_type.csv"),
            description="Allergy or intolerance",
        ),
        Field(
            "category_code",
            "text",
            code("CATEGORY", MAPS / "allergy_category.csv"),
            description="Food, medication, environment",
        ),
        Field("reaction1_code", "text", identifier("REACTION1"), description="SNOMED CT code"),
        Field("reaction1_description", "text", text("DESCRIPTION1"), description="In words"),
        Field(
            "reaction1_severity_code", "text", code("SEVERITY1", SEVERITY), description="How bad"
        ),
        Field("reaction2_code", "text", identifier("REACTION2"), description="SNOMED CT code"),
        Field("reaction2_description", "text", text("DESCRIPTION2"), description="In words"),
        Field(
            "reaction2_severity_code", "text", code("SEVERITY2", SEVERITY), description="How bad"
        ),
    ),
    file=Path(__file__),
)
