"""What a load writes, keeps, withdraws and refuses."""

from __future__ import annotations

from dataclasses import replace

import pytest

from migration_platform import stage as stages
from migration_platform.errors import ConfigurationError, GateClosedError, MigrationError
from migration_platform.exception.store import count_exceptions
from migration_platform.ledger import account_for
from migration_platform.platform import Platform
from migration_platform.reset import start_anew
from tests.decisions import promote
from tests.migration_platform.stage.small_migration import (
    check,
    destination,
    move,
    source,
)


def test_running_again_writes_no_row_and_gives_the_same_bytes(platform: Platform) -> None:
    move(platform)
    staged = {p: p.read_bytes() for p in platform.staging.root.rglob("*.parquet")}
    journal = destination(platform, "SELECT count(*) FROM migration.journal")

    again = move(platform)

    assert [(c["inserted"], c["updated"], c["withdrawn"]) for c in again.values()] == [
        (0, 0, 0)
    ] * 2
    assert destination(platform, "SELECT count(*) FROM migration.journal") == journal
    assert {p: p.read_bytes() for p in platform.staging.root.rglob("*.parquet")} == staged


def test_a_change_updates_just_its_record_and_keeps_what_was_there(platform: Platform) -> None:
    move(platform)
    source(platform.settings, """UPDATE visits SET "NOTE" = 'new' WHERE "Id" = 'v3'""")

    loads = move(platform)

    assert (loads["visit"]["updated"], loads["visit"]["unchanged"]) == (1, 2)
    before = destination(
        platform, "SELECT before->>'note' FROM migration.journal WHERE action = 'update'"
    )
    assert before == [("x",)]


def test_a_record_that_left_the_source_is_withdrawn_with_what_hangs_on_it(
    platform: Platform,
) -> None:
    move(platform)
    first = destination(platform, "SELECT id FROM patient ORDER BY id")
    source(platform.settings, """DELETE FROM people WHERE "Id" = 'a'""")

    loads = move(platform)

    assert loads["patient"]["withdrawn"] == 1
    assert destination(platform, "SELECT count(*) FROM visit") == [(1,)]
    assert all(a.clean for a in account_for(platform, ["one"]))
    kept = destination(
        platform, "SELECT entity, before IS NOT NULL FROM migration.journal "
        "WHERE action = 'withdraw' ORDER BY entity",
    )  # fmt: skip
    assert kept == [("patient", True), ("visit", True), ("visit", True)]

    source(platform.settings, "INSERT INTO people VALUES ('a', 'Ann', 'MA')")
    move(platform)

    assert destination(platform, "SELECT id FROM patient ORDER BY id") == first


def test_a_load_that_the_destination_refuses_writes_nothing(platform: Platform) -> None:
    source(platform.settings, """UPDATE visits SET "COST" = '5000' WHERE "Id" = 'v1'""")

    with pytest.raises(MigrationError, match="constraint visit_cost_check"):
        move(platform)

    assert destination(platform, "SELECT count(*) FROM visit") == [(0,)]
    entities = destination(platform, "SELECT DISTINCT entity FROM migration.journal")
    assert entities == [("patient",)]


def test_what_is_staged_beside_the_destination_cannot_be_changed_unseen(platform: Platform) -> None:
    stages.extract(platform, "one", ["patient"])
    stages.transform(platform, "one", "patient")
    check(platform, "one", "patient", "transformed", "passed")
    destination(platform, 'DELETE FROM migration_staging."one__patient"')

    with pytest.raises(MigrationError, match="is not what was transformed"):
        stages.load(platform, "one", "patient")


def test_a_table_that_is_gone_or_emptied_does_not_take_its_records_along(
    platform: Platform,
) -> None:
    many = ", ".join(f"('n{i}', 'a', 'x', '1')" for i in range(20))
    source(platform.settings, f"INSERT INTO visits VALUES {many}")
    move(platform)

    source(platform.settings, "DELETE FROM visits WHERE \"PATIENT\" = 'a'")
    with pytest.raises(GateClosedError, match="22 of 23 loaded records are no longer"):
        move(platform)

    source(platform.settings, "DROP TABLE visits")
    del platform.applicability
    with pytest.raises(GateClosedError, match="23 records are loaded, and now the entity is not"):
        move(platform)
    assert destination(platform, "SELECT count(*) FROM visit") == [(23,)]


def test_a_withdrawal_of_most_records_can_be_meant(platform: Platform) -> None:
    many = ", ".join(f"('n{i}', 'a', 'x', '1')" for i in range(20))
    source(platform.settings, f"INSERT INTO visits VALUES {many}")
    move(platform)
    source(platform.settings, "DELETE FROM visits WHERE \"PATIENT\" = 'a'")

    platform.settings = replace(platform.settings, allow_withdrawal=frozenset({"visit"}))

    assert move(platform)["visit"]["withdrawn"] == 22


def test_a_key_that_recurs_in_another_cohort_stops_neither(platform: Platform) -> None:
    source(platform.settings, "INSERT INTO visits VALUES ('v3', 'd', 'other', '2')")
    move(platform)
    promote(platform, "pilot", person="Ada", reason="clean")

    move(platform, "two")

    accounts = account_for(platform, ["one", "two"], "visit")
    assert sum(a.loaded or 0 for a in accounts) == 3
    assert sum(a.excepted or 0 for a in accounts) == 2
    rules = {e["rule"] for e in count_exceptions(platform.store, ["one", "two"])}
    assert "repeated-key" in rules


def test_a_new_source_empties_nothing_of_somebody_elses(platform: Platform) -> None:
    theirs = replace(platform.settings, destination_url="postgresql://theirs/destination")

    with pytest.raises(ConfigurationError, match="MIGRATION_DESTINATION_URL names a server"):
        start_anew(replace(platform, settings=theirs))
