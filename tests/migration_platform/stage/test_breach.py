"""Exceptions past their due time are told to the team's notifier, once."""

from __future__ import annotations

from pathlib import Path

from migration_platform.exception.breach import find_breaches
from migration_platform.platform import Platform
from migration_platform.trigger import trip
from tests.decisions import tamper
from tests.migration_platform.stage.small_migration import move
from tests.migration_platform.stage.small_migration import source as change_source
from tests.migration_platform.stage.watched import listen, read, script

OVERDUE = "UPDATE migration.exception SET due_at = clock_timestamp() - interval '2 hours'"
"""Cohort one's patient without a name and her visit, which waits for her, are past their due time."""


def test_nothing_is_told_before_an_exception_is_due(platform: Platform, tmp_path: Path) -> None:
    telling, heard = listen(platform, tmp_path)
    move(telling)

    trip.evaluate(telling)

    assert telling.store.read("SELECT count(*)::int AS n FROM migration.exception") == [{"n": 2}]
    assert find_breaches(telling) == []
    assert read(heard) == []


def test_what_is_past_its_due_time_is_told_once_by_kind_cohort_and_owner(
    platform: Platform, tmp_path: Path
) -> None:
    telling, heard = listen(platform, tmp_path)
    move(telling)
    tamper(telling, OVERDUE)

    trip.evaluate(telling)
    trip.evaluate(telling)

    [name, visit] = read(heard)
    assert (name["event"], name["wave"]) == ("exceptions overdue", "pilot")
    assert name["sentence"] == (
        "Wave pilot: 1 exception of kind 'untranslated' is past its due time."
    )
    [reason] = name["reasons"]
    assert reason.startswith("1 of cohort one, operations lead: due since 20")
    assert name["next"] == ['migration exceptions --kind "untranslated" --overdue --records']
    assert visit["sentence"] == "Wave pilot: 1 exception of kind 'waiting' is past its due time."


def test_no_token_and_no_value_leaves_the_house(platform: Platform, tmp_path: Path) -> None:
    telling, heard = listen(platform, tmp_path)
    move(telling)
    tamper(telling, OVERDUE)

    trip.evaluate(telling)

    tokens = [r["token"] for r in telling.store.read("SELECT token FROM migration.exception")]
    assert len(tokens) == 2
    said = heard.read_text()
    assert not [word for word in (*tokens, "Ann", "Bea") if word in said]


def test_a_breach_that_goes_on_is_told_again_only_when_more_pass_their_due_time(
    platform: Platform, tmp_path: Path
) -> None:
    telling, heard = listen(platform, tmp_path)
    change_source(telling.settings, "INSERT INTO people VALUES ('e', NULL, 'MA')")
    move(telling)
    of_patients = (
        "WHERE entity = 'patient' AND token = (SELECT {}(token) FROM migration.exception {})"
    )
    where = "WHERE entity = 'patient'"
    tamper(telling, f"{OVERDUE} {of_patients.format('min', where)}")
    trip.evaluate(telling)
    later = OVERDUE.replace("2 hours", "1 hour")

    tamper(telling, f"{later} {of_patients.format('max', where)}")
    trip.evaluate(telling)
    tamper(telling, f"DELETE FROM migration.exception {of_patients.format('max', where)}")
    trip.evaluate(telling)

    assert [told["sentence"][12:43] for told in read(heard)] == [
        "1 exception of kind 'untranslat",
        "2 exceptions of kind 'untransla",
    ]


def test_a_notifier_that_failed_is_told_again_and_then_no_more(
    platform: Platform, tmp_path: Path
) -> None:
    telling, heard = listen(platform, tmp_path, "exit 3")
    move(telling)
    tamper(telling, OVERDUE, "DELETE FROM migration.exception WHERE kind = 'waiting'")
    trip.evaluate(telling)
    script(tmp_path, f"cat >> {heard}")

    trip.evaluate(telling)
    trip.evaluate(telling)

    assert [told["event"] for told in read(heard)] == ["exceptions overdue"] * 2
