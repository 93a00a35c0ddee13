"""What must hold of prescriptions and their refill state: a mistake here is a missed or a double dose."""

from datetime import date

import great_expectations as gx
import great_expectations.expectations as gxe

# Asked once the records that these refer to are loaded too.
DESTINATION = {"points": ["destination"]}

# The source id stands in the crosswalk after the load, and beside the record before it.
TRANSFORMED = {"points": ["transformed"]}

SNOMED_CT = r"^[0-9]{6,18}$"

# What is left of UTF-8 that was read as Windows-1252.
TORN = r"(Ã[^A-Za-z ]|â€|ï¿½|\ufffd)"

SUITE = gx.ExpectationSuite(
    name="medication_request",
    expectations=[
        # Keys.
        gxe.ExpectColumnValuesToNotBeNull(
            column="id", description="Every medication request has an id on the destination."
        ),
        gxe.ExpectColumnValuesToBeUnique(
            column="id", description="No two medication requests share an id."
        ),
        gxe.ExpectColumnValuesToNotBeNull(
            column="source_id",
            description="Every medication request can be traced to its source record.",
            meta=TRANSFORMED,
        ),
        gxe.ExpectColumnValuesToBeUnique(
            column="source_id",
            description="No source record has become two medication requests.",
            meta=TRANSFORMED,
        ),
        # Completeness and references.
        gxe.ExpectColumnValuesToNotBeNull(
            column="patient_id", description="Every medication request belongs to a patient."
        ),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query=(
                "SELECT 1 FROM {batch} AS record LEFT JOIN patient ON patient.id = record.patient_id "
                "WHERE record.patient_id IS NOT NULL AND patient.id IS NULL"
            ),
            description="The patient of every medication request is in the destination.",
            meta=DESTINATION,
        ),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query=(
                "SELECT 1 FROM {batch} AS record JOIN encounter ON encounter.id = record.encounter_id "
                "WHERE encounter.patient_id <> record.patient_id"
            ),
            description="A medication request and its encounter belong to the same patient.",
            meta=DESTINATION,
        ),
        gxe.ExpectColumnValuesToNotBeNull(
            column="started_at", description="Every medication request says from when it is valid."
        ),
        gxe.ExpectColumnValuesToNotBeNull(
            column="code", description="Every medication request names its drug by a code."
        ),
        gxe.ExpectColumnValuesToNotBeNull(
            column="description", description="Every medication request names its drug in words."
        ),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query=(
                "SELECT 1 FROM {batch} AS record LEFT JOIN practitioner ON practitioner.id = record.prescriber_id "
                "WHERE record.prescriber_id IS NOT NULL AND practitioner.id IS NULL"
            ),
            description="The prescriber of every medication request is in the destination.",
            meta=DESTINATION,
        ),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query=(
                "SELECT 1 FROM {batch} AS record LEFT JOIN payer ON payer.id = record.payer_id "
                "WHERE record.payer_id IS NOT NULL AND payer.id IS NULL"
            ),
            description="The payer of every medication request is in the destination.",
            meta=DESTINATION,
        ),
        # Ranges.
        gxe.ExpectColumnValuesToBeBetween(
            column="started_at",
            min_value=date(1900, 1, 1),
            description="No medication request began before 1900.",
        ),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query="SELECT 1 FROM {batch} WHERE started_at > now() + INTERVAL '1 day'",
            description="No medication request begins in the future.",
        ),
        gxe.ExpectColumnValuesToBeBetween(
            column="refills_left",
            min_value=0,
            max_value=99,
            description="Refills left are between 0 and 99.",
        ),
        gxe.ExpectColumnValuesToBeBetween(
            column="dispenses",
            min_value=0,
            max_value=10000,
            description="It was dispensed between 0 and 10,000 times.",
        ),
        gxe.ExpectColumnValuesToBeBetween(
            column="base_cost",
            min_value=0,
            max_value=10000000,
            description="The cost of one dispense lies between zero and ten million dollars.",
        ),
        gxe.ExpectColumnValuesToBeBetween(
            column="total_cost",
            min_value=0,
            max_value=100000000,
            description="The total cost lies between zero and a hundred million dollars.",
        ),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query="SELECT 1 FROM {batch} WHERE last_fill_date > now() + INTERVAL '1 day'",
            description="Nothing was dispensed in the future.",
        ),
        # Formats and code sets.
        gxe.ExpectColumnValuesToMatchRegex(
            column="code", regex=r"^[0-9]{2,8}$", description="The code is an RxNorm number."
        ),
        gxe.ExpectColumnValuesToMatchRegex(
            column="reason_code", regex=SNOMED_CT, description="The reason is a SNOMED CT number."
        ),
        gxe.ExpectColumnValuesToBeInSet(
            column="status_code",
            value_set=["active", "on_hold", "completed", "stopped", "cancelled", "draft"],
            description="The state is one that the pharmacy knows.",
        ),
        gxe.ExpectColumnValueLengthsToBeBetween(
            column="sig", min_value=3, description="Directions, where there are any, are words."
        ),
        gxe.ExpectColumnValuesToNotMatchRegex(
            column="sig", regex=TORN, description="No directions are torn by a wrong character set."
        ),
        # Across fields.
        gxe.ExpectColumnPairValuesAToBeGreaterThanB(
            column_A="ended_at",
            column_B="started_at",
            or_equal=True,
            ignore_row_if="either_value_is_missing",
            description="No medication request ends before it begins.",
        ),
        gxe.ExpectColumnPairValuesAToBeGreaterThanB(
            column_A="total_cost",
            column_B="payer_coverage",
            or_equal=True,
            ignore_row_if="either_value_is_missing",
            description="The payer covers no more than the total cost.",
        ),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query="SELECT 1 FROM {batch} WHERE last_fill_date < CAST(started_at AS date) - 1",
            description="Nothing was dispensed before it was prescribed.",
        ),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query="SELECT 1 FROM {batch} WHERE status_code IN ('completed', 'stopped', 'cancelled') AND refills_left > 0",
            description="What is over has no refills left.",
        ),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query="SELECT 1 FROM {batch} WHERE status_code = 'active' AND refills_left IS NOT NULL AND sig IS NULL",
            description="What is active and can be refilled has directions.",
        ),
    ],
)
