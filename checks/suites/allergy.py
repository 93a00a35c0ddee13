"""What must hold of allergies and intolerances: a lost one may kill."""

from datetime import date

import great_expectations as gx
import great_expectations.expectations as gxe

# Asked once the records that these refer to are loaded too.
DESTINATION = {"points": ["destination"]}

# The source id stands in the crosswalk after the load, and beside the record before it.
TRANSFORMED = {"points": ["transformed"]}

SNOMED_CT = r"^[0-9]{6,18}$"

SUITE = gx.ExpectationSuite(
    name="allergy",
    expectations=[
        # Keys.
        gxe.ExpectColumnValuesToNotBeNull(
            column="id", description="Every allergy has an id on the destination."
        ),
        gxe.ExpectColumnValuesToBeUnique(column="id", description="No two allergies share an id."),
        gxe.ExpectColumnValuesToNotBeNull(
            column="source_id",
            description="Every allergy can be traced to its source record.",
            meta=TRANSFORMED,
        ),
        gxe.ExpectColumnValuesToBeUnique(
            column="source_id",
            description="No source record has become two allergies.",
            meta=TRANSFORMED,
        ),
        # Completeness and references.
        gxe.ExpectColumnValuesToNotBeNull(
            column="patient_id", description="Every allergy belongs to a patient."
        ),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query=(
                "SELECT 1 FROM {batch} AS record LEFT JOIN patient ON patient.id = record.patient_id "
                "WHERE record.patient_id IS NOT NULL AND patient.id IS NULL"
            ),
            description="The patient of every allergy is in the destination.",
            meta=DESTINATION,
        ),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query=(
                "SELECT 1 FROM {batch} AS record JOIN encounter ON encounter.id = record.encounter_id "
                "WHERE encounter.patient_id <> record.patient_id"
            ),
            description="An allergy and its encounter belong to the same patient.",
            meta=DESTINATION,
        ),
        gxe.ExpectColumnValuesToNotBeNull(
            column="onset_date", description="Every allergy says since when it is known."
        ),
        gxe.ExpectColumnValuesToNotBeNull(
            column="code", description="Every allergy names its substance by a code."
        ),
        gxe.ExpectColumnValuesToNotBeNull(
            column="description", description="Every allergy names its substance in words."
        ),
        # Ranges, formats and code sets.
        gxe.ExpectColumnValuesToBeBetween(
            column="onset_date",
            min_value=date(1900, 1, 1),
            description="No allergy was recorded before 1900.",
        ),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query="SELECT 1 FROM {batch} WHERE onset_date > now() + INTERVAL '1 day'",
            description="No allergy begins in the future.",
        ),
        gxe.ExpectColumnValuesToMatchRegex(
            column="code",
            regex=r"^[0-9]{2,18}$",
            description="The code is an RxNorm or SNOMED CT number.",
        ),
        gxe.ExpectColumnValuesToMatchRegex(
            column="code_system",
            regex=r"(?i)^(rxnorm|snomed)",
            description="The code system, where it is said, is RxNorm or SNOMED CT.",
        ),
        gxe.ExpectColumnValuesToBeInSet(
            column="type_code",
            value_set=["allergy", "intolerance"],
            description="It is an allergy or an intolerance.",
        ),
        gxe.ExpectColumnValuesToBeInSet(
            column="category_code",
            value_set=["food", "medication", "environment", "biologic"],
            description="The category is food, medication, environment or biologic.",
        ),
        gxe.ExpectColumnValuesToBeInSet(
            column="reaction1_severity_code",
            value_set=["mild", "moderate", "severe"],
            description="The first reaction is mild, moderate or severe.",
        ),
        gxe.ExpectColumnValuesToBeInSet(
            column="reaction2_severity_code",
            value_set=["mild", "moderate", "severe"],
            description="The second reaction is mild, moderate or severe.",
        ),
        gxe.ExpectColumnValuesToMatchRegex(
            column="reaction1_code",
            regex=SNOMED_CT,
            description="The first reaction is a SNOMED CT number.",
        ),
        gxe.ExpectColumnValuesToMatchRegex(
            column="reaction2_code",
            regex=SNOMED_CT,
            description="The second reaction is a SNOMED CT number.",
        ),
        # Across fields.
        gxe.ExpectColumnPairValuesAToBeGreaterThanB(
            column_A="abatement_date",
            column_B="onset_date",
            or_equal=True,
            ignore_row_if="either_value_is_missing",
            description="No allergy ends before it begins.",
        ),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query="SELECT 1 FROM {batch} WHERE reaction1_severity_code IS NOT NULL AND reaction1_code IS NULL",
            description="A severity belongs to a first reaction that is named.",
        ),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query="SELECT 1 FROM {batch} WHERE reaction2_severity_code IS NOT NULL AND reaction2_code IS NULL",
            description="A severity belongs to a second reaction that is named.",
        ),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query="SELECT 1 FROM {batch} WHERE reaction2_code IS NOT NULL AND reaction1_code IS NULL",
            description="There is no second reaction without a first.",
        ),
    ],
)
