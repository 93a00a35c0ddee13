"""Subscriptions: what a patient pays for, and until when. Losing one stops somebody's care.

The payment token is the processor's and stays valid there; card numbers exist on neither platform.
A subscription that is neither cancelled nor expired is in force and never archived; one that is over
is archived by the day it was cancelled or would have renewed.

A subscription in force whose patient has no practitioner or no program moves, and somebody must look at
it: the patient pays, and nobody answers for the care.

Every column is moved.
"""

from pathlib import Path

from migration_platform.entity import Concern, Entity, Field, Reference, Retention, Source
from migration_platform.translation import code, date, first_of, identifier, money

MAPS = Path(__file__).parent / "code_maps"
STATUS = code("STATUS", MAPS / "subscription_status.csv")
RENEWS, CANCELLED = date("RENEWS"), date("CANCELLED")

ENTITY = Entity(
    name="subscription",
    description="A patient's subscription to a program",
    group="billing",
    source=Source(table="subscriptions", key=("Id",), patient="PATIENT"),
    fields=(
        Field(
            "patient_id",
            "uuid",
            Reference("patient", "PATIENT"),
            required=True,
            description="Who subscribed",
        ),
        Field(
            "program_code",
            "text",
            code("PROGRAM", MAPS / "program.csv"),
            required=True,
            description="Program of care",
        ),
        Field("plan_code", "text", identifier("PLAN"), required=True, description="Price plan"),
        Field("status_code", "text", STATUS, required=True, description="State"),
        Field("start_date", "date", date("STARTED"), required=True, description="First day"),
        Field("renewal_date", "date", RENEWS, description="Next renewal"),
        Field("cancelled_date", "date", CANCELLED, description="Day of cancellation"),
        Field("price", "decimal", money("PRICE"), required=True, description="Per period"),
        Field(
            "currency_code",
            "text",
            code("CURRENCY", MAPS / "currency.csv"),
            required=True,
            description="ISO 4217",
        ),
        Field("payment_token", "text", identifier("PAYMENT_TOKEN"), description="Processor's"),
    ),
    retention=Retention(
        since=first_of(CANCELLED, RENEWS),
        keep=~STATUS.value.is_in(["cancelled", "expired"]),
        keep_sentence="it is neither cancelled nor expired",
        is_record_date=False,
    ),
    concerns=(
        Concern(
            name="paid-patient-not-routed",
            query="""
                SELECT s.source_id FROM subscription s JOIN patient p ON p.id = s.patient_id
                WHERE s.status_code IN ('active', 'past_due')
                AND (p.practitioner_id IS NULL OR p.program_code IS NULL)
            """,
            sentence="In force, and its patient has no practitioner or no program",
            kind="paid patient not routed",
        ),
    ),
    file=Path(__file__),
)
