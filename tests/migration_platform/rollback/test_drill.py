"""A drill rehearses the rollback on a shadow, touches nothing live, and counts for a while."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from migration_platform.database import url
from migration_platform.destination.synthetic_write import SyntheticWrite
from migration_platform.errors import ConfigurationError, MigrationError
from migration_platform.evidence.governance import assemble_evidence
from migration_platform.evidence.promotion import decide
from migration_platform.platform import Platform
from migration_platform.rollback.cohort_rollback import roll_back
from migration_platform.rollback.drill import _judge, drill
from migration_platform.wave import load_plan
from tests.migration_platform.stage.small_migration import WAVES, destination, move

EVERYTHING = (
    "SELECT d::text FROM patient d UNION ALL SELECT d::text FROM visit d UNION ALL "
    "SELECT c::text FROM migration.crosswalk c UNION ALL SELECT j::text FROM migration.journal j "
    "UNION ALL SELECT l::text FROM migration.load l ORDER BY 1"
)


def databases(platform: Platform) -> list[tuple]:
    return destination(platform, "SELECT datname FROM pg_database ORDER BY 1")


def test_a_drill_ends_with_every_byte_as_it_was_and_nothing_live_touched(
    platform: Platform,
) -> None:
    move(platform)
    live, there = destination(platform, EVERYTHING), databases(platform)

    result = drill(platform, "one")

    assert (result.passed, result.records) == (True, 5)
    assert result.digest_before == result.digest_after
    # patient: one changed (a deleted one would take visits along, a made one hangs on nothing);
    # visit: one changed, one made, one deleted.
    assert (result.writes, result.captured) == (4, 4)
    assert destination(platform, EVERYTHING) == live
    assert databases(platform) == there
    assert not (platform.settings.staging / "one" / ".drill").exists()


def test_a_drill_of_a_cohort_that_is_not_loaded_rehearses_what_would_be(
    platform: Platform,
) -> None:
    move(platform)
    ann = destination(platform, "SELECT id FROM patient ORDER BY name LIMIT 1")[0][0]
    roll_back(platform, ["one"], person="Ada", reason="tried")
    destination(platform, f"INSERT INTO patient VALUES ('{ann}', 'Anna before')")

    result = drill(platform, "one")

    assert result.passed is True
    assert destination(platform, "SELECT name FROM patient") == [("Anna before",)]


def test_a_drill_with_nothing_staged_is_no_drill(platform: Platform) -> None:
    with pytest.raises(MigrationError, match="patient in cohort one is not staged"):
        drill(platform, "one")


def test_a_drill_needs_the_right_to_make_a_database(platform: Platform) -> None:
    move(platform)
    destination(platform, "DROP ROLE IF EXISTS plain")
    destination(platform, "CREATE ROLE plain LOGIN IN ROLE migration")
    there = url(platform.settings, "destination")
    plain = there + ("&" if "?" in there else "?") + "options=-crole%3Dplain"
    theirs = replace(platform, settings=replace(platform.settings, destination_url=plain))

    with pytest.raises(ConfigurationError, match="ALTER ROLE … CREATEDB"):
        drill(theirs, "one")


def test_a_wave_without_a_fresh_drill_holds(platform: Platform) -> None:
    platform.plan.file.write_text(
        WAVES.replace('name = "pilot"\n', 'name = "pilot"\ndrill_days = 30\n')
    )
    platform.plan = load_plan(platform.plan.file)
    move(platform)

    without = assemble_evidence(platform, "pilot")
    drill(platform, "one")
    drilled = assemble_evidence(platform, "pilot")

    never = "the rollback of cohort one was never rehearsed: `migration drill --cohort one`"
    assert never in without.reasons
    assert [r for r in drilled.reasons if "drill" in r or "rehears" in r] == []
    now = datetime.now(UTC)
    soon = decide(drilled.document, now + timedelta(days=29)).reasons
    assert [r for r in soon if "drill" in r] == []
    late = decide(drilled.document, now + timedelta(days=31)).reasons
    assert "the drill of cohort one is older than 30 days: `migration drill --cohort one`" in late
    early = decide(drilled.document, now - timedelta(hours=1)).reasons
    assert [r for r in early if "dated in the future" in r] != []


def test_a_drill_that_failed_blocks(platform: Platform) -> None:
    platform.plan.file.write_text(
        WAVES.replace('name = "pilot"\n', 'name = "pilot"\ndrill_days = 30\n')
    )
    platform.plan = load_plan(platform.plan.file)
    move(platform)
    drill(platform, "one")
    document = assemble_evidence(platform, "pilot").document
    document["drills"][0] |= {"passed": False, "reason": "the shadow is not what it was"}

    verdict = decide(document, datetime.now(UTC))

    assert verdict.verdict == "block"
    assert verdict.reasons[0] == "the drill of cohort one failed: the shadow is not what it was"


def test_each_thing_that_can_go_wrong_in_a_drill_fails_it() -> None:
    made = [SyntheticWrite("visit", "1", kind) for kind in ("changed", "made", "deleted")]
    all_of_them = set(made)

    assert _judge("a", "a", made, all_of_them) == ""
    assert _judge("a", "b", made, all_of_them).startswith("after the rollback the shadow is not")
    assert _judge("a", "a", made, set(made[1:])) == "1 of 3 writes were not carried out"
    more = {*made, SyntheticWrite("visit", "2", "made")}
    assert _judge("a", "a", made, more) == "1 writes were carried out that nobody made"
    assert _judge("a", "a", made[:1], set(made[:1])).startswith("nothing could be made or deleted")
