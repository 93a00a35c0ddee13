"""The decision log in the database: who could alter it, and what is found if somebody did."""

from __future__ import annotations

import subprocess
import sys

import psycopg
import pytest

from migration_platform.decision import log_head, move
from migration_platform.decision.log import verify
from migration_platform.errors import ConfigurationError, GateClosedError
from migration_platform.evidence.governance import assemble_evidence
from migration_platform.platform import Platform
from tests.decisions import get_ready, sign_all, tamper
from tests.migration_platform.stage.small_migration import move as move_cohort


@pytest.fixture
def moved(platform: Platform) -> Platform:
    """The pilot moved, opened by that, and ready."""
    move_cohort(platform)
    get_ready(platform, "pilot")
    return platform


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE migration.decision SET person = 'Eve'",
        "DELETE FROM migration.decision",
        "TRUNCATE migration.decision",
        "DROP TABLE migration.decision CASCADE",
        "ALTER TABLE migration.decision DISABLE TRIGGER append_only",
        "DROP TRIGGER append_only ON migration.decision",
        "ALTER TABLE migration.decision RENAME TO other",
        "CREATE OR REPLACE FUNCTION migration.refuse_change() RETURNS trigger LANGUAGE sql AS ''",
        "SET session_replication_role = replica",
        "SET ROLE migration",
        "DROP SCHEMA migration CASCADE",
        "DELETE FROM migration.evidence",
        "UPDATE migration.evidence SET document = '{}'",
        "UPDATE migration.metric SET value = 0",
        "DELETE FROM migration.waiver",
    ],
)
def test_the_platforms_own_role_can_alter_nothing_that_was_decided(
    moved: Platform, statement: str
) -> None:
    before = moved.store.decisions()

    with (
        pytest.raises(psycopg.errors.InsufficientPrivilege),
        moved.store.transaction() as connection,
    ):
        connection.execute(statement)

    assert moved.store.decisions() == before
    assert verify(moved).powers == ()


def test_the_owner_is_stopped_by_a_trigger_and_named_as_who_could(moved: Platform) -> None:
    from migration_platform.database import connect
    from migration_platform.schema.grant import find_powers

    with connect(moved.settings, "platform", owner=True) as connection:
        assert find_powers(connection) == ["role migration is a superuser"]
        with pytest.raises(psycopg.errors.RaiseException, match="decision is append-only"):
            connection.execute("UPDATE migration.decision SET person = 'Eve'")


@pytest.mark.parametrize(
    ("statement", "entry"),
    [
        ("UPDATE migration.decision SET person = 'Eve' WHERE sequence = 2", 2),
        ("UPDATE migration.decision SET detail = '{}' WHERE sequence = 1", 1),
        ("DELETE FROM migration.decision WHERE sequence = 1", 1),
        ("DELETE FROM migration.decision WHERE sequence = 2", 2),
        (
            "UPDATE migration.decision SET sequence = 3 - sequence + 10; "
            "UPDATE migration.decision SET sequence = sequence - 10",
            1,
        ),
    ],
)
def test_whatever_is_altered_is_found_and_nothing_loads_or_is_decided(
    moved: Platform, statement: str, entry: int
) -> None:
    assert verify(moved).whole

    tamper(moved, *statement.split("; "))

    state = verify(moved)
    assert not state.whole
    assert entry in (state.broken, state.removed)
    with pytest.raises(GateClosedError, match=f"not whole from entry {entry} on"):
        move_cohort(moved)
    with pytest.raises(GateClosedError, match="not whole"):
        assemble_evidence(moved, "pilot")
    with pytest.raises(GateClosedError, match="not whole"):
        move.make_move(moved, "pilot", "hold", person="Ada", reason="to be safe")


def test_an_entry_removed_from_the_end_is_found_though_the_chain_is_whole(moved: Platform) -> None:
    tamper(moved, "DELETE FROM migration.decision WHERE sequence = 2")

    state = verify(moved)

    assert (state.broken, state.removed) == (None, 2)
    assert state.entries == 1


def test_a_damaged_note_of_the_newest_entry_is_an_error(moved: Platform) -> None:
    (moved.settings.home / log_head.NAME).write_text("two\n")

    with pytest.raises(ConfigurationError, match="is damaged"):
        verify(moved)


ONE = """
import sys
from dataclasses import replace
from pathlib import Path
from migration_platform.decision import move
from migration_platform.errors import GateClosedError
from migration_platform.platform import Platform
from migration_platform.settings import Settings
from migration_platform.wave import load_plan

platform = Platform(Settings.load(), load_plan(Path(sys.argv[1])), {})
platform.store
print("at the line", flush=True)
sys.stdin.readline()
try:
    done = move.record(platform, "pilot", "promote", person=sys.argv[2], reason="mine",
                       evidence_digest=sys.argv[3])
    print("won", done.sequence)
except GateClosedError as error:
    print("lost", error)
"""


def test_of_two_operators_at_once_one_wins_and_the_other_is_told_what_was_decided(
    moved: Platform,
) -> None:
    digest = sign_all(moved, "pilot").digest
    command = [sys.executable, "-c", ONE, str(moved.plan.file)]
    both = [
        subprocess.Popen(
            [*command, person, digest], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for person in ("Ada", "Bob")
    ]
    for each in both:
        assert each.stdout is not None
        assert each.stdout.readline() == "at the line\n"
    for each in both:
        assert each.stdin is not None
        each.stdin.write("go\n")
        each.stdin.flush()

    said = sorted(each.communicate(timeout=120)[0] for each in both)

    assert [answer.split()[0] for answer in said] == ["lost", "won"]
    assert "wave pilot is promoted (by" in said[0]
    assert "What may be decided now: hold, complete, roll back, amend, sign." in said[0]
    promotions = [d for d in moved.store.decisions() if d.action == "promote"]
    assert len(promotions) == 1
    assert verify(moved).whole
