"""A waived difference is shown, counted as different, and no longer in the way."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from migration_platform import stage as stages
from migration_platform.cohort_reconciliation import read_reconciliation
from migration_platform.decision.decision import find_break
from migration_platform.errors import ConfigurationError, EvidenceError, GateClosedError
from migration_platform.evidence.governance import assemble_evidence
from migration_platform.exception.store import count_exceptions
from migration_platform.ledger import account_for
from migration_platform.platform import Platform
from migration_platform.waiver.log import describe_state, end_waiver, waive
from migration_platform.waiver.waiver import Waiver
from tests.decisions import promote, sign_all, tamper
from tests.migration_platform.stage.small_migration import destination, move

SOON = datetime.now(UTC) + timedelta(days=3)


def drift(
    platform: Platform, statement: str = "UPDATE visit SET note = 'X' WHERE note = 'x'"
) -> None:
    destination(platform, statement)
    stages.reconcile(platform, "one", "visit")


def accept(platform: Platform, **other: Any) -> Waiver:
    scope = {"leg": "destination", "entity": "visit", "field": "note", "kind": "case"}
    said = {"person": "Ada", "reason": "the clinic writes it so", "until": SOON}
    return waive(platform, "one", **{**scope, **said, **other})


def waiting(platform: Platform) -> list[tuple[str, str, str, int]]:
    return [
        (e["entity"], e["field"], e["rule"], e["count"])
        for e in count_exceptions(platform.store, ["one"])
        if e["kind"] == "difference"
    ]


def test_a_waived_difference_is_stated_and_does_not_block_a_promotion(platform: Platform) -> None:
    move(platform)
    stages.reconcile(platform, "one", "visit")
    drift(platform)
    assert assemble_evidence(platform, "pilot").verdict == "block"
    assert waiting(platform) == [("visit", "note", "case", 1)]

    accept(platform)

    seen = sign_all(platform, "pilot")
    assert seen.verdict == "promote"
    assert seen.waived == (f"1 case in visit.note of one (by Ada, until {SOON:%Y-%m-%d})",)
    assert "waived: 1 case in visit.note" in seen.sentence
    visit = account_for(platform, ["one"], "visit")[0]
    assert (visit.mismatched, visit.clean) == (1, False)
    result = stages.reconcile(platform, "one", "visit")
    assert (result.clean, result.waived) == (False, True)
    assert waiting(platform) == []
    assert read_reconciliation(platform, "one").state == "waived"
    decision, _ = promote(platform, "pilot", person="Ada", reason="read")
    assert decision.sequence == len(platform.store.decisions())
    assert find_break(platform.store.decisions()) is None


def test_it_comes_back_when_the_cluster_grows(platform: Platform) -> None:
    move(platform)
    drift(platform, "UPDATE visit SET cost = NULL WHERE cost = 10.5")
    [cluster] = read_reconciliation(platform, "one").clusters
    waiver = accept(platform, field="cost", kind=cluster["kind"])
    assert sign_all(platform, "pilot").verdict == "promote"
    assert describe_state(platform, waiver, datetime.now(UTC)) == "live"

    drift(platform, "UPDATE visit SET cost = NULL")

    assert assemble_evidence(platform, "pilot").verdict == "block"
    assert describe_state(platform, waiver, datetime.now(UTC)) == "outgrown"
    assert waiting(platform) == [("visit", "cost", cluster["kind"], 2)]


def test_a_missing_and_an_unexpected_record_can_be_waived_too(platform: Platform) -> None:
    move(platform)
    drift(platform, "UPDATE visit SET id = gen_random_uuid() WHERE note = 'x'")

    accept(platform, field="", kind="missing record")
    assert assemble_evidence(platform, "pilot").verdict == "block"
    accept(platform, field="", kind="unexpected record")

    assert sign_all(platform, "pilot").verdict == "promote"


def test_nobody_waives_whose_roles_may_not_decide(platform: Platform) -> None:
    move(platform)
    drift(platform)

    with pytest.raises(GateClosedError, match="Dana may not waive a difference"):
        accept(platform, person="Dana")
    with pytest.raises(ConfigurationError, match="Nobody"):
        accept(platform, person="Nobody")

    assert platform.store.waivers() == []


def test_it_comes_back_when_the_waiver_is_ended(platform: Platform) -> None:
    move(platform)
    drift(platform)
    waiver = accept(platform)
    with pytest.raises(ConfigurationError, match="Nobody"):
        end_waiver(platform, waiver.number, person="Nobody", reason="corrected")

    ended = end_waiver(platform, waiver.number, person="Bob", reason="corrected at last")

    assert ended.ended_by == "Bob"
    assert assemble_evidence(platform, "pilot").verdict == "block"
    assert [d.action for d in platform.store.decisions()] == ["open", "waive", "end waiver"]


def test_a_waiver_needs_a_difference_a_name_a_reason_and_a_day_to_come(platform: Platform) -> None:
    move(platform)
    with pytest.raises(ConfigurationError, match="It has: none"):
        accept(platform)
    drift(platform)

    for wrong, said in (
        ({"kind": "whitespace"}, "--kind 'case'"),
        ({"person": " "}, "a named person"),
        ({"reason": ""}, "a reason"),
        ({"until": datetime.now(UTC)}, "in the future"),
    ):
        with pytest.raises(ConfigurationError, match=said):
            accept(platform, **wrong)
    assert [d.action for d in platform.store.decisions()] == ["open"]


def test_waivers_cannot_be_changed_in_the_store(platform: Platform) -> None:
    move(platform)
    drift(platform)
    accept(platform)

    for statement in ("UPDATE migration.waiver SET count = 99", "DELETE FROM migration.waiver"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege), platform.store.transaction() as c:
            c.execute(statement)
    tamper(platform, "UPDATE migration.waiver SET count = 99")

    with pytest.raises(EvidenceError, match="somebody altered the platform store"):
        assemble_evidence(platform, "pilot")
