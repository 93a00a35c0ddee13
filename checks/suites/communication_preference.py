"""What must hold of communication preferences: nobody is sent what they refused."""

from datetime import date

import great_expectations as gx
import great_expectations.expectations as gxe

# Asked once the records that these refer to are loaded too.
DESTINATION = {"points": ["destination"]}

# The source id stands in the crosswalk after the load, and beside the record before it.
TRANSFORMED = {"points": ["transformed"]}

SUITE = gx.ExpectationSuite(
    name="communication_preference",
    expectations=[
        # Keys.
        gxe.ExpectColumnValuesToNotBeNull(
            column="id", description="Every communication preference has an id on the destination."
        ),
        gxe.ExpectColumnValuesToBeUnique(
            column="id", description="No two communication preferences share an id."
        ),
        gxe.ExpectColumnValuesToNotBeNull(
            column="source_id",
            description="Every communication preference can be traced to its source record.",
            meta=TRANSFORMED,
        ),
        gxe.ExpectColumnValuesToBeUnique(
            column="source_id",
            description="No source record has become two communication preferences.",
            meta=TRANSFORMED,
        ),
        # Completeness and references.
        gxe.ExpectColumnValuesToNotBeNull(
            column="patient_id", description="Every communication preference belongs to a patient."
        ),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query=(
                "SELECT 1 FROM {batch} AS record LEFT JOIN patient ON patient.id = record.patient_id "
                "WHERE record.patient_id IS NOT NULL AND patient.id IS NULL"
            ),
            description="The patient of every communication preference is in the destination.",
            meta=DESTINATION,
        ),
        gxe.ExpectColumnValuesToNotBeNull(
            column="channel_code", description="Every communication preference names a channel."
        ),
        gxe.ExpectColumnValuesToNotBeNull(
            column="topic_code", description="Every communication preference names a topic."
        ),
        gxe.ExpectColumnValuesToNotBeNull(
            column="consent_code",
            description="Every communication preference says yes or no, or that it is unknown.",
        ),
        # Ranges and code sets.
        gxe.ExpectColumnValuesToBeBetween(
            column="updated_at",
            min_value=date(2000, 1, 1),
            description="Nothing was said before 2000.",
        ),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query="SELECT 1 FROM {batch} WHERE updated_at > now() + INTERVAL '1 day'",
            description="Nothing is said in the future.",
        ),
        gxe.ExpectColumnValuesToBeInSet(
            column="channel_code",
            value_set=["email", "sms", "phone", "push", "mail"],
            description="The channel is one that the company writes or calls on.",
        ),
        gxe.ExpectColumnValuesToBeInSet(
            column="topic_code",
            value_set=["care", "appointments", "billing", "marketing", "research"],
            description="The topic is one of the destination's codes.",
        ),
        gxe.ExpectColumnValuesToBeInSet(
            column="consent_code",
            value_set=["granted", "denied", "withdrawn", "unknown"],
            description="Consent is granted, denied, withdrawn or unknown.",
        ),
        # Across fields.
        gxe.ExpectCompoundColumnsToBeUnique(
            column_list=["patient_id", "channel_code", "topic_code"],
            description="No patient has said two things about one channel and topic.",
        ),
    ],
)
