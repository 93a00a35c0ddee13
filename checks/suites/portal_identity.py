"""What must hold of portal identities: how a patient signs in."""

from datetime import date

import great_expectations as gx
import great_expectations.expectations as gxe

# Asked once the records that these refer to are loaded too.
DESTINATION = {"points": ["destination"]}

# The source id stands in the crosswalk after the load, and beside the record before it.
TRANSFORMED = {"points": ["transformed"]}

E164 = r"^\+[1-9][0-9]{7,14}$"

EMAIL = r"^[^@\s]+@[^@\s]+\.[^@\s]+$"

SUITE = gx.ExpectationSuite(
    name="portal_identity",
    expectations=[
        # Keys.
        gxe.ExpectColumnValuesToNotBeNull(
            column="id", description="Every portal identity has an id on the destination."
        ),
        gxe.ExpectColumnValuesToBeUnique(
            column="id", description="No two portal identities share an id."
        ),
        gxe.ExpectColumnValuesToNotBeNull(
            column="source_id",
            description="Every portal identity can be traced to its source record.",
            meta=TRANSFORMED,
        ),
        gxe.ExpectColumnValuesToBeUnique(
            column="source_id",
            description="No source record has become two portal identities.",
            meta=TRANSFORMED,
        ),
        # Completeness and references.
        gxe.ExpectColumnValuesToNotBeNull(
            column="patient_id", description="Every portal identity belongs to a patient."
        ),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query=(
                "SELECT 1 FROM {batch} AS record LEFT JOIN patient ON patient.id = record.patient_id "
                "WHERE record.patient_id IS NOT NULL AND patient.id IS NULL"
            ),
            description="The patient of every portal identity is in the destination.",
            meta=DESTINATION,
        ),
        gxe.ExpectColumnValuesToNotBeNull(
            column="login", description="Every portal identity has a sign-in name."
        ),
        gxe.ExpectColumnValuesToNotBeNull(
            column="status_code",
            description="Every portal identity says whether the patient may sign in.",
        ),
        gxe.ExpectColumnValuesToBeUnique(
            column="login", description="No two patients sign in with one name."
        ),
        gxe.ExpectColumnValuesToBeUnique(
            column="patient_id", description="No patient has two portal identities."
        ),
        # Formats and codes.
        gxe.ExpectColumnValuesToMatchRegex(
            column="email", regex=EMAIL, description="An email address has the form of one."
        ),
        gxe.ExpectColumnValuesToMatchRegex(
            column="phone_e164",
            regex=E164,
            description="A telephone number is international, as +16175550123.",
        ),
        gxe.ExpectColumnValuesToMatchRegex(
            column="password_hash",
            regex=r"^\$[a-z0-9-]+\$",
            description="A password is a hash that names its algorithm, never plain text.",
        ),
        gxe.ExpectColumnValuesToNotMatchRegex(
            column="login", regex=r"\s", description="No sign-in name has a space in it."
        ),
        gxe.ExpectColumnValuesToBeInSet(
            column="status_code",
            value_set=["active", "invited", "locked", "disabled"],
            description="The state is one that the portal knows.",
        ),
        # Ranges and across fields.
        gxe.ExpectColumnValuesToBeBetween(
            column="created_at",
            min_value=date(2000, 1, 1),
            description="No account is older than the year 2000.",
        ),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query="SELECT 1 FROM {batch} WHERE last_login_at > now() + INTERVAL '1 day'",
            description="Nobody has signed in in the future.",
        ),
        gxe.ExpectColumnPairValuesAToBeGreaterThanB(
            column_A="last_login_at",
            column_B="created_at",
            or_equal=True,
            ignore_row_if="either_value_is_missing",
            description="Nobody signed in before having an account.",
        ),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query="SELECT 1 FROM {batch} WHERE status_code = 'active' AND password_hash IS NULL",
            description="Who may sign in has a password.",
        ),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query="SELECT 1 FROM {batch} WHERE status_code = 'invited' AND last_login_at IS NOT NULL",
            description="Who is only invited has not signed in yet.",
        ),
    ],
)
