"""Payers: insurers, public programs, and the payer NO_INSURANCE that stands for none.

A reference entity, loaded once ahead of the cohorts. NO_INSURANCE moves like the others: coverages
and encounters name it, and "known to be uninsured" is not the same as "not known". The telephone
stays as written, as for organizations.

Not moved: AMOUNT_COVERED, AMOUNT_UNCOVERED, REVENUE, (UN)COVERED_ENCOUNTERS, _MEDICATIONS,
_PROCEDURES, _IMMUNIZATIONS, UNIQUE_CUSTOMERS, QOLS_AVG, MEMBER_MONTHS (the source's own statistics;
the destination computes its own).
"""

from pathlib import Path

from migration_platform.entity import Entity, Field, Source
from migration_platform.translation import code, identifier, postal_code, text

MAPS = Path(__file__).parent / "code_maps"

ENTITY = Entity(
    name="payer",
    description="An insurer or public program that pays for care",
    group="reference",
    source=Source(table="payers", key=("Id",)),
    fields=(
        Field("name", "text", text("NAME"), required=True, description="Its name"),
        Field(
            "ownership", "text", identifier("OWNERSHIP"), description="As in GOVERNMENT, PRIVATE"
        ),
        Field("address_line", "text", text("ADDRESS"), description="Street and number"),
        Field("city", "text", text("CITY"), description="City of the headquarters"),
        Field(
            "state_code",
            "text",
            code("STATE_HEADQUARTERED", MAPS / "state.csv"),
            description="US state of the headquarters",
        ),
        Field("postal_code", "text", postal_code("ZIP"), description="ZIP code"),
        Field("phone", "text", identifier("PHONE"), description="Switchboard, as written"),
    ),
    file=Path(__file__),
)
