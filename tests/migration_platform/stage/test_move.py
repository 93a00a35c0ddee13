"""What may be decided about a wave, what it does, and what it refuses."""

from __future__ import annotations

from pathlib import Path

import pytest

from migration_platform import gate
from migration_platform import stage as stages
from migration_platform.decision import move
from migration_platform.decision.signing import sign
from migration_platform.decision.wave_state import find_state
from migration_platform.errors import ConfigurationError, GateClosedError
from migration_platform.evidence.evidence import canonical
from migration_platform.evidence.governance import assemble_evidence
from migration_platform.platform import Platform
from migration_platform.wave import load_plan
from tests.decisions import get_ready, measure, promote, sign_all
from tests.migration_platform.stage.small_migration import destination
from tests.migration_platform.stage.small_migration import move as move_cohort

METRIC = """
[[wave.go]]
measure = "tickets"
at_most_percent = 120

[[wave.trigger]]
measure = "tickets"
at_most_percent = 200

[[wave.metric]]
name = "tickets"
baseline = 4
"""


def edit(platform: Platform, name: str, change: str, by: str) -> Platform:
    """The same migration, opened again after a file beside its waves was edited."""
    path = platform.plan.file.with_name(name)
    text = path.read_text()
    assert change in text
    path.write_text(text.replace(change, by, 1))
    return again(platform)


def again(platform: Platform) -> Platform:
    plan = load_plan(platform.plan.file)
    return Platform(platform.settings, plan, platform.entities, suites=platform.suites)


def state(platform: Platform, wave: str = "pilot") -> str:
    return find_state(platform.store.decisions(), wave).name


def test_the_first_extract_opens_the_wave_once_and_seals_what_was_decided(
    platform: Platform,
) -> None:
    assert state(platform) == "planned"

    move_cohort(platform)
    move_cohort(platform)

    [entry] = platform.store.decisions()
    assert (entry.action, entry.person) == ("open", "the platform")
    assert entry.detail["sealed"]["criteria"]["sign_offs"] == ["clinical lead", "operations lead"]
    assert entry.detail["sealed"]["readiness"][0]["name"] == "staff-trained"
    assert entry.detail["sealed"]["wave"]["max_excepted_percent"] == 50


def test_a_wave_can_be_opened_by_a_person_before_its_first_extract(platform: Platform) -> None:
    opened = move.make_move(platform, "pilot", "open", person="Eve", reason="agreed")
    move_cohort(platform)

    assert [d.sequence for d in platform.store.decisions()] == [opened.sequence]


@pytest.mark.parametrize(
    ("name", "change", "by", "told"),
    [
        ("waves.toml", "max_excepted_percent = 50", "max_excepted_percent = 90",
         "max_excepted_percent 50.0 → 90.0"),
        ("criteria.toml", '["clinical lead", "operations lead"]', '["compliance", "clinical lead"]',
         "sign_offs: clinical lead, operations lead → compliance, clinical lead"),
        ("readiness.toml", '"technical lead"', '"clinical lead"', "staff-trained: owner"),
        ("people.toml", '"clinical lead" = ["Ada"]', '"clinical lead" = ["Mallory"]',
         "people, clinical lead: Ada → Mallory"),
    ],
)  # fmt: skip
def test_what_was_sealed_cannot_be_edited_in_silence(
    platform: Platform, name: str, change: str, by: str, told: str
) -> None:
    move_cohort(platform)
    sign_all(platform, "pilot")
    edited = edit(platform, name, change, by)

    with pytest.raises(GateClosedError, match=told):
        stages.load(edited, "one", "patient")
    seen = assemble_evidence(edited, "pilot")
    assert seen.verdict == "hold"
    assert "what was decided before it opened has changed" in " ".join(seen.reasons)
    with pytest.raises(GateClosedError, match="what was decided before it opened has changed"):
        move.promote(edited, "pilot", person="Eve", reason="go")

    move.make_move(edited, "pilot", "amend", person="Eve", reason="agreed in the steering group")

    assert stages.load(edited, "one", "patient").counts["loaded"] == 2
    assert not any("has changed" in r for r in assemble_evidence(edited, "pilot").reasons)
    assert platform.store.decisions()[-1].reason == "agreed in the steering group"


def test_there_is_nothing_to_amend_if_nothing_changed(platform: Platform) -> None:
    move_cohort(platform)

    with pytest.raises(GateClosedError, match="nothing that is sealed for wave pilot has changed"):
        move.make_move(platform, "pilot", "amend", person="Eve", reason="again")


def test_a_held_wave_loads_nothing_and_is_not_promoted_until_it_is_resumed(
    platform: Platform,
) -> None:
    move_cohort(platform)
    sign_all(platform, "pilot")
    move.make_move(platform, "pilot", "hold", person="Ada", reason="complaints")

    with pytest.raises(
        GateClosedError, match=r"may not load: wave pilot is held \(by Ada .*complaints"
    ):
        move_cohort(platform)
    with pytest.raises(GateClosedError, match=r"no promote now\. .*resume, roll back"):
        move.promote(platform, "pilot", person="Eve", reason="go")
    assert assemble_evidence(platform, "pilot").reasons[0].startswith("Ada holds it since")

    move.make_move(platform, "pilot", "resume", person="Ada", reason="settled")

    assert move_cohort(platform)["patient"]["unchanged"] == 2
    with pytest.raises(GateClosedError, match="not signed yet by the clinical lead and"):
        move.promote(platform, "pilot", person="Eve", reason="go")
    promote(platform, "pilot")


def test_holding_a_promoted_wave_shuts_the_next_ones_gate(platform: Platform) -> None:
    move_cohort(platform)
    promote(platform, "pilot")
    gate.require_open(platform, "two")

    move.make_move(platform, "pilot", "hold", person="Ada", reason="drift")

    with pytest.raises(GateClosedError, match="wave pilot is not promoted"):
        gate.require_open(platform, "two")
    move.make_move(platform, "pilot", "resume", person="Ada", reason="explained")
    gate.require_open(platform, "two")


def test_a_wave_is_not_promoted_before_the_one_before_it(platform: Platform) -> None:
    move_cohort(platform)
    says = "wave rest comes after wave pilot, which is not promoted."

    def problems() -> list[str]:
        planned, _ = move.plan_promotion(platform, "rest", person="Ada")
        return [condition.problem for condition in planned.conditions]

    assert says in problems()
    promote(platform, "pilot")
    assert says not in problems()
    move.make_move(platform, "pilot", "hold", person="Ada", reason="drift")
    assert says in problems()


def test_a_completed_wave_is_final(platform: Platform) -> None:
    move_cohort(platform)
    promote(platform, "pilot")
    with pytest.raises(GateClosedError, match="not signed yet"):
        move.make_move(platform, "pilot", "complete", person="Eve", reason="30 days")
    sign_all(platform, "pilot")

    move.make_move(platform, "pilot", "complete", person="Eve", reason="30 days")

    assert state(platform) == "completed"
    with pytest.raises(GateClosedError, match="may not load: wave pilot is completed"):
        move_cohort(platform)
    with pytest.raises(GateClosedError, match="That is final"):
        move.make_move(platform, "pilot", "hold", person="Ada", reason="late")
    assert move_cohort(platform, "two")["patient"]["inserted"] == 1


def test_a_promotion_needs_every_readiness_item(platform: Platform) -> None:
    move_cohort(platform)

    with pytest.raises(GateClosedError, match="not ready: staff-trained"):
        move.promote(platform, "pilot", person="Eve", reason="go")
    with pytest.raises(GateClosedError, match=r"is for the technical lead to say \(Cleo\)"):
        move.mark_ready(platform, "pilot", ["staff-trained"], person="Ada", note="seen")
    with pytest.raises(GateClosedError, match="has no readiness item 'trained'"):
        move.mark_ready(platform, "pilot", ["trained"], person="Cleo", note="seen")
    get_ready(platform, "pilot")
    with pytest.raises(GateClosedError, match="is done already: Cleo said so"):
        get_ready(platform, "pilot")

    assert not any("not ready" in r for r in assemble_evidence(platform, "pilot").reasons)


def test_nobody_unnamed_decides_and_nobody_without_a_reason(platform: Platform) -> None:
    move_cohort(platform)

    with pytest.raises(GateClosedError, match="names nobody 'Mallory'"):
        move.make_move(platform, "pilot", "hold", person="Mallory", reason="so")
    with pytest.raises(ConfigurationError, match="a decision needs a reason"):
        move.make_move(platform, "pilot", "hold", person="Ada", reason=" ")
    with pytest.raises(GateClosedError, match="names nobody 'Mallory'"):
        move.promote(platform, "pilot", person="Mallory", reason="so")
    assert state(platform) == "open"


@pytest.mark.parametrize("action", ["open", "hold", "resume", "amend", "complete", "promote"])
def test_a_dry_run_lists_what_is_asked_for_and_records_nothing(
    platform: Platform, action: str
) -> None:
    move_cohort(platform)
    before = platform.store.decisions()

    if action == "promote":
        planned, _ = move.plan_promotion(platform, "pilot", person="Eve")
    else:
        planned = move.plan_move(platform, "pilot", action, person="Eve")

    assert planned.allowed is (action == "hold")
    assert planned.conditions[0] == move.Condition("Eve is named in people.toml")
    assert planned.effects
    assert platform.store.decisions() == before


def test_without_criteria_a_wave_loads_and_is_not_promoted(platform: Platform) -> None:
    platform.plan.file.with_name("criteria.toml").unlink()
    bare = again(platform)
    move_cohort(bare)

    seen = assemble_evidence(bare, "pilot")

    assert "no criteria are decided for it: give it a [[wave]] in criteria.toml" in seen.reasons
    assert seen.verdict == "hold"


def test_a_figure_from_operation_is_judged_against_its_baseline(platform: Platform) -> None:
    metric = METRIC.replace("baseline = 4", "baseline = { one = 4 }")
    measured = edit(platform, "criteria.toml", '[[wave]]\nname = "rest"',
                    metric + '[[wave]]\nname = "rest"')  # fmt: skip
    move_cohort(measured)
    get_ready(measured, "pilot")

    def said() -> str:
        return " ".join(assemble_evidence(measured, "pilot").reasons)

    assert "tickets of cohort one has not been recorded" in said()
    measure(measured, "one", "tickets", "4.81")
    assert "tickets of cohort one: 4.81, and the wave's criteria ask for at most 120 %" in said()
    assert assemble_evidence(measured, "pilot").verdict == "hold"
    measure(measured, "one", "tickets", "8.01")
    assert assemble_evidence(measured, "pilot").verdict == "block"
    assert "a rollback trigger has tripped: tickets of cohort one: 8.01" in said()
    measure(measured, "one", "tickets", "4.80")
    digest = assemble_evidence(measured, "pilot").digest
    assert "tickets" not in said()
    measure(measured, "one", "tickets", "4.8")
    assert assemble_evidence(measured, "pilot").digest == digest


def test_signing_leaves_the_evidence_what_it_was_and_an_edit_does_not(platform: Platform) -> None:
    move_cohort(platform)
    get_ready(platform, "pilot")
    before = assemble_evidence(platform, "pilot")

    after = sign_all(platform, "pilot")

    assert after.digest == before.digest
    assert (before.verdict, after.verdict) == ("hold", "promote")
    assert len(after.document["sign_offs"]) == 2
    for entity in ("patient", "visit"):
        stages.reconcile(platform, "one", entity)
    assert assemble_evidence(platform, "pilot").digest == before.digest
    destination(platform, "UPDATE visit SET note = 'changed' WHERE note = 'x'")
    stages.reconcile(platform, "one", "visit")
    assert assemble_evidence(platform, "pilot").digest != before.digest


def test_no_patients_value_is_in_the_evidence(platform: Platform, tmp_path: Path) -> None:
    move_cohort(platform)
    destination(platform, "UPDATE visit SET note = 'private words' WHERE note = 'x'")
    stages.reconcile(platform, "one", "visit")

    text = canonical(assemble_evidence(platform, "pilot").document)

    assert "private words" not in text
    assert '"Ann"' not in text


@pytest.mark.parametrize(
    ("person", "role", "digest", "says"),
    [
        ("Mallory", "clinical lead", "", "names nobody 'Mallory'"),
        ("Bob", "clinical lead", "", r"Bob may not sign as clinical lead: that is Ada"),
        ("Dana", "compliance", "", "wave pilot asks to sign: clinical lead, operations lead"),
        ("Ada", "clinical lead", "0" * 12, "wave pilot never had evidence 000000000000"),
        ("Ada", "clinical lead", "abc", "name the evidence by 8 digits or more"),
    ],
)
def test_a_sign_off_needs_the_right_person_and_the_evidence_that_there_is(
    platform: Platform, person: str, role: str, digest: str, says: str
) -> None:
    move_cohort(platform)
    get_ready(platform, "pilot")
    now = digest or assemble_evidence(platform, "pilot").digest

    with pytest.raises(GateClosedError, match=says):
        sign(platform, "pilot", person=person, role=role, evidence_digest=now, statement="read")

    assert [d.action for d in platform.store.decisions()] == ["open", "ready"]


def test_there_is_nothing_to_sign_while_more_than_sign_offs_is_missing(platform: Platform) -> None:
    move_cohort(platform)
    digest = assemble_evidence(platform, "pilot").digest

    with pytest.raises(GateClosedError, match="nothing to sign yet on wave pilot:\n  - not ready"):
        sign(platform, "pilot", person="Ada", role="clinical lead", evidence_digest=digest,
             statement="read")  # fmt: skip
