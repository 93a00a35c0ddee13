"""What must hold of subscriptions: losing one stops somebody's care."""

from datetime import date

import great_expectations as gx
import great_expectations.expectations as gxe

# Asked once the records that these refer to are loaded too.
DESTINATION = {"points": ["destination"]}

# The source id stands in the crosswalk after the load, and beside the record before it.
TRANSFORMED = {"points": ["transformed"]}

SUITE = gx.ExpectationSuite(
    name="subscription",
    expectations=[
        # Keys.
        gxe.ExpectColumnValuesToNotBeNull(
            column="id", description="Every subscription has an id on the destination."
        ),
        gxe.ExpectColumnValuesToBeUnique(
            column="id", description="No two subscriptions share an id."
        ),
        gxe.ExpectColumnValuesToNotBeNull(
            column="source_id",
            description="Every subscription can be traced to its source record.",
            meta=TRANSFORMED,
        ),
        gxe.ExpectColumnValuesToBeUnique(
            column="source_id",
            description="No source record has become two subscriptions.",
            meta=TRANSFORMED,
        ),
        # Completeness and references.
        gxe.ExpectColumnValuesToNotBeNull(
            column="patient_id", description="Every subscription belongs to a patient."
        ),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query=(
                "SELECT 1 FROM {batch} AS record LEFT JOIN patient ON patient.id = record.patient_id "
                "WHERE record.patient_id IS NOT NULL AND patient.id IS NULL"
            ),
            description="The patient of every subscription is in the destination.",
            meta=DESTINATION,
        ),
        gxe.ExpectColumnValuesToNotBeNull(
            column="program_code", description="Every subscription is to a program."
        ),
        gxe.ExpectColumnValuesToNotBeNull(
            column="plan_code", description="Every subscription has a price plan."
        ),
        gxe.ExpectColumnValuesToNotBeNull(
            column="status_code", description="Every subscription has a state."
        ),
        gxe.ExpectColumnValuesToNotBeNull(
            column="start_date", description="Every subscription has a first day."
        ),
        gxe.ExpectColumnValuesToNotBeNull(
            column="price", description="Every subscription has a price."
        ),
        gxe.ExpectColumnValuesToNotBeNull(
            column="currency_code", description="Every price has a currency."
        ),
        # Ranges, formats and code sets.
        gxe.ExpectColumnValuesToBeBetween(
            column="start_date",
            min_value=date(2000, 1, 1),
            description="No subscription began before 2000.",
        ),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query="SELECT 1 FROM {batch} WHERE start_date > now() + INTERVAL '1 day'",
            description="No subscription begins in the future.",
        ),
        gxe.ExpectColumnValuesToBeBetween(
            column="price",
            min_value=0,
            max_value=100000,
            description="A price lies between zero and a hundred thousand.",
        ),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query="SELECT 1 FROM {batch} WHERE price <> round(price, 2)",
            description="Prices are in whole cents.",
        ),
        gxe.ExpectColumnValuesToBeInSet(
            column="status_code",
            value_set=["trial", "active", "paused", "past_due", "cancelled", "expired"],
            description="The state is one that billing knows.",
        ),
        gxe.ExpectColumnValuesToBeInSet(
            column="program_code",
            value_set=[
                "weight_management",
                "mental_health",
                "dermatology",
                "womens_health",
                "hair_loss",
            ],
            description="The program is one that the company offers.",
        ),
        gxe.ExpectColumnValuesToBeInSet(
            column="currency_code", value_set=["USD"], description="Prices are in US dollars."
        ),
        gxe.ExpectColumnValuesToNotMatchRegex(
            column="payment_token",
            regex=r"^[0-9 -]{12,19}$",
            description="No payment token is a card number.",
        ),
        # Across fields.
        gxe.ExpectColumnPairValuesAToBeGreaterThanB(
            column_A="cancelled_date",
            column_B="start_date",
            or_equal=True,
            ignore_row_if="either_value_is_missing",
            description="No subscription was cancelled before it began.",
        ),
        gxe.ExpectColumnPairValuesAToBeGreaterThanB(
            column_A="renewal_date",
            column_B="start_date",
            or_equal=True,
            ignore_row_if="either_value_is_missing",
            description="No subscription renews before it began.",
        ),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query="SELECT 1 FROM {batch} WHERE status_code = 'cancelled' AND cancelled_date IS NULL",
            description="What is cancelled says since when.",
        ),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query="SELECT 1 FROM {batch} WHERE status_code IN ('trial', 'active') AND cancelled_date IS NOT NULL",
            description="What is in force has not been cancelled.",
        ),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query="SELECT 1 FROM {batch} WHERE status_code = 'active' AND payment_token IS NULL",
            description="What is active can be charged.",
        ),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query="SELECT 1 FROM {batch} WHERE status_code = 'active' AND renewal_date IS NULL",
            description="What is active has a day of renewal.",
        ),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query=(
                "SELECT patient_id FROM {batch} WHERE status_code NOT IN ('cancelled', 'expired') "
                "GROUP BY patient_id, program_code HAVING count(*) > 1"
            ),
            description="No patient pays twice for one program.",
        ),
    ],
)
