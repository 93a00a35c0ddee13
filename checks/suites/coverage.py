"""What must hold of coverages: which payer insures a patient, and when."""

from datetime import date

import great_expectations as gx
import great_expectations.expectations as gxe

# Asked once the records that these refer to are loaded too.
DESTINATION = {"points": ["destination"]}

# The source id stands in the crosswalk after the load, and beside the record before it.
TRANSFORMED = {"points": ["transformed"]}

SUITE = gx.ExpectationSuite(
    name="coverage",
    expectations=[
        # Keys.
        gxe.ExpectColumnValuesToNotBeNull(
            column="id", description="Every coverage has an id on the destination."
        ),
        gxe.ExpectColumnValuesToBeUnique(column="id", description="No two coverages share an id."),
        gxe.ExpectColumnValuesToNotBeNull(
            column="source_id",
            description="Every coverage can be traced to its source record.",
            meta=TRANSFORMED,
        ),
        gxe.ExpectColumnValuesToBeUnique(
            column="source_id",
            description="No source record has become two coverages.",
            meta=TRANSFORMED,
        ),
        # Completeness and references.
        gxe.ExpectColumnValuesToNotBeNull(
            column="patient_id", description="Every coverage belongs to a patient."
        ),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query=(
                "SELECT 1 FROM {batch} AS record LEFT JOIN patient ON patient.id = record.patient_id "
                "WHERE record.patient_id IS NOT NULL AND patient.id IS NULL"
            ),
            description="The patient of every coverage is in the destination.",
            meta=DESTINATION,
        ),
        gxe.ExpectColumnValuesToNotBeNull(
            column="payer_id", description="Every coverage names its payer."
        ),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query=(
                "SELECT 1 FROM {batch} AS record LEFT JOIN payer ON payer.id = record.payer_id "
                "WHERE record.payer_id IS NOT NULL AND payer.id IS NULL"
            ),
            description="The payer of every coverage is in the destination.",
            meta=DESTINATION,
        ),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query=(
                "SELECT 1 FROM {batch} AS record LEFT JOIN payer ON payer.id = record.secondary_payer_id "
                "WHERE record.secondary_payer_id IS NOT NULL AND payer.id IS NULL"
            ),
            description="The second payer, where there is one, is in the destination.",
            meta=DESTINATION,
        ),
        gxe.ExpectColumnValuesToNotBeNull(
            column="start_date", description="Every coverage has a first day."
        ),
        # Ranges and across fields.
        gxe.ExpectColumnValuesToBeBetween(
            column="start_date",
            min_value=date(1900, 1, 1),
            description="No coverage begins before 1900.",
        ),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query="SELECT 1 FROM {batch} WHERE start_date > now() + INTERVAL '1 day'",
            description="No coverage begins in the future.",
        ),
        gxe.ExpectColumnPairValuesAToBeGreaterThanB(
            column_A="end_date",
            column_B="start_date",
            or_equal=True,
            ignore_row_if="either_value_is_missing",
            description="No coverage ends before it begins.",
        ),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query="SELECT 1 FROM {batch} WHERE payer_id = secondary_payer_id",
            description="The second payer is another than the first.",
        ),
        # Code sets.
        gxe.ExpectColumnValuesToBeInSet(
            column="owner_code",
            value_set=["self", "guardian", "spouse", "other"],
            description="The holder of the policy is self, guardian, spouse or other.",
        ),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query="SELECT 1 FROM {batch} WHERE owner_name IS NOT NULL AND owner_code IS NULL",
            description="A holder who is named stands in a relation to the patient.",
        ),
    ],
)
