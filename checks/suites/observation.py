"""What must hold of observations: vital signs, laboratory results, survey answers."""

from datetime import date

import great_expectations as gx
import great_expectations.expectations as gxe

# Asked once the records that these refer to are loaded too.
DESTINATION = {"points": ["destination"]}

# The source id stands in the crosswalk after the load, and beside the record before it.
TRANSFORMED = {"points": ["transformed"]}

# What is left of UTF-8 that was read as Windows-1252.
TORN = r"(Ã[^A-Za-z ]|â€|ï¿½|\ufffd)"

VITALS = {
    # LOINC code: unit as written, least and greatest value that a living person can have.
    "29463-7": ("kg", 0.2, 650),
    "8302-2": ("cm", 20, 275),
    "39156-5": ("kg/m2", 5, 210),
    "8480-6": ("mm[Hg]", 30, 370),
    "8462-4": ("mm[Hg]", 10, 360),
    "8867-4": ("/min", 10, 480),
    "9279-1": ("/min", 2, 150),
    "8310-5": ("Cel", 13, 47),
    "2708-6": ("%", 10, 100),
    "59408-5": ("%", 10, 100),
    "4548-4": ("%", 2, 25),
    "72514-3": ("{score}", 0, 10),
}
PLAUSIBLE = ", ".join(
    f"('{code}', {least}, {greatest})" for code, (_, least, greatest) in VITALS.items()
)
UNITS = ", ".join(f"('{code}', '{unit}')" for code, (unit, _, _) in VITALS.items())
# A brace would be read as a placeholder of the query.
UNITS = UNITS.replace("{", "{{").replace("}", "}}")

SUITE = gx.ExpectationSuite(
    name="observation",
    expectations=[
        # Keys.
        gxe.ExpectColumnValuesToNotBeNull(
            column="id", description="Every observation has an id on the destination."
        ),
        gxe.ExpectColumnValuesToBeUnique(
            column="id", description="No two observations share an id."
        ),
        gxe.ExpectColumnValuesToNotBeNull(
            column="source_id",
            description="Every observation can be traced to its source record.",
            meta=TRANSFORMED,
        ),
        gxe.ExpectColumnValuesToBeUnique(
            column="source_id",
            description="No source record has become two observations.",
            meta=TRANSFORMED,
        ),
        # Completeness and references.
        gxe.ExpectColumnValuesToNotBeNull(
            column="patient_id", description="Every observation belongs to a patient."
        ),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query=(
                "SELECT 1 FROM {batch} AS record LEFT JOIN patient ON patient.id = record.patient_id "
                "WHERE record.patient_id IS NOT NULL AND patient.id IS NULL"
            ),
            description="The patient of every observation is in the destination.",
            meta=DESTINATION,
        ),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query=(
                "SELECT 1 FROM {batch} AS record JOIN encounter ON encounter.id = record.encounter_id "
                "WHERE encounter.patient_id <> record.patient_id"
            ),
            description="An observation and its encounter belong to the same patient.",
            meta=DESTINATION,
        ),
        gxe.ExpectColumnValuesToNotBeNull(
            column="observed_at", description="Every observation says when it was made."
        ),
        gxe.ExpectColumnValuesToNotBeNull(column="code", description="Every observation is coded."),
        gxe.ExpectColumnValuesToNotBeNull(
            column="value_text",
            mostly=0.9,
            description="At least nine in ten observations have a value (a panel's heading has none).",
        ),
        # Ranges, formats and code sets.
        gxe.ExpectColumnValuesToBeBetween(
            column="observed_at",
            min_value=date(1900, 1, 1),
            description="No observation was made before 1900.",
        ),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query="SELECT 1 FROM {batch} WHERE observed_at > now() + INTERVAL '1 day'",
            description="No observation is made in the future.",
        ),
        gxe.ExpectColumnValuesToMatchRegex(
            column="code",
            regex=r"^([0-9]{1,7}-[0-9]|[0-9]{5,18}|QALY|DALY|QOLS)$",
            description="The code is a LOINC or SNOMED CT number, or a score of quality of life.",
        ),
        gxe.ExpectColumnValuesToBeInSet(
            column="category_code",
            value_set=[
                "vital-signs",
                "laboratory",
                "survey",
                "social-history",
                "exam",
                "procedure",
                "therapy",
                "imaging",
                "activity",
            ],
            description="The category is one of the destination's codes.",
        ),
        gxe.ExpectColumnValuesToBeInSet(
            column="value_type",
            value_set=["numeric", "text"],
            description="The value is a number or a text.",
        ),
        gxe.ExpectColumnValuesToNotMatchRegex(
            column="value_text",
            regex=TORN,
            description="No value is torn by a wrong character set.",
        ),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query=(
                "SELECT 1 FROM {batch} AS record "
                f"JOIN (VALUES {PLAUSIBLE}) AS vital (code, least, greatest) USING (code) "
                "WHERE record.value_number NOT BETWEEN vital.least AND vital.greatest"
            ),
            description="Vital signs and HbA1c lie where a living person's can.",
        ),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query=(
                "SELECT 1 FROM {batch} AS record "
                f"JOIN (VALUES {UNITS}) AS vital (code, unit) USING (code) "
                "WHERE replace(record.units, 'mmHg', 'mm[Hg]') <> vital.unit"
            ),
            description="Vital signs and HbA1c are in the unit that their range is meant in.",
        ),
        # Across fields.
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query="SELECT 1 FROM {batch} WHERE value_type = 'numeric' AND value_text !~ '^[+-]?[0-9]+([.][0-9]+)?([eE][+-]?[0-9]+)?$'",
            description="A value that the source calls a number is one.",
        ),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query="SELECT 1 FROM {batch} WHERE value_number IS NOT NULL AND value_text IS NULL",
            description="A number has the text that it was read from.",
        ),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query=(
                "SELECT 1 FROM {batch} WHERE CASE WHEN value_text ~ '^-?[0-9]+([.][0-9]+)?$' "
                "THEN value_number <> CAST(value_text AS numeric) END"
            ),
            description="A number says exactly what its text says.",
        ),
    ],
)
