"""A night's outcome is the worst that was found, and a cohort nobody looked at is never silence."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from migration_platform.accounting import Account
from migration_platform.cohort_reconciliation import CohortReconciliation
from migration_platform.night.night import (
    CohortNight,
    Finding,
    Night,
    begin_of,
    find_standing,
    judge_cohort,
    night_of,
)
from migration_platform.source.change import SourceChange
from migration_platform.store import StageRun

BEGUN = datetime(2026, 11, 21, 2, 15, tzinfo=UTC)
LATER = BEGUN + timedelta(minutes=5)
ACCOUNT = Account("one", "visit", extracted=3, loaded=3, archived=0, excluded=0, excepted=0,
                  matched=3, mismatched=0, missing=0, unexpected=0, found=3)  # fmt: skip
CLEAN = CohortReconciliation("one", (ACCOUNT,))
CLUSTER: dict[str, Any] = {
    "leg": "destination", "entity": "visit", "field": "note", "kind": "case", "count": 1,
    "tokens": ["t"], "waived": None,
}  # fmt: skip
DIFFERENT = CohortReconciliation(
    "one", (replace(ACCOUNT, matched=2, mismatched=1),), clusters=(CLUSTER,)
)
RUN = StageRun("one", "visit", "reconcile", started_at=LATER, ended_at=LATER,
               detail={"unchanged": {"compared": True}})  # fmt: skip
RESTED = replace(
    RUN,
    detail={"unchanged": {"compared": False, "since": "2026-11-20T02:15", "proof": {"rows": 3}}},
)
SAME = [SourceChange("visit", False)]


def judge(
    found: CohortReconciliation = CLEAN,
    runs: tuple[StageRun, ...] = (RUN,),
    source: Any = SAME,
) -> CohortNight:
    return judge_cohort(found, runs, ["visit"], BEGUN, source)


def test_compared_and_as_sent_is_clean_and_proven_is_unchanged() -> None:
    assert judge().outcome == "clean"
    rested = judge(runs=(RESTED,))
    assert rested.outcome == "unchanged"
    assert rested.proof["unchanged"] == {
        "visit": {"since": "2026-11-20T02:15", "proof": {"rows": 3}}
    }


@pytest.mark.parametrize(
    ("runs", "said"),
    [
        ((), "no entity was compared this night"),
        ((replace(RUN, started_at=BEGUN - timedelta(seconds=1)),), "no entity was compared"),
        ((replace(RUN, state="failed", reason="OperationalError"),), "(OperationalError)"),
        ((replace(RUN, state="running", reason=""),), "(it did not end)"),
    ],
)
def test_what_was_not_compared_this_night_was_not_looked_at(
    runs: tuple[StageRun, ...], said: str
) -> None:
    night = judge(runs=runs)

    assert night.outcome == "could not look"
    assert said in night.findings[0].said


def test_a_difference_is_drift_and_a_waived_one_is_not() -> None:
    drift = judge(DIFFERENT)
    waived = judge(replace(DIFFERENT, clusters=({**CLUSTER, "waived": {"person": "Ada"}},)))
    growing = judge(replace(DIFFERENT, clusters=()))

    assert drift.outcome == "drift"
    assert drift.findings[0].said == "1 mismatched (most: 1 case in visit.note)"
    assert (waived.outcome, waived.counts["waived"]) == ("clean", 1)
    assert growing.outcome == "drift"


def test_a_comparison_that_missed_a_planted_fault_has_not_looked() -> None:
    night = judge(replace(CLEAN, doubtful=("of 5 faults planted in visit, 4 were found",)))

    assert night.outcome == "could not look"


def test_a_changed_source_is_behind_and_one_that_cannot_be_asked_was_not_looked_at() -> None:
    behind = judge(source=[SourceChange("visit", True, 3), SourceChange("patient", False)])
    unasked = judge(source="cannot connect to the source database")
    unproven = judge(source=[SourceChange("visit", None, reason="cannot be proven: a view")])

    assert behind.outcome == "behind source"
    assert behind.findings[0].said == "the source changed since the extract: 3 records (3 visit)"
    assert behind.counts["source_changed"] == 3
    assert unasked.outcome == "could not look"
    assert unproven.outcome == "clean"
    assert unproven.proof["source_not_proven"] == {"visit": "cannot be proven: a view"}


def test_the_worst_cohort_is_the_night_and_comes_first_in_its_sentence() -> None:
    lost = CohortNight("two", (Finding("unseen", "visit could not be compared"),))

    night = Night(date(2026, 11, 21), LATER, (lost, judge(DIFFERENT), judge()))

    assert night.outcome == "could not look"
    assert night.sentence == (
        "Night of 2026-11-21: of 3 live cohorts 1 not looked at, 1 drifted. "
        "two: visit could not be compared."
    )
    quiet = Night(date(2026, 11, 21), LATER, (judge(), judge(runs=(RESTED,))))
    assert quiet.sentence == (
        "Night of 2026-11-21: all 2 live cohorts are as they were sent; 1 proven unchanged, "
        "1 compared."
    )


def test_what_a_night_found_stands_until_somebody_has_looked_again() -> None:
    findings = [
        Finding("behind source", "behind"),
        Finding("unseen", "unseen"),
        Finding("unseen source", "unasked"),
        Finding("drift", "drift"),
    ]
    before, after = LATER - timedelta(hours=1), LATER + timedelta(hours=1)

    assert find_standing(findings, LATER, before, before) == ["behind", "unseen", "unasked"]
    assert find_standing(findings, LATER, before, after) == ["behind", "unasked"]
    assert find_standing(findings, LATER, after, after) == []
    assert find_standing(findings, LATER, None, None) == ["behind", "unseen", "unasked"]


def test_a_night_lasts_from_a_quarter_past_two_to_the_next() -> None:
    assert night_of(datetime(2026, 11, 21, 2, 15, tzinfo=UTC)) == date(2026, 11, 21)
    assert night_of(datetime(2026, 11, 22, 2, 14, tzinfo=UTC)) == date(2026, 11, 21)
    assert begin_of(date(2026, 11, 21)) == BEGUN
