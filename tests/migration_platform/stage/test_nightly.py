"""A night over the small migration: what it finds, records, holds, and shows on its page."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from migration_platform import stage as stages
from migration_platform.errors import ConfigurationError, MigrationError
from migration_platform.evidence.governance import assemble_evidence
from migration_platform.exception.store import count_exceptions
from migration_platform.night import nightly
from migration_platform.night.night import CohortNight, Night
from migration_platform.platform import Platform
from migration_platform.repair import repair
from tests.decisions import promote, sign_all
from tests.migration_platform.stage.small_migration import destination, move, source

NOWHERE = "postgresql://nobody@127.0.0.1:1/nothing"


@pytest.fixture
def live(platform: Platform, tmp_path: Path) -> Platform:
    """Cohort one is live and as it was sent."""
    platform.settings = replace(platform.settings, reports=tmp_path / "reports")
    move(platform)
    return platform


def one(night: Night) -> CohortNight:
    return next(c for c in night.cohorts if c.cohort == "one")


def reasons(platform: Platform) -> str:
    seen = assemble_evidence(platform, "pilot")
    return f"{seen.verdict}: {'; '.join(seen.reasons)}"


def test_a_night_in_which_nothing_was_written_rests_on_the_proof(live: Platform) -> None:
    sign_all(live, "pilot")

    night = nightly.look(live)

    assert (night.outcome, night.fine) == ("unchanged", True)
    assert (one(night).counts["compared"], one(night).counts["unchanged"]) == (0, 2)
    assert reasons(live) == "promote: "
    assert one(nightly.look(live, full=True)).outcome == "clean"


def test_drift_is_found_queued_and_holds_a_promoted_wave_until_it_is_repaired(
    live: Platform,
) -> None:
    promote(live, "pilot", person="Ada", reason="clean")
    destination(live, "UPDATE visit SET note = 'Xenia' WHERE note = 'x'")

    night = nightly.look(live)

    assert (night.outcome, one(night).counts["mismatched"]) == ("drift", 1)
    assert "now it would not be" in assemble_evidence(live, "pilot").sentence
    [waiting] = [e for e in count_exceptions(live.store, ["one"]) if e["kind"] == "difference"]
    assert (waiting["entity"], waiting["field"], waiting["owner"]) == (
        "visit", "note", "technical lead",
    )  # fmt: skip
    assert waiting["due_at"] - datetime.now(UTC) < timedelta(hours=24)
    page = Path(night.page).read_text()
    assert page.index("1 drifted") < page.index("visit.note") < page.index("Where this comes from")
    assert "Xenia" not in page

    repair(live, "one", ["patient", "visit"])

    assert nightly.look(live).fine
    assert not [e for e in count_exceptions(live.store, ["one"]) if e["kind"] == "difference"]
    assert assemble_evidence(live, "pilot").sentence == "Wave pilot is promoted, by Ada."


def test_a_destination_that_is_down_is_recorded_and_holds_the_wave(live: Platform) -> None:
    up = live.settings
    live.close()
    live.settings = replace(up, destination_url=NOWHERE)

    night = nightly.look(live)

    assert (night.outcome, one(night).outcome) == ("could not look", "could not look")
    said = " ".join(f.said for f in one(night).findings)
    assert "cannot connect to the destination database" in said
    live.settings = up
    assert "hold: in its last night, cohort one: " in reasons(live)
    for entity in ("patient", "visit"):
        stages.reconcile(live, "one", entity)
    # It was compared since; whether the source changed, nobody has asked.
    assert "the source could not be asked" in reasons(live)
    assert nightly.look(live).fine
    sign_all(live, "pilot")
    assert reasons(live) == "promote: "


def test_a_source_that_is_down_is_no_quiet_night(live: Platform) -> None:
    live.close()
    live.settings = replace(live.settings, source_url=NOWHERE)

    night = nightly.look(live)

    assert one(night).outcome == "could not look"
    assert one(night).findings[0].said.startswith("the source could not be asked: cannot connect")


def test_a_store_that_is_down_is_an_error_and_the_gap_is_recorded_when_it_is_back(
    live: Platform,
) -> None:
    nightly.look(live)
    with live.store.transaction() as c:
        c.execute("UPDATE migration.night SET night = night - 3")
    up = live.store.settings
    live.store.close()
    live.store.settings = replace(up, platform_url=NOWHERE)
    with pytest.raises(ConfigurationError, match="cannot connect to the platform database"):
        nightly.look(live)
    live.store.settings = up

    nightly.look(live)

    with live.store.transaction() as c:
        rows = c.execute(
            "SELECT outcome FROM migration.night WHERE cohort = 'one' ORDER BY night"
        ).fetchall()
    assert [r["outcome"] for r in rows] == [
        "unchanged", "could not look", "could not look", "unchanged",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("change", "records"),
    [
        ("UPDATE visits SET \"NOTE\" = 'new' WHERE \"Id\" IN ('v1', 'v3')", 2),
        ("DELETE FROM visits WHERE \"Id\" = 'v3'", 1),
        ("INSERT INTO visits VALUES ('v9', 'a', 'more', '1')", 1),
    ],
)
def test_a_source_that_changed_holds_the_wave_until_the_cohort_runs_again(
    live: Platform, change: str, records: int
) -> None:
    source(live.settings, change)

    night = nightly.look(live)

    assert (one(night).outcome, one(night).counts["source_changed"]) == ("behind source", records)
    number = "1 record" if records == 1 else f"{records} records"
    assert f"the source changed since the extract: {number} ({records} visit)" in reasons(live)
    move(live)
    sign_all(live, "pilot")
    assert reasons(live) == "promote: "
    assert nightly.look(live).fine


def test_a_change_to_somebody_elses_records_is_not_this_cohorts(live: Platform) -> None:
    source(live.settings, "UPDATE people SET \"NAME\" = 'Dora' WHERE \"Id\" = 'd'")

    assert nightly.look(live).fine


def test_a_source_behind_a_view_cannot_be_proven_and_the_page_says_so(live: Platform) -> None:
    source(
        live.settings,
        "ALTER TABLE visits RENAME TO kept; CREATE VIEW visits AS SELECT * FROM kept",
    )
    move(live)

    night = nightly.look(live)

    assert night.fine
    reason = one(night).proof["source_not_proven"]["visit"]
    assert reason == 'cannot be proven: "visits" is a view, whose rows carry no version'
    assert "is a view, whose rows carry no version" in Path(night.page).read_text()
    source(live.settings, "DROP VIEW visits; ALTER TABLE kept RENAME TO visits")


def test_a_cohort_that_nobody_looked_at_this_night_was_not_looked_at(live: Platform) -> None:
    night = nightly.judge(live, since=datetime.now(UTC))

    assert one(night).findings[0].said == "no entity was compared this night"
    assert nightly.judge(live, since=datetime.now(UTC) - timedelta(hours=1)).fine


def test_where_nothing_is_live_there_is_no_night(platform: Platform) -> None:
    with pytest.raises(MigrationError, match="no cohort is live"):
        nightly.look(platform)
