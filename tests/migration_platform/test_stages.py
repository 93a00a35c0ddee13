"""Stages on a real Postgres, with two small entities: what is loaded, kept, refused and found."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from migration_platform import gate, stages
from migration_platform.check import ExpectationResult
from migration_platform.database import connect
from migration_platform.entity import Entity, Field, Reference, Source, Translation
from migration_platform.errors import ConfigurationError, GateClosedError, MigrationError
from migration_platform.governance import assemble_evidence, promote
from migration_platform.ledger import account_for
from migration_platform.platform import Platform
from migration_platform.reset import start_anew
from migration_platform.settings import Settings
from migration_platform.wave import load_plan

WAVES = """\
[population]
table = "people"
key = "Id"
state = "STATE"

[[wave]]
name = "pilot"
max_excepted_percent = 50

[[wave.cohort]]
name = "one"
where = { state = ["MA"] }

[[wave]]
name = "rest"
max_excepted_percent = 50

[[wave.cohort]]
name = "two"

[[wave.cohort]]
name = "lost"
orphans = true
"""


def text(column: str) -> Translation:
    return Translation(f"{column} as it is", (column,), pl.col(column))


def amount(column: str) -> Translation:
    value = pl.col(column).str.to_decimal(scale=6)
    return Translation(f"{column} exact", (column,), value)


PATIENT = Entity(
    "patient", "A person.", Source("people", ("Id",), "Id"),
    (Field("name", "text", text("NAME"), required=True),), Path(__file__),
)  # fmt: skip
VISIT = Entity(
    "visit", "A visit.", Source("visits", ("Id",), "PATIENT"),
    (
        Field("patient_id", "uuid", Reference("patient", "PATIENT"), required=True),
        Field("note", "text", text("NOTE")),
        Field("cost", "decimal", amount("COST")),
    ),
    Path(__file__),
)  # fmt: skip


@pytest.fixture
def platform(settings: Settings, tmp_path: Path) -> Iterator[Platform]:
    """Three patients in MA (one visit each, one of them two), one elsewhere, one orphan visit."""
    waves = tmp_path / "waves.toml"
    waves.write_text(WAVES)
    owners = tmp_path / "ownership.csv"
    owners.write_text("entity,field,owner\npatient,name,operations lead\n")
    settings = replace(settings, ownership_file=owners, staging=tmp_path / "staging")
    entities = {"patient": PATIENT, "visit": VISIT}
    platform = Platform(settings, load_plan(waves), entities, suites=lambda entity: "suite")
    start_anew(platform)
    source(
        settings,
        "DROP TABLE IF EXISTS people, visits",
        'CREATE TABLE people ("Id" text, "NAME" text, "STATE" text)',
        'CREATE TABLE visits ("Id" text, "PATIENT" text, "NOTE" text, "COST" text)',
        "INSERT INTO people VALUES ('a', 'Ann', 'MA'), ('b', 'Bea', 'MA'), ('c', NULL, 'MA'), "
        "('d', 'Dan', 'TX')",
        "INSERT INTO visits VALUES ('v1', 'a', '', '10.50'), ('v2', 'a', NULL, '-3'), "
        "('v3', 'b', 'x', NULL), ('v4', 'c', 'y', '1'), ('v5', 'nobody', 'z', '1')",
    )
    with connect(settings, "destination") as connection:
        connection.execute("CREATE TABLE patient (id uuid PRIMARY KEY, name text NOT NULL)")
        connection.execute(
            "CREATE TABLE visit (id uuid PRIMARY KEY, patient_id uuid NOT NULL REFERENCES patient, "
            "note text, cost numeric(12,2) CHECK (cost < 1000))"
        )
    yield platform
    platform.close()


def source(settings: Settings, *statements: str) -> None:
    with connect(settings, "source") as connection:
        for statement in statements:
            connection.execute(statement)


def destination(platform: Platform, statement: str) -> list[tuple]:
    with connect(platform.settings, "destination") as connection:
        cursor = connection.execute(statement)
        return cursor.fetchall() if cursor.description else []


def check(platform: Platform, cohort: str, entity: str, point: str, outcome: str) -> None:
    batch = stages.batch(platform, cohort, entity, point)
    results = [ExpectationResult("e", "", "s", outcome, batch.rows, 0, 0)] if batch.rows else []
    stages.record_check(platform, batch, "suite", results)


def move(platform: Platform, cohort: str = "one", outcome: str = "passed") -> dict[str, dict]:
    """All stages of a cohort; returns each entity's load counts."""
    loads = {}
    stages.extract(platform, cohort, ["patient", "visit"])
    for entity in ("patient", "visit"):
        stages.transform(platform, cohort, entity)
        check(platform, cohort, entity, "transformed", outcome)
        loads[entity] = stages.load(platform, cohort, entity).counts
        check(platform, cohort, entity, "destination", outcome)
        stages.reconcile(platform, cohort, entity)
    return loads


def test_every_record_of_a_cohort_is_accounted_for(platform: Platform) -> None:
    move(platform)

    patient, visit = account_for(platform, ["one"])

    assert (patient.extracted, patient.loaded, patient.excepted) == (3, 2, 1)
    assert (visit.extracted, visit.loaded, visit.excepted) == (4, 3, 1)
    assert patient.clean
    assert visit.clean
    kinds = {(e["entity"], e["rule"], e["owner"]) for e in platform.store.count_exceptions(["one"])}
    assert kinds == {
        ("patient", "required but empty", "operations lead"),
        ("visit", "waits for patient", "technical lead"),
    }


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


@pytest.mark.parametrize(
    ("fault", "found"),
    [
        ("UPDATE visit SET note = 'y' WHERE note = 'x'", {"mismatched": 1}),
        ("UPDATE visit SET note = NULL WHERE note = ''", {"mismatched": 1}),
        ("UPDATE visit SET note = note || ' ' WHERE note = 'x'", {"mismatched": 1}),
        ("UPDATE visit SET cost = cost + 0.01 WHERE cost > 0", {"mismatched": 1}),
        ("UPDATE visit SET cost = 0 WHERE cost IS NULL", {"mismatched": 1}),
        ("DELETE FROM visit WHERE note = 'x'", {"missing": 1}),
        ("INSERT INTO visit SELECT gen_random_uuid(), patient_id FROM visit WHERE note = 'x'",
         {"unexpected": 1}),
        ("UPDATE visit SET id = gen_random_uuid() WHERE note = 'x'", {"missing": 1, "unexpected": 1}),
        ("UPDATE visit v SET patient_id = (SELECT id FROM patient p WHERE p.id <> v.patient_id "
         "LIMIT 1) WHERE note = 'x'", {"mismatched": 1}),
        ("ALTER TABLE visit DROP CONSTRAINT visit_pkey; INSERT INTO visit SELECT * FROM visit "
         "WHERE note = 'x'", {"unexpected": 1}),
    ],
)  # fmt: skip
def test_a_fault_planted_in_the_destination_is_found_and_blocks(
    platform: Platform, fault: str, found: dict[str, int]
) -> None:
    move(platform)
    destination(platform, fault)

    result = stages.reconcile(platform, "one", "visit")

    counted = {n: result.counts[n] for n in ("mismatched", "missing", "unexpected")}
    assert {n: c for n, c in counted.items() if c} == found
    assert result.clean is False
    assert assemble_evidence(platform, "pilot").verdict == "block"


def test_an_equal_number_written_otherwise_is_no_difference(platform: Platform) -> None:
    move(platform)
    destination(platform, "ALTER TABLE visit ALTER cost TYPE numeric(20,8)")

    assert stages.reconcile(platform, "one", "visit").clean is True


def test_a_record_lost_between_extract_and_transform_unbalances_the_account(
    platform: Platform,
) -> None:
    move(platform)
    for kind in ("ends", "mapped"):
        path = platform.staging.path("one", "visit", kind)
        frame = pl.read_parquet(path)
        gone = frame["source_id"] == "v3"
        frame.filter(~gone).write_parquet(path)

    result = stages.reconcile(platform, "one", "visit")

    assert result.counts["unaccounted"] == 1
    assert result.balanced is False


def test_a_later_wave_does_not_load_before_the_earlier_one_is_promoted(platform: Platform) -> None:
    move(platform)

    with pytest.raises(GateClosedError, match="wave pilot is not promoted"):
        move(platform, "two")

    promote(platform, "pilot", person="Ada", reason="clean")
    assert move(platform, "two")["patient"]["inserted"] == 1


def test_a_load_is_refused_unless_its_suite_passed_on_exactly_that_content(
    platform: Platform,
) -> None:
    stages.extract(platform, "one", ["patient"])
    stages.transform(platform, "one", "patient")
    with pytest.raises(GateClosedError, match="has not been run on what is staged now"):
        stages.load(platform, "one", "patient")

    check(platform, "one", "patient", "transformed", "failed")
    with pytest.raises(GateClosedError, match="1 of 1 expectations failed"):
        stages.load(platform, "one", "patient")

    check(platform, "one", "patient", "transformed", "passed")
    source(platform.settings, """UPDATE people SET "NAME" = 'Anna' WHERE "Id" = 'a'""")
    stages.extract(platform, "one", ["patient"])
    stages.transform(platform, "one", "patient")
    with pytest.raises(GateClosedError, match="has not been run on what is staged now"):
        stages.load(platform, "one", "patient")
    assert destination(platform, "SELECT count(*) FROM patient") == [(0,)]


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


def test_a_promotion_is_refused_when_the_destination_changed_since_it_was_compared(
    platform: Platform,
) -> None:
    move(platform)
    destination(platform, "UPDATE visit SET note = 'changed' WHERE note = 'x'")

    with pytest.raises(GateClosedError, match="is blocked"):
        promote(platform, "pilot", person="Ada", reason="clean")

    assert platform.store.promotion("pilot") is None


def test_a_mapping_changed_since_holds_the_wave(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    move(platform)
    assert assemble_evidence(platform, "pilot").verdict == "promote"

    monkeypatch.setattr("migration_platform.platform.mapping_digest", lambda entity: "other")

    seen = assemble_evidence(platform, "pilot")
    assert seen.verdict == "hold"
    assert any("the mapping of patient changed" in reason for reason in seen.reasons)


def test_a_cohort_keeps_the_patients_it_was_frozen_with(platform: Platform) -> None:
    move(platform)
    source(platform.settings, "INSERT INTO people VALUES ('e', 'Eve', 'MA')")

    move(platform)

    members = destination(platform, "SELECT patient FROM migration.cohort_member ORDER BY 1")
    assert members == [("a",), ("b",), ("c",)]


def test_records_of_no_existing_patient_are_accounted_for_where_the_plan_says(
    platform: Platform,
) -> None:
    move(platform)
    promote(platform, "pilot", person="Ada", reason="clean")

    move(platform, "lost")

    visit = account_for(platform, ["lost"], "visit")[0]
    assert (visit.extracted, visit.loaded, visit.excepted) == (1, 0, 1)


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
    rules = {e["rule"] for e in platform.store.count_exceptions(["one", "two"])}
    assert "repeated-key" in rules


def test_the_order_of_waves_is_sealed_once_a_cohort_is_frozen(platform: Platform) -> None:
    move(platform)
    plan = platform.plan
    platform.plan = replace(plan, waves=tuple(reversed(plan.waves)))

    with pytest.raises(GateClosedError, match="has changed since cohort one was frozen"):
        gate.require_open(platform, "two")


def test_no_cohort_joins_a_wave_that_is_promoted(platform: Platform) -> None:
    move(platform)
    promote(platform, "pilot", person="Ada", reason="clean")
    pilot, rest = platform.plan.waves
    late = replace(pilot.cohorts[0], name="late")
    waves = (replace(pilot, cohorts=(*pilot.cohorts, late)), rest)
    platform.plan = replace(platform.plan, waves=waves)

    with pytest.raises(GateClosedError, match="which is promoted"):
        stages.extract(platform, "late", ["patient"])


def test_a_forged_promotion_opens_no_gate(platform: Platform) -> None:
    move(platform)
    evidence = assemble_evidence(platform, "pilot")
    with platform.store.transaction() as connection:
        connection.execute(
            "INSERT INTO migration.decision VALUES (1, 'pilot', 'promote', 'Eve', 'because', %s, "
            "now(), '', 'forged')", (evidence.digest,),
        )  # fmt: skip

    with pytest.raises(GateClosedError, match="decision log is not whole"):
        move(platform, "two")


def test_a_suite_changed_since_holds_the_wave_and_its_loads(platform: Platform) -> None:
    move(platform)
    platform.suites = lambda entity: "another"

    assert "the suite of patient changed" in " ".join(assemble_evidence(platform, "pilot").reasons)
    with pytest.raises(GateClosedError, match="has not been run on what is staged now"):
        stages.load(platform, "one", "patient")


def test_another_retention_window_holds_the_wave_until_the_cohort_runs_again(
    platform: Platform,
) -> None:
    move(platform)
    platform.window_start = lambda cohort, entity: 1  # type: ignore[method-assign]

    assert assemble_evidence(platform, "pilot").verdict == "hold"


def test_a_parent_run_alone_holds_the_wave_until_its_children_follow(platform: Platform) -> None:
    move(platform)
    source(platform.settings, """UPDATE people SET "NAME" = NULL WHERE "Id" = 'b'""")
    stages.extract(platform, "one", ["patient"])
    stages.transform(platform, "one", "patient")

    reasons = " ".join(assemble_evidence(platform, "pilot").reasons)

    assert "visit, or what it refers to, is newer than its transform" in reasons


def test_a_patient_who_came_when_every_cohort_was_frozen_is_named(platform: Platform) -> None:
    move(platform)
    promote(platform, "pilot", person="Ada", reason="clean")
    for cohort in ("two", "lost"):
        move(platform, cohort)
    source(platform.settings, "INSERT INTO people VALUES ('late', 'Late', 'MA')")

    move(platform, "two")

    reasons = assemble_evidence(platform, "rest").reasons
    assert any("1 patients of the source belong to no cohort" in reason for reason in reasons)


def test_a_member_who_left_the_source_is_extracted_in_one_cohort_only(platform: Platform) -> None:
    move(platform)
    promote(platform, "pilot", person="Ada", reason="clean")
    source(platform.settings, """DELETE FROM people WHERE "Id" = 'b'""")

    move(platform)
    move(platform, "lost")

    accounts = account_for(platform, ["one", "lost"], "visit")
    assert [a.extracted for a in accounts] == [4, 1]
    queued = {e["cohort"]: e["count"] for e in platform.store.count_exceptions(["one", "lost"])
              if e["entity"] == "visit"}  # fmt: skip
    assert set(queued) == {"one", "lost"}


def test_a_new_source_empties_nothing_of_somebody_elses(platform: Platform) -> None:
    theirs = replace(platform.settings, destination_url="postgresql://theirs/destination")

    with pytest.raises(ConfigurationError, match="MIGRATION_DESTINATION_URL names a server"):
        start_anew(replace(platform, settings=theirs))


def test_a_stage_without_what_it_needs_says_what_to_run(platform: Platform) -> None:
    with pytest.raises(MigrationError, match="extract has not been run"):
        stages.transform(platform, "one", "visit")


def test_a_source_without_patients_is_a_configuration_error(platform: Platform) -> None:
    source(platform.settings, "DROP TABLE people")

    with pytest.raises(ConfigurationError, match="no table people"):
        stages.extract(platform, "one", ["patient"])


def test_the_first_wave_waits_for_nobody(platform: Platform) -> None:
    gate.require_open(platform, "one")
