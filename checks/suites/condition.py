"""What must hold of conditions: diagnoses and problems."""

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
    name="condition",
    expectations=[
        # Keys.
        gxe.ExpectColumnValuesToNotBeNull(
            column="id", description="Every condition has an id on the destination."
        ),
        gxe.ExpectColumnValuesToBeUnique(column="id", description="No two conditions share an id."),
        gxe.ExpectColumnValuesToNotBeNull(
            column="source_id",
            description="Every condition can be traced to its source record.",
            meta=TRANSFORMED,
        ),
        gxe.ExpectColumnValuesToBeUnique(
            column="source_id",
            description="No source record has become two conditions.",
            meta=TRANSFORMED,
        ),
        # Completeness and references.
        gxe.ExpectColumnValuesToNotBeNull(
            column="patient_id", description="Every condition belongs to a patient."
        ),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query=(
                "SELECT 1 FROM {batch} AS record LEFT JOIN patient ON patient.id = record.patient_id "
                "WHERE record.patient_id IS NOT NULL AND patient.id IS NULL"
            ),
            description="The patient of every condition is in the destination.",
            meta=DESTINATION,
        ),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query=(
                "SELECT 1 FROM {batch} AS record JOIN encounter ON encounter.id = record.encounter_id "
                "WHERE encounter.patient_id <> record.patient_id"
            ),
            description="A condition and its encounter belong to the same patient.",
            meta=DESTINATION,
        ),
        gxe.ExpectColumnValuesToNotBeNull(
            column="onset_date", description="Every condition has a first day."
        ),
        gxe.ExpectColumnValuesToNotBeNull(column="code", description="Every condition is coded."),
        gxe.ExpectColumnValuesToNotBeNull(
            column="description", description="Every condition is in words too."
        ),
        # Ranges, formats and code sets.
        gxe.ExpectColumnValuesToBeBetween(
            column="onset_date",
            min_value=date(1900, 1, 1),
            description="No condition began before 1900.",
        ),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query="SELECT 1 FROM {batch} WHERE onset_date > now() + INTERVAL '1 day'",
            description="No condition begins in the future.",
        ),
        gxe.ExpectColumnValuesToMatchRegex(
            column="code", regex=SNOMED_CT, description="The code is a SNOMED CT number."
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
            column_A="abatement_date",
            column_B="onset_date",
            or_equal=True,
            ignore_row_if="either_value_is_missing",
            description="No condition ends before it begins.",
        ),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query=(
                "SELECT 1 FROM {batch} AS record JOIN patient ON patient.id = record.patient_id "
                "WHERE record.onset_date < patient.birth_date - 1"
            ),
            description="No condition begins before the patient's birth.",
            meta=DESTINATION,
        ),
    ],
)
