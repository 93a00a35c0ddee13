"""Coverages: which payer insures a patient, and when.

The table has no key of its own: a patient's period with a payer is the record. START_YEAR and
END_YEAR hold timestamps in newer exports and years in older ones; a coverage runs by the day, so
the date part (UTC, as written) is what moves, and a year is its first or last day. Periods that
ended before the window are archived; one without an end is in force and never is.

Every column is moved.
"""

from pathlib import Path

from migration_platform.entity import Entity, Field, Reference, Retention, Source
from migration_platform.translation import code, date, identifier, text

MAPS = Path(__file__).parent / "code_maps"
END = date("END_YEAR", ("timestamp", "iso", "us", "day-month", "year end"))

ENTITY = Entity(
    name="coverage",
    description="A period of insurance",
    group="billing",
    source=Source(
        table="payer_transitions",
        key=("PATIENT", "PAYER", "START_YEAR"),
        patient="PATIENT",
        unique=False,
    ),
    fields=(
        Field(
            "patient_id",
            "uuid",
            Reference("patient", "PATIENT"),
            required=True,
            description="Who is insured",
        ),
        Field(
            "payer_id",
            "uuid",
            Reference("payer", "PAYER", same_patient=False),
            required=True,
            description="Who pays",
        ),
        Field(
            "secondary_payer_id",
            "uuid",
            Reference("payer", "SECONDARY_PAYER", same_patient=False),
            description="Who pays what the first does not",
        ),
        Field("member_id", "text", identifier("MEMBERID"), description="Number on the card"),
        Field(
            "start_date",
            "date",
            date("START_YEAR", ("timestamp", "iso", "us", "day-month", "year start")),
            required=True,
            description="First day",
        ),
        Field("end_date", "date", END, description="Last day; empty while in force"),
        Field(
            "owner_code",
            "text",
            code("OWNERSHIP", MAPS / "coverage_owner.csv"),
            description="Who holds the policy, seen from the patient",
        ),
        Field("owner_name", "text", text("OWNERNAME"), description="Name of the holder"),
    ),
    retention=Retention(since=END, is_record_date=False),
    file=Path(__file__),
)
