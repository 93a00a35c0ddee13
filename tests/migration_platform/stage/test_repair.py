"""A repair writes exactly what differs, and says what it leaves alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from migration_platform import stage as stages
from migration_platform.errors import GateClosedError, MigrationError
from migration_platform.platform import Platform
from migration_platform.repair import EntityRepair, repair
from migration_platform.waiver.log import waive
from tests.migration_platform.stage.small_migration import check, destination, move, source

BOTH = ["patient", "visit"]


def written(platform: Platform) -> list[tuple]:
    return destination(
        platform,
        "SELECT entity, action, before->>'note' FROM migration.journal ORDER BY load_id DESC",
    )


def test_a_changed_record_is_written_over_and_the_journal_keeps_what_was_there(
    platform: Platform,
) -> None:
    move(platform)
    before = len(written(platform))
    destination(platform, "UPDATE visit SET note = 'drifted' WHERE note = 'x'")

    [done] = repair(platform, "one", BOTH)

    assert done == EntityRepair(
        "one", "visit", {"mismatched": 1, "missing": 0, "unexpected": 0}, 1, 0, (),
        inserted=0, updated=1, after={"mismatched": 0, "missing": 0, "unexpected": 0}, clean=True,
    )  # fmt: skip
    assert written(platform)[0] == ("visit", "update", "drifted")
    assert len(written(platform)) == before + 1
    assert repair(platform, "one", BOTH) == []
    assert len(written(platform)) == before + 1


def test_missing_records_come_back_parents_first(platform: Platform) -> None:
    move(platform)
    destination(platform, "DELETE FROM visit; DELETE FROM patient WHERE name = 'Bea'")

    done = repair(platform, "one", BOTH)

    assert [(d.entity, d.inserted, d.clean) for d in done] == [
        ("patient", 1, True),
        ("visit", 3, True),
    ]
    notes = destination(platform, "SELECT note FROM visit ORDER BY note")
    assert notes == [("",), ("x",), (None,)]


def test_a_dry_run_says_what_it_would_do_and_writes_nothing(platform: Platform) -> None:
    move(platform)
    before = written(platform)
    destination(platform, "DELETE FROM visit WHERE note = 'x'")

    [plan] = repair(platform, "one", BOTH, dry_run=True)

    assert (plan.planned, plan.after) == (1, None)
    assert written(platform) == before
    assert destination(platform, "SELECT count(*) FROM visit") == [(2,)]


def test_what_nobody_sent_is_named_and_left(platform: Platform) -> None:
    move(platform)
    destination(
        platform,
        "INSERT INTO visit SELECT gen_random_uuid(), patient_id, 'new' FROM visit WHERE note = 'x'",
    )

    [done] = repair(platform, "one", BOTH)

    assert [(left.why, left.count, len(left.tokens)) for left in done.left] == [
        ("unexpected", 1, 1)
    ]
    assert "who wrote it" in done.left[0].next_step
    assert done.clean is False
    assert destination(platform, "SELECT count(*) FROM visit WHERE note = 'new'") == [(1,)]


def test_records_under_each_others_crosswalk_entry_are_named_and_left(platform: Platform) -> None:
    move(platform)
    destination(
        platform,
        "UPDATE migration.crosswalk SET source_id = CASE source_id WHEN 'v1' THEN 'swap' ELSE 'v1' "
        "END WHERE source_id IN ('v1', 'v2');"
        "UPDATE migration.crosswalk SET source_id = 'v2' WHERE source_id = 'swap'",
    )
    before = written(platform)

    [done] = repair(platform, "one", BOTH)

    assert [(left.why, left.count) for left in done.left] == [("crosswalk", 2)]
    assert (done.planned, done.clean) == (0, False)
    assert written(platform) == before


def test_a_waived_record_is_left_as_somebody_wants_it(platform: Platform) -> None:
    move(platform)
    destination(platform, "UPDATE visit SET note = 'X' WHERE note = 'x'")
    stages.reconcile(platform, "one", "visit")
    waive(
        platform, "one", leg="destination", entity="visit", field="note", kind="case",
        person="Ada", reason="so be it", until=datetime.now(UTC) + timedelta(days=1),
    )  # fmt: skip
    destination(platform, "UPDATE visit SET cost = 7 WHERE cost IS NULL OR cost < 0")

    [done] = repair(platform, "one", BOTH)

    # The record with a cost that drifted and a note that is waived is left whole.
    assert [(left.why, left.count) for left in done.left] == [("waived", 1)]
    assert (done.planned, done.updated) == (1, 1)
    assert destination(platform, "SELECT note, cost FROM visit WHERE note = 'X'") == [("X", 7)]


def test_a_repair_loads_nothing_newer_than_what_was_loaded(platform: Platform) -> None:
    move(platform)
    source(platform.settings, "UPDATE visits SET \"NOTE\" = 'newer' WHERE \"Id\" = 'v3'")
    stages.extract(platform, "one", BOTH)
    stages.transform(platform, "one", "patient")
    stages.transform(platform, "one", "visit")
    destination(platform, "UPDATE visit SET note = 'drifted' WHERE note = ''")

    with pytest.raises(MigrationError, match="transformed after it was loaded"):
        repair(platform, "one", BOTH)

    assert destination(platform, "SELECT count(*) FROM visit WHERE note = 'drifted'") == [(1,)]


def test_a_repair_is_behind_the_gates_of_the_load(platform: Platform) -> None:
    move(platform)
    with pytest.raises(GateClosedError, match="wave pilot is not promoted"):
        repair(platform, "two", BOTH)
    destination(platform, "DELETE FROM visit WHERE note = 'x'")
    check(platform, "one", "visit", "transformed", "failed")

    with pytest.raises(GateClosedError, match="expectations failed"):
        repair(platform, "one", BOTH)
