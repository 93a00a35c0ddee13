"""Care plans: one record for each activity of a plan.

Older exports repeat a plan's Id, one row per activity, so the Id alone is no key: plan, code and
description are. The plan's own number moves as `plan_number`, and joins its activities again. An
activity without an end is under way and never archived.

Every column is moved.
"""

from pathlib import Path

from migration_platform.entity import Entity, Field, Reference, Retention, Source
from migration_platform.translation import date, filled, identifier, text

ENDED = date("STOP")

ENTITY = Entity(
    name="care_plan",
    description="An activity of a care plan",
    source=Source(table="careplans", key=("Id", "CODE", "DESCRIPTION"), patient="PATIENT"),
    fields=(
        Field(
            "patient_id",
            "uuid",
            Reference("patient", "PATIENT"),
            required=True,
            description="Whose plan",
        ),
        Field(
            "encounter_id",
            "uuid",
            Reference("encounter", "ENCOUNTER"),
            description="Where it was made",
        ),
        Field("plan_number", "text", identifier("Id"), required=True, description="The plan"),
        Field("start_date", "date", date("START"), required=True, description="First day"),
        Field("end_date", "date", ENDED, description="Last day; empty while under way"),
        Field("code", "text", identifier("CODE"), required=True, description="SNOMED CT code"),
        Field(
            "description", "text", text("DESCRIPTION"), required=True, description="Code in words"
        ),
        Field("reason_code", "text", identifier("REASONCODE"), description="SNOMED CT code"),
        Field("reason_description", "text", text("REASONDESCRIPTION"), description="In words"),
    ),
    retention=Retention(
        since=ENDED,
        keep=filled("STOP").is_null(),
        keep_sentence="it is under way",
        is_record_date=False,
    ),
    file=Path(__file__),
)
