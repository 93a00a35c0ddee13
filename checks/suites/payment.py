"""What must hold of payments: money that moved, or failed to."""

from datetime import date

import great_expectations as gx
import great_expectations.expectations as gxe

# Asked once the records that these refer to are loaded too.
DESTINATION = {"points": ["destination"]}

# The source id stands in the crosswalk after the load, and beside the record before it.
TRANSFORMED = {"points": ["transformed"]}

SUITE = gx.ExpectationSuite(
    name="payment",
    expectations=[
        # Keys.
        gxe.ExpectColumnValuesToNotBeNull(
            column="id", description="Every payment has an id on the destination."
        ),
        gxe.ExpectColumnValuesToBeUnique(column="id", description="No two payments share an id."),
        gxe.ExpectColumnValuesToNotBeNull(
            column="source_id",
            description="Every payment can be traced to its source record.",
            meta=TRANSFORMED,
        ),
        gxe.ExpectColumnValuesToBeUnique(
            column="source_id",
            description="No source record has become two payments.",
            meta=TRANSFORMED,
        ),
        # Completeness and references.
        gxe.ExpectColumnValuesToNotBeNull(
            column="patient_id", description="Every payment belongs to a patient."
        ),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query=(
                "SELECT 1 FROM {batch} AS record LEFT JOIN patient ON patient.id = record.patient_id "
                "WHERE record.patient_id IS NOT NULL AND patient.id IS NULL"
            ),
            description="The patient of every payment is in the destination.",
            meta=DESTINATION,
        ),
        gxe.ExpectColumnValuesToNotBeNull(
            column="amount", description="Every payment has an amount."
        ),
        gxe.ExpectColumnValuesToNotBeNull(
            column="currency_code", description="Every payment has a currency."
        ),
        gxe.ExpectColumnValuesToNotBeNull(
            column="status_code", description="Every payment has a state."
        ),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query=(
                "SELECT 1 FROM {batch} AS record JOIN subscription ON subscription.id = record.subscription_id "
                "WHERE subscription.patient_id <> record.patient_id"
            ),
            description="A payment and its subscription belong to the same patient.",
            meta=DESTINATION,
        ),
        gxe.ExpectColumnValuesToBeUnique(
            column="processor_reference",
            description="No payment of the processor stands there twice.",
        ),
        # Ranges, formats and code sets.
        gxe.ExpectColumnValuesToBeBetween(
            column="amount",
            min_value=-100000,
            max_value=100000,
            description="An amount is within a hundred thousand.",
        ),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query="SELECT 1 FROM {batch} WHERE amount <> round(amount, 2)",
            description="Amounts are in whole cents.",
        ),
        gxe.ExpectColumnValuesToBeBetween(
            column="paid_at",
            min_value=date(2000, 1, 1),
            description="Nothing was paid before 2000.",
        ),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query="SELECT 1 FROM {batch} WHERE paid_at > now() + INTERVAL '1 day'",
            description="Nothing is paid in the future.",
        ),
        gxe.ExpectColumnValuesToMatchRegex(
            column="card_last4",
            regex=r"^[0-9]{4}$",
            description="Of a card only the last four digits are kept.",
        ),
        gxe.ExpectColumnValuesToNotMatchRegex(
            column="processor_reference",
            regex=r"^[0-9 -]{12,19}$",
            description="No reference is a card number.",
        ),
        gxe.ExpectColumnValuesToBeInSet(
            column="currency_code", value_set=["USD"], description="Payments are in US dollars."
        ),
        gxe.ExpectColumnValuesToBeInSet(
            column="status_code",
            value_set=["pending", "succeeded", "failed", "refunded", "disputed"],
            description="The state is one that billing knows.",
        ),
        gxe.ExpectColumnValuesToBeInSet(
            column="method_code",
            value_set=["card", "ach", "hsa", "wallet", "cash"],
            description="The method is one that billing knows.",
        ),
        # Across fields.
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query="SELECT 1 FROM {batch} WHERE amount < 0 AND status_code NOT IN ('refunded', 'disputed')",
            description="A negative amount is a refund or in dispute.",
        ),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query="SELECT 1 FROM {batch} WHERE status_code = 'succeeded' AND paid_at IS NULL",
            description="What succeeded says when.",
        ),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query="SELECT 1 FROM {batch} WHERE status_code = 'succeeded' AND processor_reference IS NULL",
            description="What succeeded can be found at the processor.",
        ),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query="SELECT 1 FROM {batch} WHERE card_last4 IS NOT NULL AND method_code IN ('ach', 'cash')",
            description="A card's digits stand with a card only.",
        ),
    ],
)
