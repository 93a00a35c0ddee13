"""Organizations: the clinics and practices that encounters and practitioners name.

A reference entity: it belongs to no patient, is loaded once ahead of the cohorts, and has no
retention (an old encounter that moves still needs its clinic).

The telephone stays as written. It is a switchboard number in a directory that nobody is called or
texted at, and a mistyped one must not hold back every chart that names the clinic.

Not moved: LAT, LON (follow from the address); REVENUE, UTILIZATION (the source's own statistics).
"""

from pathlib import Path

from migration_platform.entity import Entity, Field, Source
from migration_platform.translation import code, identifier, postal_code, text

MAPS = Path(__file__).parent / "code_maps"

ENTITY = Entity(
    name="organization",
    description="A clinic or practice",
    group="reference",
    source=Source(table="organizations", key=("Id",)),
    fields=(
        Field("name", "text", text("NAME"), required=True, description="Its name"),
        Field("address_line", "text", text("ADDRESS"), description="Street and number"),
        Field("city", "text", text("CITY"), description="City"),
        Field("state_code", "text", code("STATE", MAPS / "state.csv"), description="US state"),
        Field("postal_code", "text", postal_code("ZIP"), description="ZIP code"),
        Field("phone", "text", identifier("PHONE"), description="Switchboard, as written"),
    ),
    file=Path(__file__),
)
