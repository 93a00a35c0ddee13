"""What must hold of care plans: one record for each activity."""

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
    name="care_plan",
    expectations=[
        # Keys.
        gxe.ExpectColumnValuesToNotBeNull(
            column="id", description="Every care plan has an id on the destination."
        ),
        gxe.ExpectColumnValuesToBeUnique(column="id", description="No two care plans share an id."),
        gxe.ExpectColumnValuesToNotBeNull(
            column="source_id",
            description="Every care plan can be traced to its source record.",
            meta=TRANSFORMED,
        ),
        gxe.ExpectColumnValuesToBeUnique(
            column="source_id",
            description="No source record has become two care plans.",
            meta=TRANSFORMED,
        ),
        # Completeness and references.
        gxe.ExpectColumnValuesToNotBeNull(
            column="patient_id", description="Every care plan belongs to a patient."
        ),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query=(
                "SELECT 1 FROM {batch} AS record LEFT JOIN patient ON patient.id = record.patient_id "
                "WHERE record.patient_id IS NOT NULL AND patient.id IS NULL"
            ),
            description="The patient of every care plan is in the destination.",
            meta=DESTINATION,
        ),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query=(
                "SELECT 1 FROM {batch} AS record JOIN encounter ON encounter.id = record.encounter_id "
                "WHERE encounter.patient_id <> record.patient_id"
            ),
            description="A care plan and its encounter belong to the same patient.",
            meta=DESTINATION,
        ),
        gxe.ExpectColumnValuesToNotBeNull(
            column="plan_number",
            description="Every care plan has a number that joins its activities.",
        ),
        gxe.ExpectColumnValuesToNotBeNull(
            column="start_date", description="Every care plan has a first day."
        ),
        gxe.ExpectColumnValuesToNotBeNull(column="code", description="Every care plan is coded."),
        gxe.ExpectColumnValuesToNotBeNull(
            column="description", description="Every care plan is in words too."
        ),
        # Ranges and formats.
        gxe.ExpectColumnValuesToBeBetween(
            column="start_date",
            min_value=date(1900, 1, 1),
            description="No care plan began before 1900.",
        ),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query="SELECT 1 FROM {batch} WHERE start_date > now() + INTERVAL '1 day'",
            description="No care plan begins in the future.",
        ),
        gxe.ExpectColumnValuesToMatchRegex(
            column="code", regex=SNOMED_CT, description="The code is a SNOMED CT number."
        ),
        gxe.ExpectColumnValuesToMatchRegex(
            column="reason_code", regex=SNOMED_CT, description="The reason is a SNOMED CT number."
        ),
        gxe.ExpectCompoundColumnsToBeUnique(
            column_list=["plan_number", "code", "description"],
            description="No activity stands twice in one care plan.",
        ),
        gxe.ExpectColumnValuesToNotMatchRegex(
            column="description",
            regex=TORN,
            description="No description is torn by a wrong character set.",
        ),
        # Across fields.
        gxe.ExpectColumnPairValuesAToBeGreaterThanB(
            column_A="end_date",
            column_B="start_date",
            or_equal=True,
            ignore_row_if="either_value_is_missing",
            description="No care plan ends before it begins.",
        ),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query="SELECT 1 FROM {batch} WHERE reason_description IS NOT NULL AND reason_code IS NULL",
            description="A reason in words is coded too.",
        ),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query="SELECT plan_number FROM {batch} GROUP BY plan_number HAVING count(DISTINCT patient_id) > 1",
            description="All activities of a care plan belong to one patient.",
        ),
    ],
)
