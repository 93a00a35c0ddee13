"""What must hold of encounters: visits, calls and stays."""

from datetime import date

import great_expectations as gx
import great_expectations.expectations as gxe

# Asked once the records that these refer to are loaded too.
DESTINATION = {"points": ["destination"]}

# The source id stands in the crosswalk after the load, and beside the record before it.
TRANSFORMED = {"points": ["transformed"]}

SNOMED_CT = r"^[0-9]{6,18}$"

SUITE = gx.ExpectationSuite(
    name="encounter",
    expectations=[
        # Keys.
        gxe.ExpectColumnValuesToNotBeNull(
            column="id", description="Every encounter has an id on the destination."
        ),
        gxe.ExpectColumnValuesToBeUnique(column="id", description="No two encounters share an id."),
        gxe.ExpectColumnValuesToNotBeNull(
            column="source_id",
            description="Every encounter can be traced to its source record.",
            meta=TRANSFORMED,
        ),
        gxe.ExpectColumnValuesToBeUnique(
            column="source_id",
            description="No source record has become two encounters.",
            meta=TRANSFORMED,
        ),
        # Completeness and references.
        gxe.ExpectColumnValuesToNotBeNull(
            column="patient_id", description="Every encounter belongs to a patient."
        ),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query=(
                "SELECT 1 FROM {batch} AS record LEFT JOIN patient ON patient.id = record.patient_id "
                "WHERE record.patient_id IS NOT NULL AND patient.id IS NULL"
            ),
            description="The patient of every encounter is in the destination.",
            meta=DESTINATION,
        ),
        gxe.ExpectColumnValuesToNotBeNull(
            column="started_at", description="Every encounter has a begin."
        ),
        gxe.ExpectColumnValuesToNotBeNull(column="code", description="Every encounter is coded."),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query=(
                "SELECT 1 FROM {batch} AS record LEFT JOIN practitioner ON practitioner.id = record.practitioner_id "
                "WHERE record.practitioner_id IS NOT NULL AND practitioner.id IS NULL"
            ),
            description="The practitioner of every encounter is in the destination.",
            meta=DESTINATION,
        ),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query=(
                "SELECT 1 FROM {batch} AS record LEFT JOIN organization ON organization.id = record.organization_id "
                "WHERE record.organization_id IS NOT NULL AND organization.id IS NULL"
            ),
            description="The organization of every encounter is in the destination.",
            meta=DESTINATION,
        ),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query=(
                "SELECT 1 FROM {batch} AS record LEFT JOIN payer ON payer.id = record.payer_id "
                "WHERE record.payer_id IS NOT NULL AND payer.id IS NULL"
            ),
            description="The payer of every encounter is in the destination.",
            meta=DESTINATION,
        ),
        # Ranges.
        gxe.ExpectColumnValuesToBeBetween(
            column="started_at",
            min_value=date(1900, 1, 1),
            description="No encounter began before 1900.",
        ),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query="SELECT 1 FROM {batch} WHERE started_at > now() + INTERVAL '1 day'",
            description="No encounter begins in the future.",
        ),
        gxe.ExpectColumnValuesToBeBetween(
            column="base_cost",
            min_value=0,
            max_value=10000000,
            description="The base cost lies between zero and ten million dollars.",
        ),
        gxe.ExpectColumnValuesToBeBetween(
            column="total_claim_cost",
            min_value=0,
            max_value=10000000,
            description="The total cost lies between zero and ten million dollars.",
        ),
        gxe.ExpectColumnValuesToBeBetween(
            column="payer_coverage",
            min_value=0,
            max_value=10000000,
            description="What the payer covers lies between zero and ten million dollars.",
        ),
        # Formats and code sets.
        gxe.ExpectColumnValuesToMatchRegex(
            column="code", regex=SNOMED_CT, description="The code is a SNOMED CT number."
        ),
        gxe.ExpectColumnValuesToMatchRegex(
            column="reason_code", regex=SNOMED_CT, description="The reason is a SNOMED CT number."
        ),
        gxe.ExpectColumnValuesToBeInSet(
            column="class_code",
            value_set=[
                "AMB",
                "EMER",
                "IMP",
                "OBSENC",
                "VR",
                "HH",
                "WELL",
                "URG",
                "OUTP",
                "HOSPICE",
                "SNF",
            ],
            description="The kind of encounter is one of the destination's codes.",
        ),
        # Across fields.
        gxe.ExpectColumnPairValuesAToBeGreaterThanB(
            column_A="ended_at",
            column_B="started_at",
            or_equal=True,
            ignore_row_if="either_value_is_missing",
            description="No encounter ends before it begins.",
        ),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query="SELECT 1 FROM {batch} WHERE ended_at - started_at > INTERVAL '3 years'",
            description="No encounter lasts longer than three years.",
        ),
        gxe.ExpectColumnPairValuesAToBeGreaterThanB(
            column_A="total_claim_cost",
            column_B="payer_coverage",
            or_equal=True,
            ignore_row_if="either_value_is_missing",
            description="The payer covers no more than the total cost.",
        ),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query="SELECT 1 FROM {batch} WHERE reason_description IS NOT NULL AND reason_code IS NULL",
            description="A reason in words is coded too.",
        ),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query=(
                "SELECT 1 FROM {batch} AS record JOIN patient ON patient.id = record.patient_id "
                "WHERE CAST(record.started_at AS date) < patient.birth_date - 1"
            ),
            description="No encounter is before the patient's birth.",
            meta=DESTINATION,
        ),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query=(
                "SELECT 1 FROM {batch} AS record JOIN patient ON patient.id = record.patient_id "
                "WHERE CAST(record.started_at AS date) > patient.death_date + 1 AND record.code <> '308646001'"
            ),
            description="After a patient's death there is no encounter but its certification.",
            meta=DESTINATION,
        ),
    ],
)
