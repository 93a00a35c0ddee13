"""What people decide about single records is picked up by the next run, with all that hangs on it."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import psycopg
import pytest

from migration_platform import stage as stages
from migration_platform.entity import Concern, Reading
from migration_platform.errors import ConfigurationError, GateClosedError, MigrationError
from migration_platform.evidence.governance import assemble_evidence
from migration_platform.exception import resolution
from migration_platform.exception.case import describe_case
from migration_platform.exception.store import acts_on, list_open
from migration_platform.ledger import account_for
from migration_platform.platform import Platform
from migration_platform.token import token
from migration_platform.trace import trace_record
from tests.decisions import sign_all
from tests.migration_platform.stage.small_migration import (
    PATIENT,
    VISIT,
    destination,
    move,
    source,
)

SECRET = "Cleo Sanderson"


@pytest.fixture
def proved(platform: Platform) -> Platform:
    """The small migration, with names that reconciliation proves, and patient c without one."""
    [name] = PATIENT.fields
    read = replace(name, origin=replace(name.origin, reading=Reading("identifier", ("NAME",))))
    platform.entities = {"patient": replace(PATIENT, fields=(read,)), "visit": VISIT}
    return platform


def name_of(platform: Platform, source_id: str, entity: str = "patient") -> str:
    return token(platform.settings.token_key(), entity, source_id)


def ends(platform: Platform, entity: str) -> tuple[int, int, int]:
    [account] = account_for(platform, ["one"], entity)
    return account.loaded or 0, account.excluded or 0, account.excepted or 0


def names(platform: Platform) -> list[str]:
    return [r[0] for r in destination(platform, "SELECT name FROM patient ORDER BY name")]


def correct(platform: Platform, value: str | None = SECRET, column: str = "NAME") -> int:
    """Patient c's name, proposed by one person and accepted by another."""
    mark = name_of(platform, "c")
    proposed = resolution.propose(
        platform, mark, column=column, value=value, person="Cleo", reason="seen in the paper chart"
    )
    resolution.accept(
        platform, mark, proposal=proposed.number, person="Bob", reason="the same in billing"
    )
    return proposed.number


def test_a_corrected_record_loads_with_what_waited_for_it(proved: Platform) -> None:
    move(proved)
    assert (ends(proved, "patient"), ends(proved, "visit")) == ((2, 0, 1), (3, 0, 1))

    correct(proved)
    assert "patient, or what it refers to, is newer than its transform in cohort one: run the " \
        "cohort again" in assemble_evidence(proved, "pilot").reasons  # fmt: skip
    move(proved)

    assert (ends(proved, "patient"), ends(proved, "visit")) == ((3, 0, 0), (4, 0, 0))
    assert names(proved) == ["Ann", "Bea", SECRET]
    assert list_open(proved.store, ["one"]) == []
    assert sign_all(proved, "pilot").verdict == "promote"


def test_reconciliation_reads_the_correction_by_itself_and_says_what_was_corrected(
    proved: Platform,
) -> None:
    move(proved)
    correct(proved)
    move(proved)

    result = stages.reconcile(proved, "one", "patient")
    evidence = assemble_evidence(proved, "pilot")

    assert (result.clean, result.counts["mismatched"]) == (True, 0)
    [spot] = [s for s in evidence.document["blind_spots"] if s["kind"] == "corrected"]
    assert (spot["entity"], spot["name"], spot["count"]) == ("patient", "NAME", 1)
    [ruled] = evidence.document["rulings"]
    assert (ruled["cohort"], ruled["entity"], ruled["effect"], ruled["count"]) == (
        "one", "patient", "correct", 1,
    )  # fmt: skip


def test_a_mapping_that_changes_a_corrected_value_is_found(proved: Platform) -> None:
    move(proved)
    correct(proved)
    entities = dict(proved.entities)
    [name] = entities["patient"].fields
    wrong = replace(name, origin=replace(name.origin, value=pl.col("NAME").str.to_uppercase()))
    proved.entities = {**entities, "patient": replace(entities["patient"], fields=(wrong,))}

    move(proved)

    [run] = [r for r in proved.store.latest_runs(["one"], "patient") if r.stage == "reconcile"]
    assert run.counts["mismatched"] == 3
    assert {c["leg"] for c in run.detail["clusters"]} == {"mapping"}


def test_a_correction_made_since_the_transform_is_no_difference_until_it_is_applied(
    proved: Platform,
) -> None:
    source(proved.settings, "INSERT INTO people VALUES ('e', 'Eva', 'MA')")
    move(proved)
    correct(proved)
    move(proved)
    number = correct_again(proved)

    result = stages.reconcile(proved, "one", "patient")

    assert (result.clean, result.counts["mismatched"]) == (True, 0)
    assert number > 0


def correct_again(platform: Platform) -> int:
    """A concern about patient c is corrected, though the patient is loaded."""
    with platform.store.transaction() as connection:
        connection.execute(
            "UPDATE migration.exception SET closed_at = NULL, stage = 'concern' WHERE token = %s",
            (name_of(platform, "c"),),
        )
    return correct(platform, "Cleo S.")


def test_no_value_of_a_correction_leaves_the_staging_area(proved: Platform) -> None:
    move(proved)
    correct(proved)
    move(proved)

    case = describe_case(proved, name_of(proved, "c"))
    assemble_evidence(proved, "pilot")
    with proved.store.transaction() as connection:
        kept = connection.execute(
            "SELECT (SELECT json_agg(a)::text FROM migration.exception_act a) || "
            "(SELECT json_agg(r)::text FROM migration.stage_run r) || "
            "(SELECT json_agg(e)::text FROM migration.evidence e) AS text"
        ).fetchone()
    assert kept is not None
    assert "Sanderson" not in kept["text"] + json.dumps(case, default=str)
    path = proved.staging.path("one", "patient", "rulings")
    assert path.stat().st_mode & 0o777 == 0o600
    assert pl.read_parquet(path)["value"].to_list() == [SECRET]


def test_a_trace_shows_what_was_corrected_and_by_whom(proved: Platform) -> None:
    move(proved)
    correct(proved)
    move(proved)

    found = trace_record(proved, "patient", "c")

    assert found.corrected == {"NAME": SECRET}
    assert [(a["person"], a["action"]) for a in found.acts] == [
        ("Cleo", "propose"),
        ("Bob", "accept"),
    ]


def test_nobody_accepts_what_they_proposed_nor_without_the_owners_role(proved: Platform) -> None:
    move(proved)
    mark = name_of(proved, "c")
    proposed = resolution.propose(
        proved, mark, column="NAME", value=SECRET, person="Bob", reason="known"
    )

    for person, said in (("Bob", "another person"), ("Cleo", "operations lead"), ("Zoe", "nobody")):
        with pytest.raises(MigrationError, match=said):
            resolution.accept(
                proved, mark, proposal=proposed.number, person=person, reason="fine"
            )  # fmt: skip
    resolution.accept(proved, mark, proposal=proposed.number, person="Ada", reason="fine")
    with pytest.raises(ConfigurationError, match="no open proposal"):
        resolution.accept(proved, mark, proposal=proposed.number, person="Ada", reason="again")


def test_a_rejected_proposal_changes_nothing(proved: Platform) -> None:
    move(proved)
    mark = name_of(proved, "c")
    number = resolution.propose(
        proved, mark, column="NAME", value=SECRET, person="Bob", reason="known"
    ).number
    with pytest.raises(GateClosedError, match="accept or reject it first"):
        resolution.propose(proved, mark, column="NAME", value="X", person="Cleo", reason="no")

    resolution.reject(proved, mark, proposal=number, person="Ada", reason="another person")
    move(proved)

    assert ends(proved, "patient") == (2, 0, 1)


def test_what_names_a_record_cannot_be_corrected(proved: Platform) -> None:
    move(proved)
    mark = name_of(proved, "c")

    for column, said in (("Id", "says which record"), ("NICKNAME", "It has: NAME")):
        with pytest.raises(ConfigurationError, match=said):
            resolution.propose(
                proved, mark, column=column, value="x", person="Bob", reason="known"
            )  # fmt: skip


def test_an_excluded_record_stays_behind_with_what_needs_it(proved: Platform) -> None:
    move(proved)

    resolution.exclude(proved, name_of(proved, "c"), person="Bob", reason="made by a trainee")
    move(proved)

    assert (ends(proved, "patient"), ends(proved, "visit")) == ((2, 1, 0), (3, 1, 0))
    assert trace_record(proved, "patient", "c").rule == "excluded by decision"
    assert trace_record(proved, "visit", "v4").rule == "patient-excluded"
    evidence = assemble_evidence(proved, "pilot")
    assert [line["balanced"] for line in evidence.document["accounting"]] == [True, True]


def test_a_loaded_record_that_is_excluded_leaves_and_returns_with_its_id(proved: Platform) -> None:
    move(proved)
    correct(proved)
    move(proved)
    before = destination(proved, "SELECT id::text FROM patient WHERE name LIKE 'Cleo%'")
    correct_again(proved)

    resolution.exclude(proved, name_of(proved, "c"), person="Bob", reason="moves by hand")
    move(proved)
    assert ends(proved, "patient") == (2, 1, 0)
    resolution.reopen(proved, name_of(proved, "c"), person="Bob", reason="does move after all")
    move(proved)
    assert ends(proved, "patient") == (2, 0, 1)
    correct(proved)
    move(proved)

    assert destination(proved, "SELECT id::text FROM patient WHERE name LIKE 'Cleo%'") == before


def test_a_suspected_duplicate_that_is_kept_apart_moves(proved: Platform) -> None:
    entities = dict(proved.entities)
    told_apart = replace(entities["patient"].source, distinct=("NAME",))
    proved.entities = {**entities, "patient": replace(entities["patient"], source=told_apart)}
    source(proved.settings, "INSERT INTO people VALUES ('e', 'Bea', 'MA')")
    move(proved)
    assert ends(proved, "patient") == (2, 0, 2)

    with pytest.raises(ConfigurationError, match="Only a suspected duplicate"):
        resolution.keep_apart(proved, name_of(proved, "c"), person="Ada", reason="two")
    resolution.keep_apart(proved, name_of(proved, "e"), person="Ada", reason="two people")
    move(proved)

    assert names(proved) == ["Ann", "Bea", "Bea"]


def test_a_lost_or_altered_value_stops_the_transform(proved: Platform) -> None:
    move(proved)
    correct(proved)
    path = proved.staging.path("one", "patient", "rulings")
    pl.read_parquet(path).with_columns(value=pl.lit("Mallory")).write_parquet(path)

    with pytest.raises(MigrationError, match="is not what was decided"):
        stages.transform(proved, "one", "patient")
    path.unlink()
    with pytest.raises(MigrationError, match="is lost"):
        stages.transform(proved, "one", "patient")

    resolution.reopen(proved, name_of(proved, "c"), person="Bob", reason="the value was lost")
    move(proved)
    assert ends(proved, "patient") == (2, 0, 1)


def test_the_history_cannot_be_changed_by_the_platforms_own_role(proved: Platform) -> None:
    move(proved)
    mark = name_of(proved, "c")
    resolution.assign(proved, mark, to="Sam of support", person="Bob")
    resolution.comment(proved, mark, "called the clinic", person="Sam of support")

    for statement in (
        "UPDATE migration.exception_act SET person = 'x'",
        "DELETE FROM migration.exception_act",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege), proved.store.transaction() as c:
            c.execute(statement)
    assert [a.action for a in acts_on(proved.store, mark)] == ["assign", "comment"]
    assert list_open(proved.store, ["one"])[0]["assignee"] in ("", "Sam of support")
    assert describe_case(proved, mark)["assignee"] == "Sam of support"


def test_a_concern_is_queued_while_its_record_moves_until_somebody_settles_it(
    proved: Platform,
) -> None:
    entities = dict(proved.entities)
    query = "SELECT source_id FROM visit WHERE cost < 0"
    concern = Concern(
        "refund", query, "A visit that costs less than nothing", "refill without history"
    )
    proved.entities = {**entities, "visit": replace(entities["visit"], concerns=(concern,))}
    move(proved)
    assert ends(proved, "visit") == (3, 0, 1)
    [open_one] = list_open(proved.store, ["one"], kind="refill without history")
    assert (open_one["token"], open_one["owner"]) == (
        name_of(proved, "v2", "visit"),
        "clinical lead",
    )

    with pytest.raises(GateClosedError, match="for the clinical lead"):
        resolution.settle(proved, open_one["token"], person="Bob", reason="called")
    resolution.settle(proved, open_one["token"], person="Ada", reason="called")
    move(proved)

    assert list_open(proved.store, ["one"], kind="refill without history") == []
    assert ends(proved, "visit") == (3, 0, 1)


def test_a_concern_about_something_else_than_the_entity_and_its_parents_is_refused(
    proved: Platform,
) -> None:
    entities = dict(proved.entities)
    for query, said in (
        ("SELECT source_id FROM claim", "it reads claim"),
        ("SELECT nothing FROM visit", "the query was refused"),
        ("SELECT source_id, id FROM visit", "one column"),
    ):
        concern = Concern("odd", query, "", "duplicate")
        proved.entities = {**entities, "visit": replace(entities["visit"], concerns=(concern,))}
        with pytest.raises(ConfigurationError, match=said):
            move(proved)


def test_a_difference_is_waived_from_the_queue(proved: Platform) -> None:
    move(proved)
    destination(proved, "UPDATE visit SET note = 'X' WHERE note = 'x'")
    stages.reconcile(proved, "one", "visit")
    [waiting] = list_open(proved.store, ["one"], kind="difference")

    _, number = resolution.waive(
        proved, waiting["token"], person="Ada", reason="the clinic writes it so",
        until=datetime.now(UTC) + timedelta(days=3),
    )  # fmt: skip
    stages.reconcile(proved, "one", "visit")

    assert [w.number for w in proved.store.waivers()] == [number]
    assert list_open(proved.store, ["one"], kind="difference") == []


def test_a_record_of_no_declared_kind_is_refused_by_name(proved: Platform) -> None:
    kinds = Path(proved.plan.file.with_name("exceptions.toml"))
    kinds.write_text(
        '[[kind]]\nname = "waiting"\nmeans = "m"\nowner = "compliance"\nhours = 2\npath = "p"\n'
    )

    with pytest.raises(ConfigurationError, match="no kind 'untranslated'"):
        move(proved)
