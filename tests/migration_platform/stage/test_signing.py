"""A promotion rests on exactly what two people signed."""

from __future__ import annotations

import pytest

from migration_platform import stage as stages
from migration_platform.decision import move
from migration_platform.decision.signing import sign
from migration_platform.errors import GateClosedError
from migration_platform.evidence.governance import assemble_evidence
from migration_platform.platform import Platform
from tests.decisions import get_ready, sign_all
from tests.migration_platform.stage.small_migration import destination, source
from tests.migration_platform.stage.small_migration import move as move_cohort


@pytest.fixture
def ready(platform: Platform) -> Platform:
    """The pilot moved and ready, not signed."""
    move_cohort(platform)
    get_ready(platform, "pilot")
    return platform


def sign_as(platform: Platform, person: str, role: str) -> None:
    digest = assemble_evidence(platform, "pilot").digest
    sign(platform, "pilot", person=person, role=role, evidence_digest=digest, statement="read")


def test_one_person_in_both_roles_is_refused(ready: Platform) -> None:
    sign_as(ready, "Ada", "clinical lead")
    sign_as(ready, "Ada", "operations lead")

    with pytest.raises(GateClosedError, match="Ada alone has signed, in every role"):
        move.promote(ready, "pilot", person="Eve", reason="go")

    sign_as(ready, "Bob", "operations lead")
    decision, _ = move.promote(ready, "pilot", person="Eve", reason="go")
    assert decision.detail["signed"] == {"clinical lead": "Ada", "operations lead": "Bob"}


def test_one_sign_off_of_two_is_refused(ready: Platform) -> None:
    sign_as(ready, "Ada", "clinical lead")

    with pytest.raises(GateClosedError, match="not signed yet by the operations lead"):
        move.promote(ready, "pilot", person="Eve", reason="go")


def test_data_changed_since_it_was_signed_is_refused_with_what_changed(ready: Platform) -> None:
    sign_all(ready, "pilot")
    source(ready.settings, """UPDATE visits SET "NOTE" = 'new' WHERE "Id" = 'v3'""")
    move_cohort(ready)

    with pytest.raises(GateClosedError, match="clinical lead signed other evidence") as refused:
        move.promote(ready, "pilot", person="Eve", reason="go")

    assert "accounting, one visit: found_digest changed" in str(refused.value)
    assert "'new'" not in str(refused.value)


def test_a_destination_changed_behind_our_back_is_seen_by_the_look_before_the_promotion(
    ready: Platform,
) -> None:
    digest = sign_all(ready, "pilot").digest
    destination(ready, "UPDATE visit SET note = 'changed' WHERE note = 'x'")

    with pytest.raises(GateClosedError, match="differs from what was sent: 1 mismatched"):
        move.promote(ready, "pilot", person="Eve", reason="go", evidence_digest=digest)

    assert ready.store.promotion("pilot") is None


def test_naming_evidence_that_changed_since_says_what_changed(ready: Platform) -> None:
    digest = assemble_evidence(ready, "pilot").digest
    source(ready.settings, """UPDATE visits SET "PATIENT" = 'b' WHERE "Id" = 'v5'""")
    move_cohort(ready)

    with pytest.raises(GateClosedError, match="the evidence changed since you read it") as refused:
        sign(ready, "pilot", person="Ada", role="clinical lead", evidence_digest=digest[:12],
             statement="read")  # fmt: skip

    assert "accounting, one visit: extracted 4 → 5" in str(refused.value)


def test_a_changed_suite_is_refused_with_what_to_run(ready: Platform) -> None:
    sign_all(ready, "pilot")
    ready.suites = lambda entity: "another"

    with pytest.raises(GateClosedError, match="the suite of patient changed after it was run"):
        move.promote(ready, "pilot", person="Eve", reason="go")


def test_what_was_decided_meanwhile_is_not_overlooked(ready: Platform) -> None:
    seen = sign_all(ready, "pilot")
    move.make_move(ready, "pilot", "hold", person="Bob", reason="wait")
    move.make_move(ready, "pilot", "resume", person="Bob", reason="go on")

    with pytest.raises(GateClosedError, match="meanwhile Bob has decided: resume"):
        move.record(
            ready, "pilot", "promote", person="Eve", reason="go", evidence_digest=seen.digest,
            after=seen.document["log"]["entries"],
        )  # fmt: skip


def test_a_stale_reconciliation_is_refused(ready: Platform) -> None:
    sign_all(ready, "pilot")
    with ready.store.transaction() as connection:
        connection.execute(
            "UPDATE migration.stage_run SET ended_at = ended_at - interval '25 hours', "
            "started_at = started_at - interval '25 hours' WHERE stage IN ('load', 'reconcile')"
        )

    with pytest.raises(GateClosedError, match="older than 24 hours"):
        move.promote(ready, "pilot", person="Eve", reason="go")

    for entity in ("patient", "visit"):
        stages.reconcile(ready, "one", entity)
    move.promote(ready, "pilot", person="Eve", reason="go")
