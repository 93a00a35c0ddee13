"""What must hold of practitioners: who treats, prescribes and signs."""

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

# What is left of UTF-8 that was read as Windows-1252.
TORN = r"(Ã[^A-Za-z ]|â€|ï¿½|\ufffd)"

SUITE = gx.ExpectationSuite(
    name="practitioner",
    expectations=[
        # Keys.
        gxe.ExpectColumnValuesToNotBeNull(
            column="id", description="Every practitioner has an id on the destination."
        ),
        gxe.ExpectColumnValuesToBeUnique(
            column="id", description="No two practitioners share an id."
        ),
        gxe.ExpectColumnValuesToNotBeNull(
            column="source_id",
            description="Every practitioner can be traced to its source record.",
            meta=TRANSFORMED,
        ),
        gxe.ExpectColumnValuesToBeUnique(
            column="source_id",
            description="No source record has become two practitioners.",
            meta=TRANSFORMED,
        ),
        # Completeness.
        gxe.ExpectColumnValuesToNotBeNull(
            column="name", description="Every practitioner has a name."
        ),
        # References.
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query=(
                "SELECT 1 FROM {batch} AS record LEFT JOIN organization ON organization.id = record.organization_id "
                "WHERE record.organization_id IS NOT NULL AND organization.id IS NULL"
            ),
            description="The organization of every practitioner is in the destination.",
            meta=DESTINATION,
        ),
        # Formats and codes.
        gxe.ExpectColumnValuesToMatchRegex(
            column="npi",
            regex=r"^[12][0-9]{9}$",
            description="An NPI has ten digits and begins with 1 or 2.",
        ),
        gxe.ExpectColumnValuesToBeUnique(
            column="npi", description="No two practitioners share an NPI."
        ),
        gxe.ExpectColumnValuesToBeInSet(
            column="sex_code",
            value_set=["female", "male", "other", "unknown"],
            description="Sex is one of the destination's codes.",
        ),
        gxe.ExpectColumnValuesToBeInSet(
            column="state_code",
            value_set=STATES,
            description="The state is a US state or territory.",
        ),
        gxe.ExpectColumnValuesToMatchRegex(
            column="postal_code", regex=ZIP, description="The ZIP code has five or nine digits."
        ),
        gxe.ExpectColumnValuesToMatchRegex(
            column="license_states",
            regex=r"^[A-Z]{2}([,;| ]+[A-Z]{2})*$",
            description="States of licence are listed by their two letters.",
        ),
        gxe.ExpectColumnValuesToNotMatchRegex(
            column="name", regex=TORN, description="No name is torn by a wrong character set."
        ),
        # Across fields.
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query="SELECT 1 FROM {batch} WHERE npi IS NOT NULL AND credentials IS NULL",
            description="A practitioner with an NPI has credentials.",
        ),
    ],
)
