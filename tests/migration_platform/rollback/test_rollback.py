"""What a rollback takes back, brings back, carries out, leaves alone and refuses."""

from __future__ import annotations

import csv
import stat
from pathlib import Path

import pytest

from migration_platform import stage as stages
from migration_platform.decision.move import make_move
from migration_platform.decision.wave_state import find_state
from migration_platform.errors import ConfigurationError, GateClosedError, MigrationError
from migration_platform.evidence.governance import assemble_evidence
from migration_platform.platform import Platform
from migration_platform.rollback.cohort_rollback import Rollback, roll_back
from migration_platform.rollback.wave_rollback import roll_back_all
from tests.decisions import promote
from tests.migration_platform.stage.small_migration import check, destination, move, source

STRANGER = "00000000-0000-4000-8000-000000000001"


def back(platform: Platform, cohort: str = "one", dry_run: bool = False) -> Rollback:
    [done] = roll_back(platform, [cohort], person="Ada", reason="tried", dry_run=dry_run)
    return done


def rows(platform: Platform) -> list[tuple]:
    """Everything in the destination's own tables."""
    return [
        row
        for table in ("patient", "visit")
        for row in destination(platform, f"SELECT d::text FROM {table} d ORDER BY 1")
    ]


def number_of(platform: Platform, source_id: str) -> str:
    found = destination(
        platform,
        f"SELECT destination_id FROM migration.crosswalk WHERE source_id = '{source_id}'",
    )
    return str(found[0][0])


def carried(done: Rollback) -> list[dict[str, str]]:
    assert done.file is not None
    with Path(done.file).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_what_was_loaded_is_gone_and_can_come_again_under_the_same_ids(
    platform: Platform,
) -> None:
    move(platform)
    loaded = rows(platform)

    done = back(platform)

    assert rows(platform) == []
    assert (done.removed, done.restored, done.writes) == ({"patient": 2, "visit": 3}, {}, ())
    assert done.sentence == (
        "Cohort one was rolled back: 5 records removed, 0 as they were before; nobody wrote there "
        "since."
    )
    again = move(platform)
    assert rows(platform) == loaded
    assert [c["inserted"] for c in again.values()] == [2, 3]


def test_rows_that_a_load_changed_are_as_they_were_whatever_loads_came_after(
    platform: Platform,
) -> None:
    move(platform)
    ann = number_of(platform, "a")
    back(platform)
    destination(platform, f"INSERT INTO patient VALUES ('{ann}', 'Anna before')")
    destination(platform, f"INSERT INTO patient VALUES ('{STRANGER}', 'Somebody else')")
    before = rows(platform)
    move(platform)
    source(platform.settings, """UPDATE people SET "NAME" = 'Annette' WHERE "Id" = 'a'""")
    move(platform)
    source(platform.settings, """DELETE FROM people WHERE "Id" = 'a'""")
    move(platform)
    assert rows(platform) != before

    done = back(platform)

    assert rows(platform) == before
    assert done.restored == {"patient": 1}


def test_what_people_wrote_since_is_carried_out_by_record_and_field_with_its_owner(
    platform: Platform,
) -> None:
    move(platform)
    ann, visit = number_of(platform, "a"), number_of(platform, "v3")
    destination(platform, f"UPDATE patient SET name = 'Anne, \\N' WHERE id = '{ann}'")
    destination(platform, f"DELETE FROM visit WHERE id = '{visit}'")
    destination(platform, f"INSERT INTO visit VALUES ('{STRANGER}', '{ann}', '', NULL)")

    plan = back(platform, dry_run=True)
    assert destination(platform, "SELECT count(*) FROM patient") == [(2,)]
    done = back(platform)

    lines = [
        tuple(line[n] for n in ("entity", "kind", "source_id", "field", "owner", "loaded", "found"))
        for line in carried(done)
    ]
    assert lines == [
        ("patient", "changed", "a", "name", "operations lead", "Ann", r"Anne, \\N"),
        ("visit", "made", r"\N", "", "technical lead", r"\N", r"\N"),
        ("visit", "made", r"\N", "id", "technical lead", r"\N", STRANGER),
        ("visit", "made", r"\N", "note", "technical lead", r"\N", ""),
        ("visit", "made", r"\N", "patient_id", "technical lead", r"\N", ann),
        ("visit", "deleted", "v3", "", "technical lead", r"\N", r"\N"),
    ]
    assert carried(done)[4]["found_source_id"] == "a"
    assert rows(platform) == []
    assert [(w.entity, w.kind, w.field, w.count) for w in done.writes] == [
        ("patient", "changed", "name", 1),
        ("visit", "deleted", "", 1),
        ("visit", "made", "", 1),
    ]
    assert plan.writes == done.writes
    assert stat.S_IMODE(Path(done.file or "").stat().st_mode) == 0o600
    assert "Anne" not in repr(done)


def test_a_write_that_a_later_load_wrote_over_is_carried_out_too(platform: Platform) -> None:
    move(platform)
    visit = number_of(platform, "v3")
    destination(platform, f"UPDATE visit SET note = 'theirs' WHERE id = '{visit}'")
    source(platform.settings, """UPDATE visits SET "NOTE" = 'new' WHERE "Id" = 'v3'""")
    move(platform)

    done = back(platform)

    assert [(x["kind"], x["field"], x["loaded"], x["found"]) for x in carried(done)] == [
        ("overwritten", "note", "x", "theirs")
    ]


def test_a_record_made_there_that_went_with_a_withdrawn_one_is_carried_out_too(
    platform: Platform,
) -> None:
    move(platform)
    bea = number_of(platform, "b")
    destination(platform, f"INSERT INTO visit VALUES ('{STRANGER}', '{bea}', 'theirs', NULL)")
    source(platform.settings, """DELETE FROM people WHERE "Id" = 'b'""")
    move(platform)

    done = back(platform)

    assert ("withdrawn", "note", "theirs") in [
        (x["kind"], x["field"], x["found"]) for x in carried(done)
    ]
    assert rows(platform) == []


def test_another_cohort_and_rows_of_nobody_stay_byte_for_byte(platform: Platform) -> None:
    move(platform)
    promote(platform, "pilot", person="Ada", reason="clean")
    destination(platform, f"INSERT INTO patient VALUES ('{STRANGER}', 'Somebody else')")
    before = rows(platform)
    move(platform, "two")

    back(platform, "two")

    assert rows(platform) == before


def test_it_is_refused_while_another_cohorts_records_hang_on_it(platform: Platform) -> None:
    move(platform)
    promote(platform, "pilot", person="Ada", reason="clean")
    source(platform.settings, "INSERT INTO visits VALUES ('v9', 'd', 'n', '1')")
    move(platform, "two")
    ann, visit = number_of(platform, "a"), number_of(platform, "v9")
    destination(platform, f"UPDATE visit SET patient_id = '{ann}' WHERE id = '{visit}'")
    before = rows(platform)

    plan = back(platform, dry_run=True)
    with pytest.raises(GateClosedError, match="1 records of visit in cohort two refer"):
        back(platform)

    assert len(plan.refusals) == 1
    assert rows(platform) == before


def test_it_is_refused_while_a_later_load_of_another_cohort_holds_a_record_of_it(
    platform: Platform,
) -> None:
    source(platform.settings, "INSERT INTO people VALUES ('e', 'Eve', 'TX')")
    move(platform)
    promote(platform, "pilot", person="Ada", reason="clean")
    move(platform, "two")
    dan, visit = number_of(platform, "d"), number_of(platform, "v3")
    destination(platform, f"UPDATE visit SET patient_id = '{dan}' WHERE id = '{visit}'")
    source(platform.settings, """DELETE FROM people WHERE "Id" = 'd'""")
    move(platform, "two")  # withdraws Dan, and the visit that hangs on him now

    with pytest.raises(GateClosedError, match="1 records of visit were written later by a load of"):
        back(platform)

    assert back(platform, "two").done is True
    assert back(platform).done is True


@pytest.mark.parametrize("held", ["a", "d"])  # of cohort one, and of two, which goes first
def test_of_several_cohorts_none_is_taken_back_if_one_is_refused(
    platform: Platform, held: str
) -> None:
    move(platform)
    promote(platform, "pilot", person="Ada", reason="clean")
    move(platform, "two")
    destination(platform, "CREATE TABLE pinned (patient_id uuid REFERENCES patient)")
    destination(platform, f"INSERT INTO pinned VALUES ('{number_of(platform, held)}')")
    before = rows(platform)

    with pytest.raises(GateClosedError, match="rows of pinned refer to what would go"):
        roll_back_all(platform, ["one", "two"], person="Ada", reason="drift")

    assert rows(platform) == before
    assert destination(platform, "SELECT count(*) FROM migration.rollback") == [(0,)]


@pytest.mark.parametrize(
    ("rule", "left"),
    [("CASCADE", []), ("SET NULL", [("x", None)])],
)
def test_rows_of_a_table_that_is_no_entity_go_only_as_the_destination_says(
    platform: Platform, rule: str, left: list[tuple]
) -> None:
    move(platform)
    ann = number_of(platform, "a")
    destination(
        platform,
        f"CREATE TABLE pinned (label text, patient_id uuid REFERENCES patient ON DELETE {rule})",
    )
    destination(platform, f"INSERT INTO pinned VALUES ('x', '{ann}')")

    done = back(platform)

    assert destination(platform, "SELECT * FROM pinned") == left
    assert ("patient_id", ann) in [(x["field"], x["found"]) for x in carried(done)]


def test_it_is_refused_where_a_table_that_is_no_entity_holds_on(platform: Platform) -> None:
    move(platform)
    destination(platform, "CREATE TABLE pinned (patient_id uuid REFERENCES patient)")
    destination(platform, f"INSERT INTO pinned VALUES ('{number_of(platform, 'a')}')")

    with pytest.raises(GateClosedError, match="1 rows of pinned refer to what would go"):
        back(platform)

    assert len(rows(platform)) == 5


def test_a_destination_that_changes_rows_by_itself_cannot_be_put_back_unseen(
    platform: Platform,
) -> None:
    move(platform)
    ann = number_of(platform, "a")
    back(platform)
    destination(platform, f"INSERT INTO patient VALUES ('{ann}', 'Anna before')")
    move(platform)
    destination(
        platform,
        "CREATE FUNCTION shout() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN NEW.name = upper(NEW.name); RETURN NEW; END $$",
    )
    destination(
        platform,
        "CREATE TRIGGER shout BEFORE UPDATE ON patient FOR EACH ROW EXECUTE FUNCTION shout()",
    )
    before = rows(platform)

    with pytest.raises(MigrationError, match="A trigger or a rule there changes rows"):
        back(platform)

    assert rows(platform) == before
    assert destination(platform, "SELECT count(*) FROM migration.rollback") == [(1,)]


def test_a_rolled_back_cohort_counts_as_not_loaded_until_it_is_loaded_and_checked_again(
    platform: Platform,
) -> None:
    move(platform)
    promote(platform, "pilot", person="Ada", reason="clean")
    back(platform)

    held = assemble_evidence(platform, "pilot")
    assert held.reasons[0].startswith("cohort one was rolled back at ")
    assert "is not finished (load, reconcile)" in held.reasons[1]
    with pytest.raises(GateClosedError, match="cohort one was rolled back by Ada"):
        stages.load(platform, "two", "patient")

    for entity in ("patient", "visit"):
        stages.load(platform, "one", entity)
        stages.reconcile(platform, "one", entity)
    again = assemble_evidence(platform, "pilot")
    assert [r for r in again.reasons if "not checked in the destination" in r] != []
    for entity in ("patient", "visit"):
        check(platform, "one", entity, "destination", "passed")
    reasons = assemble_evidence(platform, "pilot").reasons
    assert [r for r in reasons if "cohort one" in r] == []


def test_without_a_reason_a_person_or_anything_loaded_there_is_no_rollback(
    platform: Platform,
) -> None:
    with pytest.raises(GateClosedError, match="nothing of cohort one is loaded"):
        back(platform)
    move(platform)
    with pytest.raises(MigrationError, match="needs a person"):
        roll_back(platform, ["one"], person="Ada", reason=" ")
    back(platform)
    with pytest.raises(GateClosedError, match="nothing of cohort one is loaded"):
        back(platform)


def test_only_somebody_named_takes_a_cohort_back_and_the_log_says_so_once(
    platform: Platform,
) -> None:
    move(platform)
    with pytest.raises(ConfigurationError, match="people"):
        roll_back(platform, ["one"], person="Mallory", reason="tried")

    back(platform)

    log = [d for d in platform.store.decisions() if d.action == "roll back"]
    assert [(d.wave, d.person, d.detail) for d in log] == [
        ("pilot", "Ada", {"cohort": "one", "number": 1})
    ]
    assert find_state(platform.store.decisions(), "pilot").name == "open"


def test_a_wave_that_was_taken_back_loads_again_only_after_it_is_opened(platform: Platform) -> None:
    move(platform)
    promote(platform, "pilot", person="Ada", reason="clean")

    done = roll_back_all(platform, ["one"], wave="pilot", person="Ada", reason="drift")

    assert [d.cohort for d in done] == ["one"]
    assert find_state(platform.store.decisions(), "pilot").name == "rolled back"
    with pytest.raises(GateClosedError, match="wave pilot is rolled back"):
        stages.load(platform, "one", "patient")
    make_move(platform, "pilot", "open", person="Ada", reason="put right")
    assert [c["inserted"] for c in move(platform).values()] == [2, 3]


def test_a_completed_wave_is_not_taken_back(platform: Platform) -> None:
    move(platform)
    promote(platform, "pilot", person="Ada", reason="clean")
    platform.store.append_decision(wave="pilot", action="complete", person="Ada", reason="done",
                                   evidence_digest=assemble_evidence(platform, "pilot").digest)  # fmt: skip

    with pytest.raises(GateClosedError, match="wave pilot is completed"):
        back(platform)
    with pytest.raises(GateClosedError, match="wave pilot is completed"):
        roll_back_all(platform, ["one"], wave="pilot", person="Ada", reason="drift")

    assert len(rows(platform)) == 5


def test_a_column_that_the_destination_got_since_is_no_write_until_somebody_fills_it(
    platform: Platform,
) -> None:
    move(platform)
    destination(platform, "ALTER TABLE patient ADD nickname text")
    ann = number_of(platform, "a")
    destination(platform, f"UPDATE patient SET nickname = 'Annie' WHERE id = '{ann}'")

    done = back(platform)

    assert [(w.kind, w.field, w.count) for w in done.writes] == [("changed", "nickname", 1)]
    assert [(x["loaded"], x["found"]) for x in carried(done)] == [(r"\N", "Annie")]
