"""What must hold of clinical notes: what the clinician wrote, word for word."""

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
    name="clinical_note",
    expectations=[
        # Keys.
        gxe.ExpectColumnValuesToNotBeNull(
            column="id", description="Every clinical note has an id on the destination."
        ),
        gxe.ExpectColumnValuesToBeUnique(
            column="id", description="No two clinical notes share an id."
        ),
        gxe.ExpectColumnValuesToNotBeNull(
            column="source_id",
            description="Every clinical note can be traced to its source record.",
            meta=TRANSFORMED,
        ),
        gxe.ExpectColumnValuesToBeUnique(
            column="source_id",
            description="No source record has become two clinical notes.",
            meta=TRANSFORMED,
        ),
        # Completeness and references.
        gxe.ExpectColumnValuesToNotBeNull(
            column="patient_id", description="Every clinical note belongs to a patient."
        ),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query=(
                "SELECT 1 FROM {batch} AS record LEFT JOIN patient ON patient.id = record.patient_id "
                "WHERE record.patient_id IS NOT NULL AND patient.id IS NULL"
            ),
            description="The patient of every clinical note is in the destination.",
            meta=DESTINATION,
        ),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query=(
                "SELECT 1 FROM {batch} AS record JOIN encounter ON encounter.id = record.encounter_id "
                "WHERE encounter.patient_id <> record.patient_id"
            ),
            description="A clinical note and its encounter belong to the same patient.",
            meta=DESTINATION,
        ),
        gxe.ExpectColumnValuesToNotBeNull(
            column="written_at", description="Every clinical note says when it was written."
        ),
        gxe.ExpectColumnValuesToNotBeNull(
            column="note_text", description="Every clinical note has a text."
        ),
        gxe.ExpectColumnValuesToNotBeNull(
            column="type_code", description="Every clinical note says of what kind it is."
        ),
        gxe.ExpectColumnValuesToNotBeNull(
            column="author_id", description="Every clinical note has an author."
        ),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query=(
                "SELECT 1 FROM {batch} AS record LEFT JOIN practitioner ON practitioner.id = record.author_id "
                "WHERE record.author_id IS NOT NULL AND practitioner.id IS NULL"
            ),
            description="The author of every clinical note is in the destination.",
            meta=DESTINATION,
        ),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query=(
                "SELECT 1 FROM {batch} AS record LEFT JOIN practitioner ON practitioner.id = record.cosigner_id "
                "WHERE record.cosigner_id IS NOT NULL AND practitioner.id IS NULL"
            ),
            description="Whoever signed besides is in the destination.",
            meta=DESTINATION,
        ),
        # Ranges, formats and code sets.
        gxe.ExpectColumnValuesToBeBetween(
            column="written_at",
            min_value=date(1970, 1, 1),
            description="No clinical note was written before 1970.",
        ),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query="SELECT 1 FROM {batch} WHERE written_at > now() + INTERVAL '1 day'",
            description="No clinical note is written in the future.",
        ),
        gxe.ExpectColumnValueLengthsToBeBetween(
            column="note_text", min_value=3, description="No clinical note is empty."
        ),
        gxe.ExpectColumnValuesToNotMatchRegex(
            column="note_text",
            regex=TORN,
            description="No clinical note is torn by a wrong character set.",
        ),
        gxe.ExpectColumnValuesToBeInSet(
            column="type_code",
            value_set=[
                "progress",
                "intake",
                "consult",
                "follow_up",
                "telephone",
                "message",
                "discharge",
                "addendum",
            ],
            description="The kind is one of the destination's codes.",
        ),
        # Across fields.
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query="SELECT 1 FROM {batch} WHERE author_id = cosigner_id",
            description="Nobody countersigns a note of their own.",
        ),
    ],
)
