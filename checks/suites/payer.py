"""What must hold of payers: the insurers that coverages and claims name."""

import great_expectations as gx
import great_expectations.expectations as gxe

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
    name="payer",
    expectations=[
        # Keys.
        gxe.ExpectColumnValuesToNotBeNull(
            column="id", description="Every payer has an id on the destination."
        ),
        gxe.ExpectColumnValuesToBeUnique(column="id", description="No two payers share an id."),
        gxe.ExpectColumnValuesToNotBeNull(
            column="source_id",
            description="Every payer can be traced to its source record.",
            meta=TRANSFORMED,
        ),
        gxe.ExpectColumnValuesToBeUnique(
            column="source_id",
            description="No source record has become two payers.",
            meta=TRANSFORMED,
        ),
        # Completeness.
        gxe.ExpectColumnValuesToNotBeNull(column="name", description="Every payer has a name."),
        gxe.ExpectColumnValuesToBeUnique(
            column="name", description="No payer stands there twice under one name."
        ),
        # Formats and codes.
        gxe.ExpectColumnValuesToBeInSet(
            column="state_code",
            value_set=STATES,
            description="The headquarters are in a US state or territory.",
        ),
        gxe.ExpectColumnValuesToMatchRegex(
            column="postal_code", regex=ZIP, description="The ZIP code has five or nine digits."
        ),
        gxe.ExpectColumnValuesToNotMatchRegex(
            column="name", regex=TORN, description="No name is torn by a wrong character set."
        ),
        gxe.ExpectColumnValuesToMatchRegex(
            column="phone", regex=r"[0-9]", description="A telephone number has digits in it."
        ),
        gxe.ExpectColumnValuesToMatchRegex(
            column="ownership",
            regex=r"^[A-Z_]+$",
            description="The kind of ownership is a word in capitals.",
        ),
    ],
)
