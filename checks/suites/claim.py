"""What must hold of claims: what was billed for an encounter, to whom, and what is owed."""

from datetime import date

import great_expectations as gx
import great_expectations.expectations as gxe

# Asked once the records that these refer to are loaded too.
DESTINATION = {"points": ["destination"]}

# The source id stands in the crosswalk after the load, and beside the record before it.
TRANSFORMED = {"points": ["transformed"]}

SNOMED_CT = r"^[0-9]{6,18}$"

STATUS = ["billed", "closed", "open", "denied"]

SUITE = gx.ExpectationSuite(
    name="claim",
    expectations=[
        # Keys.
        gxe.ExpectColumnValuesToNotBeNull(
            column="id", description="Every claim has an id on the destination."
        ),
        gxe.ExpectColumnValuesToBeUnique(column="id", description="No two claims share an id."),
        gxe.ExpectColumnValuesToNotBeNull(
            column="source_id",
            description="Every claim can be traced to its source record.",
            meta=TRANSFORMED,
        ),
        gxe.ExpectColumnValuesToBeUnique(
            column="source_id",
            description="No source record has become two claims.",
            meta=TRANSFORMED,
        ),
        # Completeness and references.
        gxe.ExpectColumnValuesToNotBeNull(
            column="patient_id", description="Every claim belongs to a patient."
        ),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query=(
                "SELECT 1 FROM {batch} AS record LEFT JOIN patient ON patient.id = record.patient_id "
                "WHERE record.patient_id IS NOT NULL AND patient.id IS NULL"
            ),
            description="The patient of every claim is in the destination.",
            meta=DESTINATION,
        ),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query=(
                "SELECT 1 FROM {batch} AS record JOIN encounter ON encounter.id = record.encounter_id "
                "WHERE encounter.patient_id <> record.patient_id"
            ),
            description="A claim and its encounter belong to the same patient.",
            meta=DESTINATION,
        ),
        gxe.ExpectColumnValuesToNotBeNull(
            column="service_at", description="Every claim says when the patient was treated."
        ),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query=(
                "SELECT 1 FROM {batch} AS record LEFT JOIN practitioner ON practitioner.id = record.practitioner_id "
                "WHERE record.practitioner_id IS NOT NULL AND practitioner.id IS NULL"
            ),
            description="The practitioner of every claim is in the destination.",
            meta=DESTINATION,
        ),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query=(
                "SELECT 1 FROM {batch} AS record LEFT JOIN payer ON payer.id = record.primary_payer_id "
                "WHERE record.primary_payer_id IS NOT NULL AND payer.id IS NULL"
            ),
            description="The first insurer of every claim is in the destination.",
            meta=DESTINATION,
        ),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query=(
                "SELECT 1 FROM {batch} AS record LEFT JOIN payer ON payer.id = record.secondary_payer_id "
                "WHERE record.secondary_payer_id IS NOT NULL AND payer.id IS NULL"
            ),
            description="The second insurer of every claim, where there is one, is in the destination.",
            meta=DESTINATION,
        ),
        # Ranges.
        gxe.ExpectColumnValuesToBeBetween(
            column="service_at",
            min_value=date(1900, 1, 1),
            description="No claim is for a day before 1900.",
        ),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query="SELECT 1 FROM {batch} WHERE service_at > now() + INTERVAL '1 day'",
            description="No claim is for a day in the future.",
        ),
        gxe.ExpectColumnValuesToBeBetween(
            column="primary_outstanding",
            min_value=-10000000,
            max_value=10000000,
            description="What the first insurer owes is within ten million dollars.",
        ),
        gxe.ExpectColumnValuesToBeBetween(
            column="secondary_outstanding",
            min_value=-10000000,
            max_value=10000000,
            description="What the second insurer owes is within ten million dollars.",
        ),
        gxe.ExpectColumnValuesToBeBetween(
            column="patient_outstanding",
            min_value=-10000000,
            max_value=10000000,
            description="What the patient owes is within ten million dollars.",
        ),
        # Formats and code sets.
        gxe.ExpectColumnValuesToMatchRegex(
            column="diagnosis1_code",
            regex=SNOMED_CT,
            description="The first diagnosis is a SNOMED CT number.",
        ),
        gxe.ExpectColumnValuesToMatchRegex(
            column="diagnosis2_code",
            regex=SNOMED_CT,
            description="The second diagnosis is a SNOMED CT number.",
        ),
        gxe.ExpectColumnValuesToBeInSet(
            column="primary_status_code",
            value_set=STATUS,
            description="The state for the first insurer is billed, closed, open or denied.",
        ),
        gxe.ExpectColumnValuesToBeInSet(
            column="secondary_status_code",
            value_set=STATUS,
            description="The state for the second insurer is billed, closed, open or denied.",
        ),
        gxe.ExpectColumnValuesToBeInSet(
            column="patient_status_code",
            value_set=STATUS,
            description="The state for the patient is billed, closed, open or denied.",
        ),
        gxe.ExpectColumnValuesToBeInSet(
            column="primary_type_code",
            value_set=["professional", "institutional", "none"],
            description="The claim to the first insurer is professional, institutional or none.",
        ),
        gxe.ExpectColumnValuesToBeInSet(
            column="secondary_type_code",
            value_set=["professional", "institutional", "none"],
            description="The claim to the second insurer is professional, institutional or none.",
        ),
        # Across fields.
        gxe.ExpectColumnPairValuesAToBeGreaterThanB(
            column_A="service_at",
            column_B="illness_onset_at",
            or_equal=True,
            ignore_row_if="either_value_is_missing",
            description="The illness did not begin after the treatment.",
        ),
        gxe.ExpectColumnPairValuesAToBeGreaterThanB(
            column_A="primary_billed_at",
            column_B="service_at",
            or_equal=True,
            ignore_row_if="either_value_is_missing",
            description="The first insurer was not billed before the treatment.",
        ),
        gxe.ExpectColumnPairValuesAToBeGreaterThanB(
            column_A="patient_billed_at",
            column_B="service_at",
            or_equal=True,
            ignore_row_if="either_value_is_missing",
            description="The patient was not billed before the treatment.",
        ),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query="SELECT 1 FROM {batch} WHERE primary_status_code = 'closed' AND primary_outstanding <> 0",
            description="What the first insurer has closed is paid.",
        ),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query="SELECT 1 FROM {batch} WHERE secondary_status_code = 'closed' AND secondary_outstanding <> 0",
            description="What the second insurer has closed is paid.",
        ),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query="SELECT 1 FROM {batch} WHERE patient_status_code = 'closed' AND patient_outstanding <> 0",
            description="What the patient has closed is paid.",
        ),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query="SELECT 1 FROM {batch} WHERE diagnosis2_code IS NOT NULL AND diagnosis1_code IS NULL",
            description="There is no second diagnosis without a first.",
        ),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query="SELECT 1 FROM {batch} WHERE primary_payer_id = secondary_payer_id",
            description="The second insurer is another than the first.",
        ),
    ],
)
