"""A rollback trigger that trips holds its wave at once, and once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from migration_platform import gate
from migration_platform.decision import move
from migration_platform.decision.log import verify
from migration_platform.errors import GateClosedError
from migration_platform.evidence.governance import assemble_evidence
from migration_platform.night import nightly
from migration_platform.platform import Platform
from migration_platform.rollback.cohort_rollback import roll_back
from migration_platform.trigger import trip
from migration_platform.trigger.metric_log import newest_measurements
from migration_platform.trigger.watch import look_at_live
from tests.decisions import measure, promote, sign_all, tamper
from tests.migration_platform.stage.small_migration import destination
from tests.migration_platform.stage.small_migration import move as move_cohort
from tests.migration_platform.stage.watched import again, holds, live, state

__all__ = ["live"]


def test_nothing_is_held_while_every_trigger_is_clear(live: Platform) -> None:
    assert state(live) == ("open", "clear")
    assert holds(live) == []


def test_a_tripped_trigger_holds_the_wave_once_with_what_was_measured(live: Platform) -> None:
    measure(live, "one", "logins", "25/300")

    assert state(live) == ("held", "tripped")
    assert state(live) == ("held", "tripped")

    [entry] = holds(live)
    assert (entry.wave, entry.person) == ("pilot", "the trigger")
    assert entry.reason == (
        "rollback trigger tripped: logins of cohort one: 25 of 300, tolerated is at most 200 % of its "
        "baseline 12 of 300"
    )
    [told] = entry.detail["triggers"]
    assert (told["measured"], told["baseline"], told["state"]) == (
        "25 of 300",
        "12 of 300",
        "tripped",
    )
    assert verify(live).whole
    with pytest.raises(GateClosedError, match=r"may not load: wave pilot is held \(by the trigger"):
        move_cohort(live)


def test_the_evidence_asks_for_a_decision_and_says_since_when(live: Platform) -> None:
    measure(live, "one", "logins", "25/300")
    trip.evaluate(live)
    [first] = live.store.read("SELECT looked_at FROM migration.trigger_look")
    trip.evaluate(live)

    seen = assemble_evidence(live, "pilot")

    since = first["looked_at"].astimezone(UTC).isoformat(timespec="seconds")
    assert seen.verdict == "block"
    assert f"It asks for a decision: resume or roll back, tripped since {since}" in seen.reasons[0]
    assert seen.reasons[1].startswith("the trigger holds it since")


def test_a_promoted_wave_that_trips_shuts_the_next_ones_gate(live: Platform) -> None:
    promote(live, "pilot")
    gate.require_open(live, "two")
    measure(live, "one", "logins", "25/300")

    assert state(live) == ("held", "tripped")

    with pytest.raises(GateClosedError, match="wave pilot is not promoted"):
        gate.require_open(live, "two")


def test_a_wave_with_a_tripped_trigger_is_not_resumed_until_the_figure_is_right_again(
    live: Platform,
) -> None:
    measure(live, "one", "logins", "25/300")
    trip.evaluate(live)

    with pytest.raises(GateClosedError, match="asks for another decision than this: logins of co"):
        move.make_move(live, "pilot", "resume", person="Ada", reason="we think it is fine")
    with pytest.raises(GateClosedError, match="names nobody 'the trigger'"):
        move.make_move(live, "pilot", "resume", person="the trigger", reason="fine")
    assert len(holds(live)) == 1

    measure(live, "one", "logins", "13/300")
    assert state(live) == ("held", "clear")
    move.make_move(live, "pilot", "resume", person="Ada", reason="the help desk reset them")
    measure(live, "one", "logins", "30/300")

    assert state(live) == ("held", "tripped")
    assert len(holds(live)) == 2


def test_the_sponsor_alone_resumes_in_spite_of_a_trigger_and_for_some_hours_only(
    live: Platform,
) -> None:
    measure(live, "one", "logins", "25/300")
    trip.evaluate(live)
    resume = {"reason": "the mapping of logins is mended", "despite_hours": 4}

    with pytest.raises(GateClosedError, match=r"for the executive sponsor alone \(Eve\)"):
        move.make_move(live, "pilot", "resume", person="Ada", **resume)
    with pytest.raises(GateClosedError, match="hours from 1 to 24"):
        move.make_move(live, "pilot", "resume", person="Eve", reason="x", despite_hours=25)
    entry = move.make_move(live, "pilot", "resume", person="Eve", **resume)

    assert entry.detail["triggers"][0]["measured"] == "25 of 300"
    assert state(live) == ("open", "tripped")
    assert move_cohort(live)["patient"]["unchanged"] == 2
    assert assemble_evidence(live, "pilot").verdict == "block"
    [watch] = look_at_live(live, live.store.decisions())
    assert not watch.is_suffered(watch.triggers[0], datetime.now(UTC) + timedelta(hours=4))
    assert f"Eve resumed it in spite of that until {entry.detail['until']}" in watch.sentence
    move.make_move(live, "pilot", "hold", person="Ada", reason="no better")
    with pytest.raises(GateClosedError, match="asks for another decision"):
        move.make_move(live, "pilot", "resume", person="Ada", reason="once more")


def test_a_figure_that_stops_arriving_ends_no_hold_of_the_trigger(live: Platform) -> None:
    measure(live, "one", "logins", "25/300", datetime.now(UTC) - timedelta(hours=5))
    tamper(live, "UPDATE migration.stage_run SET started_at = started_at - interval '6 hours'",
           "DELETE FROM migration.metric WHERE numerator = 12")  # fmt: skip
    trip.evaluate(live)
    measure(live, "one", "logins", "12/300", datetime.now(UTC) - timedelta(hours=4, minutes=30))

    assert state(live) == ("held", "cannot tell")
    with pytest.raises(GateClosedError, match="was measured more than 4 hours ago"):
        move.make_move(live, "pilot", "resume", person="Ada", reason="must be fine by now")


def test_a_wave_that_a_person_holds_is_resumed_while_a_figure_is_lacking(live: Platform) -> None:
    tamper(live, "DELETE FROM migration.metric")
    move.make_move(live, "pilot", "hold", person="Ada", reason="complaints")

    assert state(live) == ("held", "cannot tell")
    move.make_move(live, "pilot", "resume", person="Ada", reason="settled")


def test_a_figure_that_never_arrived_is_no_pass(live: Platform) -> None:
    tamper(live, "DELETE FROM migration.metric")

    assert state(live) == ("open", "cannot tell")
    assert holds(live) == []
    assert "nobody can tell whether a rollback trigger has tripped" in " ".join(
        assemble_evidence(live, "pilot").reasons
    )


def test_an_edited_trigger_disarms_nothing_and_an_amended_one_does(live: Platform) -> None:
    measure(live, "one", "logins", "25/300")
    criteria = live.plan.file.with_name("criteria.toml")
    criteria.write_text(
        criteria.read_text().replace("at_most_percent = 200", "at_most_percent = 900")
    )
    edited = again(live)

    assert state(edited) == ("held", "tripped")
    with pytest.raises(GateClosedError, match="asks for another decision"):
        move.make_move(edited, "pilot", "resume", person="Ada", reason="fine")

    move.make_move(edited, "pilot", "amend", person="Eve", reason="the old one counted retries")
    assert state(edited) == ("held", "clear")
    move.make_move(edited, "pilot", "resume", person="Ada", reason="by the amended bound")


def test_records_that_differ_trip_a_trigger_as_soon_as_somebody_has_looked(live: Platform) -> None:
    criteria = live.plan.file.with_name("criteria.toml")
    extra = '\n[[wave.trigger]]\nmeasure = "differing records"\nat_most = 0\n\n[[wave.metric]]'
    criteria.write_text(criteria.read_text().replace("\n[[wave.metric]]", extra, 1))
    watched = again(live)
    move.make_move(watched, "pilot", "amend", person="Eve", reason="one more")
    assert state(watched) == ("open", "clear")
    destination(watched, "UPDATE visit SET note = 'changed' WHERE note = 'x'")

    nightly.look(watched)

    assert state(watched) == ("held", "tripped")
    assert "differing records: 1, tolerated is at most 0" in holds(watched)[0].reason


def test_what_was_measured_before_a_rollback_says_nothing_about_the_next_load(
    live: Platform,
) -> None:
    measure(live, "one", "logins", "25/300")
    trip.evaluate(live)
    roll_back(live, ["one"], person="Ada", reason="logins fail")

    assert trip.evaluate(live) == []
    move.make_move(live, "pilot", "resume", person="Ada", reason="load it again, repaired")
    move_cohort(live)

    assert newest_measurements(live.store, ["one"]) == {}
    assert state(live) == ("open", "cannot tell")
    measure(live, "one", "logins", "11/300")
    assert state(live) == ("open", "clear")


def test_a_wave_that_is_not_live_or_is_completed_is_not_watched(live: Platform) -> None:
    promote(live, "pilot")
    sign_all(live, "pilot")
    move.make_move(live, "pilot", "complete", person="Eve", reason="30 days")
    measure(live, "one", "logins", "300/300")

    assert trip.evaluate(live) == []


def test_a_trigger_is_seen_while_the_destination_is_away(live: Platform) -> None:
    measure(live, "one", "logins", "25/300")
    live.close()
    away = again(live, destination_url="postgresql://nobody@127.0.0.1:1/nothing")

    assert state(away) == ("held", "tripped")


def test_the_same_file_of_figures_again_records_nothing(live: Platform) -> None:
    at = datetime.now(UTC)

    measure(live, "one", "logins", "14/300", at)
    measure(live, "one", "logins", "14/300", at)
    measure(live, "one", "logins", "15/300", at)

    rows = live.store.read("SELECT numerator FROM migration.metric WHERE measured_at = %s "
                           "ORDER BY id", (at,))  # fmt: skip
    assert [int(r["numerator"]) for r in rows] == [14, 15]
    assert newest_measurements(live.store, ["one"])["one", "logins"].figure.text == "15/300"


def test_looking_alone_changes_nothing(live: Platform) -> None:
    measure(live, "one", "logins", "25/300")

    [watch] = look_at_live(live, live.store.decisions())

    assert watch.outcome == "tripped"
    assert watch.sentence.endswith("It is not held yet: `migration triggers --evaluate`.")
    assert holds(live) == []
