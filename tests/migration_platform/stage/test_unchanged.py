"""A night may rest on an earlier comparison only where nothing at all was written since."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from psycopg.types.json import Jsonb

from migration_platform import stage as stages
from migration_platform.platform import Platform
from migration_platform.reconciliation.readback import Readback
from tests.migration_platform.stage.small_migration import destination, move


def compared(platform: Platform, entity: str = "visit") -> bool:
    """Whether a night's look at the entity read it back."""
    stages.reconcile(platform, "one", entity, full=False)
    run = platform.store.latest("one", entity, "reconcile")
    assert run is not None
    return bool(run.detail["unchanged"]["compared"])


def test_a_night_without_a_write_repeats_the_comparison_and_reads_nothing_back(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    move(platform)
    first = platform.store.latest("one", "visit", "reconcile")

    def refuse(self: object) -> None:
        raise AssertionError("read back")

    monkeypatch.setattr(Readback, "read", refuse)
    result = stages.reconcile(platform, "one", "visit", full=False)

    again = platform.store.latest("one", "visit", "reconcile")
    assert first is not None
    assert again is not None
    assert (again.counts, again.digest) == (first.counts, first.digest)
    assert again.detail["unchanged"]["since"] == first.detail["seen_at"]
    assert again.detail["unchanged"]["proof"]["rows"] == 3
    assert again.detail["seen_at"] > first.detail["seen_at"]
    assert result.clean is True
    assert "nothing changed since the comparison of" in result.sentence


@pytest.mark.parametrize(
    "write",
    [
        "UPDATE visit SET note = note WHERE note = 'x'",
        "DELETE FROM visit WHERE note = 'x'",
        "INSERT INTO visit SELECT gen_random_uuid(), patient_id FROM visit WHERE note = 'x'",
        "UPDATE migration.crosswalk SET source_id = source_id WHERE source_id = 'v3'",
        "DELETE FROM migration.crosswalk WHERE source_id = 'v3'",
        # Rows keep their version when a column is dropped and added again: its definition tells.
        "ALTER TABLE visit DROP note; ALTER TABLE visit ADD note text DEFAULT 'x'",
        "ALTER TABLE visit ALTER cost TYPE numeric(20, 8)",
        "CREATE TABLE other AS SELECT * FROM visit; DROP TABLE visit; ALTER TABLE other RENAME TO visit",
    ],
)
def test_any_write_makes_the_next_night_compare_again(platform: Platform, write: str) -> None:
    move(platform)

    destination(platform, write)

    assert compared(platform)


def test_what_does_not_write_a_row_leaves_the_proof_whole(platform: Platform) -> None:
    move(platform)

    destination(
        platform, "SELECT * FROM visit FOR UPDATE; ANALYZE visit; CREATE INDEX ON visit (note)"
    )

    assert not compared(platform)


def test_a_difference_that_stays_is_found_every_night(platform: Platform) -> None:
    move(platform)
    destination(platform, "UPDATE visit SET note = 'y' WHERE note = 'x'")
    assert compared(platform)

    result = stages.reconcile(platform, "one", "visit", full=False)

    run = platform.store.latest("one", "visit", "reconcile")
    assert run is not None
    assert run.detail["unchanged"]["compared"] is False
    assert result.counts["mismatched"] == 1
    assert result.clean is False


def test_other_staged_records_make_the_next_night_compare_again(platform: Platform) -> None:
    move(platform)
    mapped = platform.staging.path("one", "visit", "mapped")

    pl.read_parquet(mapped).with_columns(note=pl.lit("other")).write_parquet(mapped)

    assert compared(platform)


def test_a_changed_mapping_makes_the_next_night_compare_again(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    move(platform)

    monkeypatch.setattr("migration_platform.platform.mapping_digest", lambda entity: "other")

    assert compared(platform)


def test_after_so_many_nights_it_is_compared_however_unchanged(platform: Platform) -> None:
    move(platform)
    platform.settings = replace(platform.settings, full_comparison_nights=3)

    def age(days: int) -> None:
        since = (datetime.now(UTC) - timedelta(days=days)).isoformat()
        with platform.store.transaction() as c:
            c.execute(
                "UPDATE migration.stage_run SET detail = jsonb_set(detail, '{unchanged,since}', %s) "
                "WHERE stage = 'reconcile'",
                (Jsonb(since),),
            )

    age(2)
    assert not compared(platform)
    age(3)
    assert compared(platform)


def test_rows_behind_a_view_cannot_be_proven_and_are_compared_every_night(
    platform: Platform,
) -> None:
    move(platform)
    destination(
        platform, "ALTER TABLE visit RENAME TO kept; CREATE VIEW visit AS SELECT * FROM kept"
    )

    assert compared(platform)
    assert compared(platform)

    run = platform.store.latest("one", "visit", "reconcile")
    assert run is not None
    assert run.detail["unchanged"]["reason"] == ('"visit" is a view, whose rows carry no version')
