"""The team's own notifier is told of what asks for somebody, and stops nothing."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import pytest

from migration_platform.decision import move
from migration_platform.errors import MigrationError
from migration_platform.night import nightly
from migration_platform.platform import Platform
from migration_platform.trigger import notifier, trip
from migration_platform.trigger.notifier import find_undelivered
from tests.decisions import measure, tamper
from tests.migration_platform.stage.small_migration import destination
from tests.migration_platform.stage.watched import listen, live, read, script, state

__all__ = ["live"]


def test_the_notifier_is_told_once_of_a_trip_and_of_a_figure_that_stopped(
    live: Platform, tmp_path: Path
) -> None:
    telling, heard = listen(live, tmp_path)
    measure(telling, "one", "logins", "25/300")

    trip.evaluate(telling)
    trip.evaluate(telling)

    [told] = read(heard)
    assert (told["event"], told["wave"]) == ("trigger tripped", "pilot")
    assert told["reasons"] == [
        "logins of cohort one: 25 of 300, tolerated is at most 200 % of its baseline 12 of 300"
    ]
    assert told["next"][1] == "migration rollback --cohort one --dry-run"
    assert "It is held, and asks for a decision" in told["sentence"]
    tamper(telling, "DELETE FROM migration.metric")
    trip.evaluate(telling)
    assert [each["event"] for each in read(heard)] == ["trigger tripped", "trigger unknown"]


def test_a_notifier_that_fails_stops_no_hold_and_is_said_until_it_was_told(
    live: Platform, tmp_path: Path
) -> None:
    telling, heard = listen(live, tmp_path, "exit 3")
    measure(telling, "one", "logins", "25/300")

    assert state(telling) == ("held", "tripped")
    [failed] = find_undelivered(telling.store)
    assert failed.sentence.startswith(
        "the notifier was not told of 'trigger tripped' of wave pilot (MIGRATION_NOTIFY ended with 3; "
        "2 attempts"
    )
    telling, heard = listen(live, tmp_path)
    trip.evaluate(telling)

    assert find_undelivered(telling.store) == []
    assert len(read(heard)) == 3


@pytest.mark.parametrize(
    ("text", "says"),
    [("exit 7", "ended with 7"), ("sleep 30 & wait", "did not end within 0.5 seconds"),
     (None, "could not be started: ")],
)  # fmt: skip
def test_a_notifier_that_cannot_be_used_is_said_in_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str | None, says: str
) -> None:
    monkeypatch.setattr(notifier, "PATIENCE", 0.5)
    program = tmp_path / "none" if text is None else script(tmp_path, text)
    started = time.monotonic()

    assert says in notifier.send(program, {"event": "night"})
    assert time.monotonic() - started < 5


def test_a_notifier_gets_no_password_of_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MIGRATION_SOURCE_URL", "postgresql://u:secret@h/d")
    monkeypatch.setenv("TEAM_HOOK", "theirs")

    assert notifier.send(script(tmp_path, f"env > {tmp_path}/env"), {}) == ""

    environment = (tmp_path / "env").read_text()
    assert "TEAM_HOOK=theirs" in environment
    assert "secret" not in environment


def test_a_hold_by_a_person_and_a_night_with_drift_are_told_without_a_word_of_a_patient(
    live: Platform, tmp_path: Path
) -> None:
    telling, heard = listen(live, tmp_path)
    telling.settings = replace(telling.settings, reports=tmp_path / "reports")
    move.make_move(telling, "pilot", "hold", person="Ada", reason="Ann Smith complains")
    destination(telling, "UPDATE visit SET note = 'Xenia' WHERE note = 'x'")

    nightly.look(telling)

    held, night = read(heard)
    assert (held["event"], held["sentence"]) == ("wave held", "Wave pilot is held by Ada.")
    assert (night["event"], night["reasons"][0][:16]) == ("night", "one: 1 mismatche")
    assert night["next"] == ["migration reconcile --cohort one"]
    assert "Ann" not in heard.read_text()
    assert "Xenia" not in heard.read_text()


def test_that_nobody_can_look_is_told_and_raised(live: Platform, tmp_path: Path) -> None:
    telling, heard = listen(live, tmp_path)
    tamper(telling, "UPDATE migration.decision SET person = 'Eve' WHERE sequence = 1")

    with pytest.raises(
        MigrationError, match="could not be looked at: the decision log is not whole"
    ):
        trip.evaluate(telling)

    [told] = read(heard)
    assert told["event"] == "could not look"
