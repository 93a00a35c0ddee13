"""What must hold of procedures: what was done."""

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
    name="procedure",
    expectations=[
        # Keys.
        gxe.ExpectColumnValuesToNotBeNull(
            column="id", description="Every procedure has an id on the destination."
        ),
        gxe.ExpectColumnValuesToBeUnique(column="id", description="No two procedures share an id."),
        gxe.ExpectColumnValuesToNotBeNull(
            column="source_id",
            description="Every procedure can be traced to its source record.",
            meta=TRANSFORMED,
        ),
        gxe.ExpectColumnValuesToBeUnique(
            column="source_id",
            description="No source record has become two procedures.",
            meta=TRANSFORMED,
        ),
        # Completeness and references.
        gxe.ExpectColumnValuesToNotBeNull(
            column="patient_id", description="Every procedure belongs to a patient."
        ),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query=(
                "SELECT 1 FROM {batch} AS record LEFT JOIN patient ON patient.id = record.patient_id "
                "WHERE record.patient_id IS NOT NULL AND patient.id IS NULL"
            ),
            description="The patient of every procedure is in the destination.",
            meta=DESTINATION,
        ),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query=(
                "SELECT 1 FROM {batch} AS record JOIN encounter ON encounter.id = record.encounter_id "
                "WHERE encounter.patient_id <> record.patient_id"
            ),
            description="A procedure and its encounter belong to the same patient.",
            meta=DESTINATION,
        ),
        gxe.ExpectColumnValuesToNotBeNull(
            column="started_at", description="Every procedure says when it was done."
        ),
        gxe.ExpectColumnValuesToNotBeNull(column="code", description="Every procedure is coded."),
        gxe.ExpectColumnValuesToNotBeNull(
            column="description", description="Every procedure is in words too."
        ),
        # Ranges, formats and code sets.
        gxe.ExpectColumnValuesToBeBetween(
            column="started_at",
            min_value=date(1900, 1, 1),
            description="No procedure was done before 1900.",
        ),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query="SELECT 1 FROM {batch} WHERE started_at > now() + INTERVAL '1 day'",
            description="No procedure is done in the future.",
        ),
        gxe.ExpectColumnValuesToBeBetween(
            column="base_cost",
            min_value=0,
            max_value=10000000,
            description="The cost lies between zero and ten million dollars.",
        ),
        gxe.ExpectColumnValuesToMatchRegex(
            column="code", regex=SNOMED_CT, description="The code is a SNOMED CT number."
        ),
        gxe.ExpectColumnValuesToMatchRegex(
            column="reason_code", regex=SNOMED_CT, description="The reason is a SNOMED CT number."
        ),
        gxe.ExpectColumnValuesToMatchRegex(
            column="code_system",
            regex=r"(?i)snomed",
            description="The code system, where it is said, is SNOMED CT.",
        ),
        gxe.ExpectColumnValuesToNotMatchRegex(
            column="description",
            regex=TORN,
            description="No description is torn by a wrong character set.",
        ),
        # Across fields.
        gxe.ExpectColumnPairValuesAToBeGreaterThanB(
            column_A="ended_at",
            column_B="started_at",
            or_equal=True,
            ignore_row_if="either_value_is_missing",
            description="No procedure ends before it begins.",
        ),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query="SELECT 1 FROM {batch} WHERE reason_description IS NOT NULL AND reason_code IS NULL",
            description="A reason in words is coded too.",
        ),
    ],
)
