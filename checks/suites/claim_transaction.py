"""What must hold of claim transactions: the lines of a claim, to the cent."""

from datetime import date

import great_expectations as gx
import great_expectations.expectations as gxe

# Asked once the records that these refer to are loaded too.
DESTINATION = {"points": ["destination"]}

# The source id stands in the crosswalk after the load, and beside the record before it.
TRANSFORMED = {"points": ["transformed"]}

SUITE = gx.ExpectationSuite(
    name="claim_transaction",
    expectations=[
        # Keys.
        gxe.ExpectColumnValuesToNotBeNull(
            column="id", description="Every claim transaction has an id on the destination."
        ),
        gxe.ExpectColumnValuesToBeUnique(
            column="id", description="No two claim transactions share an id."
        ),
        gxe.ExpectColumnValuesToNotBeNull(
            column="source_id",
            description="Every claim transaction can be traced to its source record.",
            meta=TRANSFORMED,
        ),
        gxe.ExpectColumnValuesToBeUnique(
            column="source_id",
            description="No source record has become two claim transactions.",
            meta=TRANSFORMED,
        ),
        # Completeness and references.
        gxe.ExpectColumnValuesToNotBeNull(
            column="patient_id", description="Every claim transaction belongs to a patient."
        ),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query=(
                "SELECT 1 FROM {batch} AS record LEFT JOIN patient ON patient.id = record.patient_id "
                "WHERE record.patient_id IS NOT NULL AND patient.id IS NULL"
            ),
            description="The patient of every claim transaction is in the destination.",
            meta=DESTINATION,
        ),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query=(
                "SELECT 1 FROM {batch} AS record JOIN encounter ON encounter.id = record.encounter_id "
                "WHERE encounter.patient_id <> record.patient_id"
            ),
            description="A claim transaction and its encounter belong to the same patient.",
            meta=DESTINATION,
        ),
        gxe.ExpectColumnValuesToNotBeNull(
            column="claim_id", description="Every claim transaction belongs to a claim."
        ),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query=(
                "SELECT 1 FROM {batch} AS record LEFT JOIN claim ON claim.id = record.claim_id "
                "WHERE record.claim_id IS NOT NULL AND claim.id IS NULL"
            ),
            description="The claim of every claim transaction is in the destination.",
            meta=DESTINATION,
        ),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query=(
                "SELECT 1 FROM {batch} AS record JOIN claim ON claim.id = record.claim_id "
                "WHERE claim.patient_id <> record.patient_id"
            ),
            description="A claim transaction and its claim belong to the same patient.",
            meta=DESTINATION,
        ),
        gxe.ExpectColumnValuesToNotBeNull(
            column="type_code", description="Every claim transaction says of what kind it is."
        ),
        gxe.ExpectColumnValuesToNotBeNull(
            column="from_at", description="Every claim transaction says when the service began."
        ),
        # Ranges.
        gxe.ExpectColumnValuesToBeBetween(
            column="from_at",
            min_value=date(1900, 1, 1),
            description="No service began before 1900.",
        ),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query="SELECT 1 FROM {batch} WHERE from_at > now() + INTERVAL '1 day'",
            description="No service begins in the future.",
        ),
        gxe.ExpectColumnValuesToBeBetween(
            column="amount",
            min_value=-10000000,
            max_value=10000000,
            description="An amount is within ten million dollars.",
        ),
        gxe.ExpectColumnValuesToBeBetween(
            column="unit_amount",
            min_value=0,
            max_value=10000000,
            description="The price of one lies between zero and ten million dollars.",
        ),
        gxe.ExpectColumnValuesToBeBetween(
            column="payments",
            min_value=-10000000,
            max_value=10000000,
            description="A payment is within ten million dollars.",
        ),
        gxe.ExpectColumnValuesToBeBetween(
            column="units",
            min_value=0,
            max_value=1000000,
            description="Units lie between zero and a million.",
        ),
        gxe.ExpectColumnValuesToBeBetween(
            column="diagnosis_ref1",
            min_value=1,
            max_value=8,
            description="The first diagnosis named is one of the claim's eight.",
        ),
        gxe.ExpectColumnValuesToBeBetween(
            column="diagnosis_ref2",
            min_value=1,
            max_value=8,
            description="The second diagnosis named is one of the claim's eight.",
        ),
        gxe.ExpectColumnValuesToBeBetween(
            column="diagnosis_ref3",
            min_value=1,
            max_value=8,
            description="The third diagnosis named is one of the claim's eight.",
        ),
        gxe.ExpectColumnValuesToBeBetween(
            column="diagnosis_ref4",
            min_value=1,
            max_value=8,
            description="The fourth diagnosis named is one of the claim's eight.",
        ),
        # Formats and code sets.
        gxe.ExpectColumnValuesToBeInSet(
            column="type_code",
            value_set=["charge", "payment", "adjustment", "transfer_in", "transfer_out"],
            description="It is a charge, a payment, an adjustment or a transfer.",
        ),
        gxe.ExpectColumnValuesToBeInSet(
            column="method_code",
            value_set=["cash", "check", "electronic_check", "card", "copay", "system"],
            description="The method of payment is one of the destination's codes.",
        ),
        gxe.ExpectColumnValuesToBeInSet(
            column="transfer_type_code",
            value_set=["primary", "secondary", "patient"],
            description="A transfer goes to an insurer or to the patient.",
        ),
        # Across fields.
        gxe.ExpectColumnPairValuesAToBeGreaterThanB(
            column_A="to_at",
            column_B="from_at",
            or_equal=True,
            ignore_row_if="either_value_is_missing",
            description="No service ends before it begins.",
        ),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query="SELECT 1 FROM {batch} WHERE type_code = 'charge' AND amount IS NULL",
            description="Every charge has an amount.",
        ),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query="SELECT 1 FROM {batch} WHERE type_code = 'payment' AND payments IS NULL",
            description="Every payment says what was paid.",
        ),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query="SELECT 1 FROM {batch} WHERE type_code IN ('transfer_in', 'transfer_out') AND transfers IS NULL",
            description="Every transfer says what was transferred.",
        ),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query="SELECT 1 FROM {batch} WHERE type_code = 'charge' AND abs(amount - units * unit_amount) > 0.01",
            description="A charge is its units times the price of one, to the cent.",
        ),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query="SELECT 1 FROM {batch} WHERE method_code IS NOT NULL AND type_code <> 'payment'",
            description="Only payments have a method.",
        ),
    ],
)
