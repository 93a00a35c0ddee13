"""The gate: what no load passes, however it is started."""

from __future__ import annotations

from dataclasses import replace

import pytest

from migration_platform import gate
from migration_platform import stage as stages
from migration_platform.errors import GateClosedError
from migration_platform.evidence.governance import assemble_evidence
from migration_platform.platform import Platform
from tests.decisions import promote
from tests.migration_platform.stage.small_migration import (
    check,
    destination,
    move,
    source,
)


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
            "INSERT INTO migration.decision VALUES (2, 'pilot', 'promote', 'Eve', 'because', %s, "
            "now(), 'what is before', 'forged')", (evidence.digest,),
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
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    move(platform)
    monkeypatch.setattr(platform, "window_start", lambda cohort, entity: 1)

    assert assemble_evidence(platform, "pilot").verdict == "hold"


def test_a_parent_run_alone_holds_the_wave_until_its_children_follow(platform: Platform) -> None:
    move(platform)
    source(platform.settings, """UPDATE people SET "NAME" = NULL WHERE "Id" = 'b'""")
    stages.extract(platform, "one", ["patient"])
    stages.transform(platform, "one", "patient")

    reasons = " ".join(assemble_evidence(platform, "pilot").reasons)

    assert "visit, or what it refers to, is newer than its transform" in reasons


def test_the_first_wave_waits_for_nobody(platform: Platform) -> None:
    gate.require_open(platform, "one")
