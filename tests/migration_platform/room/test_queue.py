"""The exception queue: filtered and paged in the store, and as a file."""

from __future__ import annotations

from migration_platform.database import connect
from migration_platform.platform import Platform
from migration_platform.room.lender import Lender
from migration_platform.room.page.queue import read_all


def test_the_file_of_a_store_that_nothing_has_opened_yet_has_no_row_and_no_error(
    platform: Platform,
) -> None:
    """Its reader once went past the platform, and found no table in a store that was new."""
    platform.close()
    with connect(platform.settings, "platform", owner=True) as connection:
        connection.execute("DROP SCHEMA migration CASCADE")
    lender = Lender(
        lambda: Platform(
            platform.settings, platform.plan, platform.entities, suites=platform.suites
        )
    )

    rows = list(read_all(lender.lend, {}))

    assert rows == []
    lender.close()
