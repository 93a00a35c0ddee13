"""What must hold of documents: the entry in the chart, and the stored file it names."""

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
    name="document_reference",
    expectations=[
        # Keys.
        gxe.ExpectColumnValuesToNotBeNull(
            column="id", description="Every document reference has an id on the destination."
        ),
        gxe.ExpectColumnValuesToBeUnique(
            column="id", description="No two document references share an id."
        ),
        gxe.ExpectColumnValuesToNotBeNull(
            column="source_id",
            description="Every document reference can be traced to its source record.",
            meta=TRANSFORMED,
        ),
        gxe.ExpectColumnValuesToBeUnique(
            column="source_id",
            description="No source record has become two document references.",
            meta=TRANSFORMED,
        ),
        # Completeness and references.
        gxe.ExpectColumnValuesToNotBeNull(
            column="patient_id", description="Every document reference belongs to a patient."
        ),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query=(
                "SELECT 1 FROM {batch} AS record LEFT JOIN patient ON patient.id = record.patient_id "
                "WHERE record.patient_id IS NOT NULL AND patient.id IS NULL"
            ),
            description="The patient of every document reference is in the destination.",
            meta=DESTINATION,
        ),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query=(
                "SELECT 1 FROM {batch} AS record JOIN encounter ON encounter.id = record.encounter_id "
                "WHERE encounter.patient_id <> record.patient_id"
            ),
            description="A document reference and its encounter belong to the same patient.",
            meta=DESTINATION,
        ),
        gxe.ExpectColumnValuesToNotBeNull(
            column="created_at", description="Every document reference says when it was filed."
        ),
        gxe.ExpectColumnValuesToNotBeNull(
            column="storage_path", description="Every document reference leads to a stored file."
        ),
        gxe.ExpectColumnValuesToNotBeNull(
            column="sha256", description="Every stored file has its digest."
        ),
        gxe.ExpectColumnValuesToNotBeNull(
            column="size_bytes", description="Every stored file has its size."
        ),
        gxe.ExpectColumnValuesToNotBeNull(
            column="content_type",
            description="Every document reference says of what media type it is.",
        ),
        gxe.ExpectColumnValuesToNotBeNull(
            column="type_code", description="Every document reference says of what kind it is."
        ),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query=(
                "SELECT 1 FROM {batch} AS record LEFT JOIN practitioner ON practitioner.id = record.author_id "
                "WHERE record.author_id IS NOT NULL AND practitioner.id IS NULL"
            ),
            description="Whoever filed a document is in the destination.",
            meta=DESTINATION,
        ),
        gxe.ExpectColumnValuesToBeUnique(
            column="storage_path", description="No two document references lead to one file."
        ),
        # Ranges, formats and code sets.
        gxe.ExpectColumnValuesToBeBetween(
            column="created_at",
            min_value=date(1970, 1, 1),
            description="No document was filed before 1970.",
        ),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query="SELECT 1 FROM {batch} WHERE created_at > now() + INTERVAL '1 day'",
            description="No document is filed in the future.",
        ),
        gxe.ExpectColumnValuesToBeBetween(
            column="size_bytes",
            min_value=1,
            max_value=5000000000,
            description="A file has at least one byte and at most five gigabytes.",
        ),
        gxe.ExpectColumnValuesToMatchRegex(
            column="sha256",
            regex=r"^[0-9a-f]{64}$",
            description="A digest is a SHA-256 in hexadecimal.",
        ),
        gxe.ExpectColumnValuesToMatchRegex(
            column="content_type",
            regex=r"^[a-z]+/[a-z0-9.+-]+$",
            description="A media type has the form of one, as application/pdf.",
        ),
        gxe.ExpectColumnValuesToNotMatchRegex(
            column="storage_path",
            regex=r"(^/|\.\.|\\)",
            description="No path leads out of the documents folder.",
        ),
        gxe.ExpectColumnValuesToNotMatchRegex(
            column="sha256",
            regex=r"^e3b0c44298fc1c149afbf4c8996fb924",
            description="No digest is that of an empty file.",
        ),
        gxe.ExpectColumnValuesToBeInSet(
            column="type_code",
            value_set=[
                "lab_report",
                "consent",
                "id_card",
                "insurance_card",
                "referral",
                "imaging",
                "visit_summary",
                "letter",
                "photo",
                "other",
            ],
            description="The kind is one of the destination's codes.",
        ),
        gxe.ExpectColumnValuesToNotMatchRegex(
            column="title", regex=TORN, description="No title is torn by a wrong character set."
        ),
    ],
)
