"""Claim transactions: the charges, payments and transfers of a claim, line by line.

A transaction shares its claim's fate: it is archived or waits with it and has no retention of its
own, so that a claim's lines always add up. TODATE 1970-01-01 is how the source writes "no end".

Not moved: PATIENTINSURANCEID (exports hold the patient's source id there, which means nothing on
the destination; the claim names the payer).
"""

from pathlib import Path

from migration_platform.entity import Entity, Field, Reference, Source
from migration_platform.translation import code, identifier, instant, integer, money, text

MAPS = Path(__file__).parent / "code_maps"

ENTITY = Entity(
    name="claim_transaction",
    description="A charge, payment or transfer of a claim",
    group="billing",
    source=Source(table="claims_transactions", key=("ID",), patient="PATIENTID"),
    fields=(
        Field(
            "patient_id",
            "uuid",
            Reference("patient", "PATIENTID"),
            required=True,
            description="Whose care was billed",
        ),
        Field(
            "claim_id",
            "uuid",
            Reference("claim", "CLAIMID"),
            required=True,
            description="The claim it belongs to",
        ),
        Field(
            "encounter_id",
            "uuid",
            Reference("encounter", "APPOINTMENTID"),
            description="For which encounter",
        ),
        Field(
            "organization_id",
            "uuid",
            Reference("organization", "PLACEOFSERVICE", same_patient=False),
            description="Where treated",
        ),
        Field(
            "practitioner_id",
            "uuid",
            Reference("practitioner", "PROVIDERID", same_patient=False),
            description="Who treated",
        ),
        Field(
            "supervising_practitioner_id",
            "uuid",
            Reference("practitioner", "SUPERVISINGPROVIDERID", same_patient=False),
            description="Who supervised",
        ),
        Field("charge_number", "text", identifier("CHARGEID"), description="Number of the line"),
        Field(
            "type_code",
            "text",
            code("TYPE", MAPS / "claim_transaction_type.csv"),
            required=True,
            description="Charge, payment or transfer",
        ),
        Field("amount", "decimal", money("AMOUNT"), description="Amount of the line"),
        Field(
            "method_code",
            "text",
            code("METHOD", MAPS / "claim_payment_method.csv"),
            description="How it was paid",
        ),
        Field(
            "from_at", "timestamp", instant("FROMDATE"), required=True, description="Service begin"
        ),
        Field(
            "to_at",
            "timestamp",
            instant("TODATE", absent=("1970-01-01T00:00:00Z",)),
            description="Service end",
        ),
        Field("procedure_code", "text", identifier("PROCEDURECODE"), description="What was done"),
        Field("modifier1", "text", identifier("MODIFIER1"), description="Modifier of the code"),
        Field("modifier2", "text", identifier("MODIFIER2"), description="Second modifier"),
        Field("diagnosis_ref1", "integer", integer("DIAGNOSISREF1"), description="Claim's nth"),
        Field("diagnosis_ref2", "integer", integer("DIAGNOSISREF2"), description="Claim's nth"),
        Field("diagnosis_ref3", "integer", integer("DIAGNOSISREF3"), description="Claim's nth"),
        Field("diagnosis_ref4", "integer", integer("DIAGNOSISREF4"), description="Claim's nth"),
        Field("units", "integer", integer("UNITS"), description="How many"),
        Field("department_code", "text", identifier("DEPARTMENTID"), description="Department"),
        Field("description", "text", text("NOTES"), description="The line in words"),
        Field("unit_amount", "decimal", money("UNITAMOUNT"), description="Price of one"),
        Field(
            "transfer_from_number",
            "text",
            identifier("TRANSFEROUTID"),
            description="Line that a transfer comes from",
        ),
        Field(
            "transfer_type_code",
            "text",
            code("TRANSFERTYPE", MAPS / "transfer_type.csv"),
            description="To whom it was transferred",
        ),
        Field("payments", "decimal", money("PAYMENTS"), description="Paid"),
        Field("adjustments", "decimal", money("ADJUSTMENTS"), description="Adjusted"),
        Field("transfers", "decimal", money("TRANSFERS"), description="Transferred"),
        Field("outstanding", "decimal", money("OUTSTANDING"), description="Left to pay"),
        Field("line_note", "text", text("LINENOTE"), description="Note on the line"),
        Field("fee_schedule_code", "text", identifier("FEESCHEDULEID"), description="Price list"),
    ),
    file=Path(__file__),
)
