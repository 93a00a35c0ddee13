"""What must hold of patients: the record that every chart hangs on."""

from datetime import date

import great_expectations as gx
import great_expectations.expectations as gxe

# Asked once the records that these refer to are loaded too.
DESTINATION = {"points": ["destination"]}

# The source id stands in the crosswalk after the load, and beside the record before it.
TRANSFORMED = {"points": ["transformed"]}

# fmt: off
STATES = [
    "AL", "AK", "AZ", "AR", "CA", "CO", "CT", "DE", "DC", "FL", "GA", "HI", "ID", "IL", "IN",
    "IA", "KS", "KY", "LA", "ME", "MD", "MA", "MI", "MN", "MS", "MO", "MT", "NE", "NV", "NH",
    "NJ", "NM", "NY", "NC", "ND", "OH", "OK", "OR", "PA", "RI", "SC", "SD", "TN", "TX", "UT",
    "VT", "VA", "WA", "WV", "WI", "WY", "AS", "GU", "MP", "PR", "VI", "AA", "AE", "AP",
]
# fmt: on

ZIP = r"^[0-9]{5}(-[0-9]{4})?$"

E164 = r"^\+[1-9][0-9]{7,14}$"

EMAIL = r"^[^@\s]+@[^@\s]+\.[^@\s]+$"

# What is left of UTF-8 that was read as Windows-1252.
TORN = r"(Ã[^A-Za-z ]|â€|ï¿½|\ufffd)"

SUITE = gx.ExpectationSuite(
    name="patient",
    expectations=[
        # Keys.
        gxe.ExpectColumnValuesToNotBeNull(
            column="id", description="Every patient has an id on the destination."
        ),
        gxe.ExpectColumnValuesToBeUnique(column="id", description="No two patients share an id."),
        gxe.ExpectColumnValuesToNotBeNull(
            column="source_id",
            description="Every patient can be traced to its source record.",
            meta=TRANSFORMED,
        ),
        gxe.ExpectColumnValuesToBeUnique(
            column="source_id",
            description="No source record has become two patients.",
            meta=TRANSFORMED,
        ),
        # Completeness.
        gxe.ExpectColumnValuesToNotBeNull(
            column="first_name", description="Every patient has a given name."
        ),
        gxe.ExpectColumnValuesToNotBeNull(
            column="last_name", description="Every patient has a family name."
        ),
        gxe.ExpectColumnValuesToNotBeNull(
            column="birth_date", description="Every patient has a birth date."
        ),
        gxe.ExpectColumnValuesToNotBeNull(
            column="sex_code", description="Every patient has a sex, as clinical rules need it."
        ),
        # References.
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query=(
                "SELECT 1 FROM {batch} AS record LEFT JOIN practitioner ON practitioner.id = record.practitioner_id "
                "WHERE record.practitioner_id IS NOT NULL AND practitioner.id IS NULL"
            ),
            description="The practitioner of every patient is in the destination.",
            meta=DESTINATION,
        ),
        # Ranges.
        gxe.ExpectColumnValuesToBeBetween(
            column="birth_date",
            min_value=date(1900, 1, 1),
            description="Nobody was born before 1900.",
        ),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query="SELECT 1 FROM {batch} WHERE birth_date > now() + INTERVAL '1 day'",
            description="Nobody is born in the future.",
        ),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query="SELECT 1 FROM {batch} WHERE death_date > now() + INTERVAL '1 day'",
            description="Nobody has died in the future.",
        ),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query="SELECT 1 FROM {batch} WHERE age(coalesce(death_date, current_date), birth_date) > INTERVAL '125 years'",
            description="Nobody is older than 125 years.",
        ),
        gxe.ExpectColumnValuesToBeBetween(
            column="annual_income",
            min_value=0,
            max_value=100000000,
            description="Income lies between zero and a hundred million dollars.",
        ),
        # Formats.
        gxe.ExpectColumnValuesToMatchRegex(
            column="phone_e164",
            regex=E164,
            description="A telephone number is international, as +16175550123.",
        ),
        gxe.ExpectColumnValuesToMatchRegex(
            column="email", regex=EMAIL, description="An email address has the form of one."
        ),
        gxe.ExpectColumnValuesToNotMatchRegex(
            column="email", regex=r"[A-Z]", description="Email addresses are in small letters."
        ),
        gxe.ExpectColumnValuesToMatchRegex(
            column="postal_code", regex=ZIP, description="The ZIP code has five or nine digits."
        ),
        gxe.ExpectColumnValuesToMatchRegex(
            column="county_fips",
            regex=r"^[0-9]{4,5}$",
            description="A county's FIPS code has four or five digits.",
        ),
        gxe.ExpectColumnValuesToMatchRegex(
            column="national_id",
            regex=r"^[0-9]{3}-[0-9]{2}-[0-9]{4}$",
            description="A social security number has its nine digits.",
        ),
        gxe.ExpectColumnValuesToBeUnique(
            column="national_id", description="No two patients share a social security number."
        ),
        gxe.ExpectColumnValuesToMatchRegex(
            column="time_zone",
            regex=r"^([A-Z][A-Za-z_]+/[A-Za-z_/]+|UTC)$",
            description="The time zone is a name that reminders can be computed with.",
        ),
        gxe.ExpectColumnValuesToNotMatchRegex(
            column="first_name",
            regex=TORN,
            description="No given name is torn by a wrong character set.",
        ),
        gxe.ExpectColumnValuesToNotMatchRegex(
            column="last_name",
            regex=TORN,
            description="No family name is torn by a wrong character set.",
        ),
        gxe.ExpectColumnValuesToNotMatchRegex(
            column="last_name",
            regex=r"^[Tt][Ee][Ss][Tt]$",
            description="No account that staff made for testing is among them.",
        ),
        # Code sets.
        gxe.ExpectColumnValuesToBeInSet(
            column="sex_code",
            value_set=["female", "male", "other", "unknown"],
            description="Sex is one of the destination's codes.",
        ),
        gxe.ExpectColumnValuesToBeInSet(
            column="race_code",
            value_set=["2106-3", "2054-5", "2028-9", "1002-5", "2076-8", "2131-1", "UNK"],
            description="Race is one of the CDC's categories.",
        ),
        gxe.ExpectColumnValuesToBeInSet(
            column="ethnicity_code",
            value_set=["2135-2", "2186-5", "UNK"],
            description="Ethnicity is one of the CDC's categories.",
        ),
        gxe.ExpectColumnValuesToBeInSet(
            column="marital_status_code",
            value_set=["M", "S", "D", "W", "L", "T", "UNK"],
            description="Marital status is an HL7 code.",
        ),
        gxe.ExpectColumnValuesToBeInSet(
            column="state_code",
            value_set=STATES,
            description="The state is a US state or territory.",
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
        gxe.ExpectColumnValuesToBeInSet(
            column="stage_code",
            value_set=["intake", "active", "paused"],
            description="The stage is intake, active or paused: closed accounts are archived.",
        ),
        # Across fields.
        gxe.ExpectColumnPairValuesAToBeGreaterThanB(
            column_A="death_date",
            column_B="birth_date",
            or_equal=True,
            ignore_row_if="either_value_is_missing",
            description="Nobody died before being born.",
        ),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query="SELECT 1 FROM {batch} WHERE (program_code IS NULL) <> (stage_code IS NULL)",
            description="Who is in a program is at a stage of it, and the other way round.",
        ),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query="SELECT 1 FROM {batch} WHERE race_text IS NOT NULL AND race_code IS NULL",
            description="Race in the source's word has a code.",
        ),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query="SELECT 1 FROM {batch} WHERE postal_code IS NOT NULL AND state_code IS NULL",
            description="An address with a ZIP code has a state.",
        ),
    ],
)
