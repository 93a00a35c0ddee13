"""Payments: money that moved, or failed to.

PAID_AT is wall time in New York without an offset, because the source's billing module wrote it
that way. The hour that a clock change skips or repeats cannot be told from it and is an exception:
the processor's records, which PROCESSOR_REF leads to, settle it. A payment that is pending or
disputed is in work and kept however old. Refunds are negative amounts.

Every column is moved.
"""

from pathlib import Path

from migration_platform.entity import Entity, Field, Reference, Retention, Source
from migration_platform.translation import code, identifier, local_time, money

MAPS = Path(__file__).parent / "code_maps"
STATUS = code("STATUS", MAPS / "payment_status.csv")
PAID = local_time("PAID_AT", "America/New_York")

ENTITY = Entity(
    name="payment",
    description="A payment or refund",
    group="billing",
    source=Source(table="payments", key=("Id",), patient="PATIENT"),
    fields=(
        Field(
            "patient_id",
            "uuid",
            Reference("patient", "PATIENT"),
            required=True,
            description="Who paid",
        ),
        Field(
            "subscription_id",
            "uuid",
            Reference("subscription", "SUBSCRIPTION"),
            description="For which subscription",
        ),
        Field("amount", "decimal", money("AMOUNT"), required=True, description="Negative: refund"),
        Field(
            "currency_code",
            "text",
            code("CURRENCY", MAPS / "currency.csv"),
            required=True,
            description="ISO 4217",
        ),
        Field("status_code", "text", STATUS, required=True, description="State"),
        Field("paid_at", "timestamp", PAID, description="When; empty while pending"),
        Field(
            "method_code",
            "text",
            code("METHOD", MAPS / "payment_method.csv"),
            description="How it was paid",
        ),
        Field(
            "card_last4", "text", identifier("CARD_LAST4"), description="Last digits of the card"
        ),
        Field(
            "processor_reference",
            "text",
            identifier("PROCESSOR_REF"),
            description="The processor's number",
        ),
    ),
    retention=Retention(
        since=PAID,
        keep=STATUS.value.is_in(["pending", "disputed"]),
        keep_sentence="it is pending or disputed",
    ),
    file=Path(__file__),
)
