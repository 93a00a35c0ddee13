"""Observations: vital signs, laboratory results, survey answers.

The value is a number or words, so it moves twice: as the source's text, which is the record, and as
an exact number where the text is one, which is what trends and ranges are computed from. The table
has no key of its own, and two equal measurements in one minute are two records: rows are told apart
by their order among equal keys.

Every column is moved.
"""

from pathlib import Path

from migration_platform.entity import Entity, Field, Reference, Retention, Source
from migration_platform.translation import code, identifier, instant, number_within, text

MAPS = Path(__file__).parent / "code_maps"
OBSERVED = instant("DATE")

ENTITY = Entity(
    name="observation",
    description="A measurement, result or answer",
    source=Source(
        table="observations",
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
            description="Who was observed",
        ),
        Field(
            "encounter_id",
            "uuid",
            Reference("encounter", "ENCOUNTER"),
            description="Where; some are made outside an encounter",
        ),
        Field("observed_at", "timestamp", OBSERVED, required=True, description="When"),
        Field(
            "category_code",
            "text",
            code("CATEGORY", MAPS / "observation_category.csv"),
            description="Kind of observation",
        ),
        Field("code", "text", identifier("CODE"), required=True, description="LOINC code"),
        Field("description", "text", text("DESCRIPTION"), description="The code in words"),
        Field("value_text", "text", text("VALUE"), description="The value, as written"),
        Field("value_number", "decimal", number_within("VALUE"), description="If it is a number"),
        Field("units", "text", identifier("UNITS"), description="UCUM unit, as written"),
        Field("value_type", "text", identifier("TYPE"), description="numeric or text"),
    ),
    retention=Retention(since=OBSERVED),
    file=Path(__file__),
)
