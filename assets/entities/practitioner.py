"""Practitioners: who treats, prescribes, writes and signs.

A reference entity, loaded once ahead of the cohorts. Exports exist in which an Id stands twice with
different content; the first row moves, the second waits for a person (the engine's rule for a key
that recurs), and an identical row is a repetition, not an exception.

The organization is optional, so that a practitioner can move whose clinic the source has lost.

Not moved: LAT, LON (follow from the address); UTILIZATION (the source's own statistic).
"""

from pathlib import Path

from migration_platform.entity import Entity, Field, Reference, Source
from migration_platform.translation import code, identifier, postal_code, text

MAPS = Path(__file__).parent / "code_maps"

ENTITY = Entity(
    name="practitioner",
    description="A clinician who treats, prescribes or signs",
    group="reference",
    source=Source(table="providers", key=("Id",)),
    fields=(
        Field(
            "organization_id",
            "uuid",
            Reference("organization", "ORGANIZATION", same_patient=False),
            description="Where the practitioner works",
        ),
        Field("name", "text", text("NAME"), required=True, description="Full name"),
        Field("sex_code", "text", code("GENDER", MAPS / "sex.csv"), description="Sex"),
        Field("specialty", "text", text("SPECIALITY"), description="Specialty, as written"),
        Field("npi", "text", identifier("NPI"), description="National Provider Identifier"),
        Field("credentials", "text", identifier("CREDENTIALS"), description="As in MD, NP, PA-C"),
        Field(
            "license_states",
            "text",
            identifier("LICENSE_STATES"),
            description="States of licence, as listed",
        ),
        Field("address_line", "text", text("ADDRESS"), description="Street and number"),
        Field("city", "text", text("CITY"), description="City"),
        Field("state_code", "text", code("STATE", MAPS / "state.csv"), description="US state"),
        Field("postal_code", "text", postal_code("ZIP"), description="ZIP code"),
    ),
    file=Path(__file__),
)
