"""Prescriptions, with their refill state: what the patient takes, and what is left to dispense.

A prescription that has not ended, is active, or has refills left is in use and never archived,
however old; losing one means a missed dose. Refills, last fill and directions are the telehealth
company's own columns: a plain Synthea export has none, and the fields stay empty.

The table has no key of its own: what was prescribed in an encounter, from when, is the record.

One with refills left of which no fill is known after a month moves, and somebody must look at it: its
next refill would rest on nothing.

Every column is moved.
"""

from pathlib import Path

from migration_platform.entity import Concern, Entity, Field, Reference, Retention, Source
from migration_platform.translation import (
    code,
    date,
    filled,
    identifier,
    instant,
    integer,
    money,
    text,
)

MAPS = Path(__file__).parent / "code_maps"
STATUS = code("STATUS", MAPS / "medication_status.csv")
ENDED = instant("STOP")
REFILLS = integer("REFILLS_LEFT")

ENTITY = Entity(
    name="medication_request",
    description="A prescription and its refill state",
    source=Source(
        table="medications",
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
            description="Who takes it",
        ),
        Field(
            "encounter_id",
            "uuid",
            Reference("encounter", "ENCOUNTER"),
            description="Where it was prescribed",
        ),
        Field(
            "prescriber_id",
            "uuid",
            Reference("practitioner", "PRESCRIBER", same_patient=False),
            description="Who prescribed it",
        ),
        Field(
            "payer_id",
            "uuid",
            Reference("payer", "PAYER", same_patient=False),
            description="Who was billed",
        ),
        Field("code", "text", identifier("CODE"), required=True, description="RxNorm code"),
        Field(
            "description", "text", text("DESCRIPTION"), required=True, description="Code in words"
        ),
        Field("started_at", "timestamp", instant("START"), required=True, description="Valid from"),
        Field("ended_at", "timestamp", ENDED, description="Valid until; empty while it runs"),
        Field("status_code", "text", STATUS, description="State of the prescription"),
        Field("sig", "text", text("SIG"), description="Directions for the patient"),
        Field("refills_left", "integer", REFILLS, description="How often it may still be filled"),
        Field("last_fill_date", "date", date("LAST_FILL"), description="Last dispensed on"),
        Field("dispenses", "integer", integer("DISPENSES"), description="Times dispensed so far"),
        Field("base_cost", "decimal", money("BASE_COST"), description="Cost of one dispense"),
        Field(
            "payer_coverage", "decimal", money("PAYER_COVERAGE"), description="Paid by the payer"
        ),
        Field("total_cost", "decimal", money("TOTALCOST"), description="Cost of all dispenses"),
        Field("reason_code", "text", identifier("REASONCODE"), description="SNOMED CT code"),
        Field("reason_description", "text", text("REASONDESCRIPTION"), description="In words"),
    ),
    retention=Retention(
        since=ENDED,
        keep=filled("STOP").is_null()
        | STATUS.value.is_in(["active", "on_hold"])
        | (REFILLS.value > 0),
        keep_sentence="it has not ended, is active or on hold, or has refills left",
        is_record_date=False,
    ),
    concerns=(
        Concern(
            name="refill-without-history",
            query="""
                SELECT source_id FROM medication_request WHERE refills_left > 0
                AND last_fill_date IS NULL AND coalesce(dispenses, 0) = 0
                AND started_at < getvariable('as_of') - INTERVAL 30 DAY
            """,
            sentence="Refills are left, and a month after the prescription no fill is known",
            kind="refill without history",
        ),
    ),
    file=Path(__file__),
)
