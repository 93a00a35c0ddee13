"""What must hold of intake responses: an intake in flight must not start over."""

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
    name="intake_response",
    expectations=[
        # Keys.
        gxe.ExpectColumnValuesToNotBeNull(
            column="id", description="Every intake response has an id on the destination."
        ),
        gxe.ExpectColumnValuesToBeUnique(
            column="id", description="No two intake responses share an id."
        ),
        gxe.ExpectColumnValuesToNotBeNull(
            column="source_id",
            description="Every intake response can be traced to its source record.",
            meta=TRANSFORMED,
        ),
        gxe.ExpectColumnValuesToBeUnique(
            column="source_id",
            description="No source record has become two intake responses.",
            meta=TRANSFORMED,
        ),
        # Completeness and references.
        gxe.ExpectColumnValuesToNotBeNull(
            column="patient_id", description="Every intake response belongs to a patient."
        ),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query=(
                "SELECT 1 FROM {batch} AS record LEFT JOIN patient ON patient.id = record.patient_id "
                "WHERE record.patient_id IS NOT NULL AND patient.id IS NULL"
            ),
            description="The patient of every intake response is in the destination.",
            meta=DESTINATION,
        ),
        gxe.ExpectColumnValuesToNotBeNull(
            column="program_code", description="Every intake response is for a program."
        ),
        gxe.ExpectColumnValuesToNotBeNull(
            column="question", description="Every intake response has its question."
        ),
        gxe.ExpectColumnValuesToNotBeNull(
            column="status_code", description="Every intake response says how far it is."
        ),
        # Ranges, formats and code sets.
        gxe.ExpectColumnValuesToBeBetween(
            column="answered_at",
            min_value=date(2000, 1, 1),
            description="Nothing was answered before 2000.",
        ),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query="SELECT 1 FROM {batch} WHERE answered_at > now() + INTERVAL '1 day'",
            description="Nothing is answered in the future.",
        ),
        gxe.ExpectColumnValueLengthsToBeBetween(
            column="question", min_value=3, description="A question is words."
        ),
        gxe.ExpectColumnValuesToNotMatchRegex(
            column="answer", regex=TORN, description="No answer is torn by a wrong character set."
        ),
        gxe.ExpectColumnValuesToBeInSet(
            column="status_code",
            value_set=["draft", "submitted", "reviewed"],
            description="It is a draft, submitted or reviewed.",
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
        # Across fields.
        gxe.ExpectCompoundColumnsToBeUnique(
            column_list=["patient_id", "program_code", "question"],
            description="No patient has answered a question of a program twice.",
        ),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query="SELECT 1 FROM {batch} WHERE status_code = 'reviewed' AND answered_at IS NULL",
            description="What a clinician has reviewed was answered.",
        ),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query="SELECT 1 FROM {batch} WHERE answer IS NOT NULL AND status_code <> 'draft' AND answered_at IS NULL",
            description="An answer that was submitted says when.",
        ),
    ],
)
