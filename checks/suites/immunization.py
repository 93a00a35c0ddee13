"""What must hold of immunizations: the next dose depends on the first."""

from datetime import date

import great_expectations as gx
import great_expectations.expectations as gxe

# Asked once the records that these refer to are loaded too.
DESTINATION = {"points": ["destination"]}

# The source id stands in the crosswalk after the load, and beside the record before it.
TRANSFORMED = {"points": ["transformed"]}

# What is left of UTF-8 that was read as Windows-1252.
TORN = r"(Ã[^A-Za-z ]|â€|ï¿½|\ufffd)"

SUITE = gx.ExpectationSuite(
    name="immunization",
    expectations=[
        # Keys.
        gxe.ExpectColumnValuesToNotBeNull(
            column="id", description="Every immunization has an id on the destination."
        ),
        gxe.ExpectColumnValuesToBeUnique(
            column="id", description="No two immunizations share an id."
        ),
        gxe.ExpectColumnValuesToNotBeNull(
            column="source_id",
            description="Every immunization can be traced to its source record.",
            meta=TRANSFORMED,
        ),
        gxe.ExpectColumnValuesToBeUnique(
            column="source_id",
            description="No source record has become two immunizations.",
            meta=TRANSFORMED,
        ),
        # Completeness and references.
        gxe.ExpectColumnValuesToNotBeNull(
            column="patient_id", description="Every immunization belongs to a patient."
        ),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query=(
                "SELECT 1 FROM {batch} AS record LEFT JOIN patient ON patient.id = record.patient_id "
                "WHERE record.patient_id IS NOT NULL AND patient.id IS NULL"
            ),
            description="The patient of every immunization is in the destination.",
            meta=DESTINATION,
        ),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query=(
                "SELECT 1 FROM {batch} AS record JOIN encounter ON encounter.id = record.encounter_id "
                "WHERE encounter.patient_id <> record.patient_id"
            ),
            description="An immunization and its encounter belong to the same patient.",
            meta=DESTINATION,
        ),
        gxe.ExpectColumnValuesToNotBeNull(
            column="administered_at", description="Every immunization says when it was given."
        ),
        gxe.ExpectColumnValuesToNotBeNull(
            column="code", description="Every immunization names its vaccine by a code."
        ),
        gxe.ExpectColumnValuesToNotBeNull(
            column="description", description="Every immunization names its vaccine in words."
        ),
        # Ranges and formats.
        gxe.ExpectColumnValuesToBeBetween(
            column="administered_at",
            min_value=date(1900, 1, 1),
            description="No immunization was given before 1900.",
        ),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query="SELECT 1 FROM {batch} WHERE administered_at > now() + INTERVAL '1 day'",
            description="No immunization is given in the future.",
        ),
        gxe.ExpectColumnValuesToMatchRegex(
            column="code", regex=r"^[0-9]{1,3}$", description="The code is a CVX number."
        ),
        gxe.ExpectColumnValuesToBeBetween(
            column="base_cost",
            min_value=0,
            max_value=100000,
            description="The cost lies between zero and a hundred thousand dollars.",
        ),
        gxe.ExpectColumnValuesToNotMatchRegex(
            column="description",
            regex=TORN,
            description="No description is torn by a wrong character set.",
        ),
        # Across fields.
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query=(
                "SELECT 1 FROM {batch} AS record JOIN patient ON patient.id = record.patient_id "
                "WHERE CAST(record.administered_at AS date) < patient.birth_date - 1"
            ),
            description="No immunization is before the patient's birth.",
            meta=DESTINATION,
        ),
    ],
)
