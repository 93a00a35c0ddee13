"""How far a run is: what its stages record, cohort by cohort, and nothing of another run."""

from __future__ import annotations

from datetime import UTC, datetime

from migration_platform.platform import Platform
from migration_platform.progress import CohortProgress, Progress, read_progress
from migration_platform.store import Stage, StageRun
from tests.migration_platform.stage.conftest import platform as platform


def end(platform: Platform, cohort: str, entity: str, stage: Stage, state: str, rows: int) -> None:
    number = platform.store.start(cohort, entity, stage)
    platform.store.finish(number, StageRun(cohort, entity, stage, state, row_count=rows))


def test_what_has_ended_what_runs_and_what_was_loaded_since_the_run_began(
    platform: Platform,
) -> None:
    end(platform, "one", "patient", "load", "done", 99)
    begun = datetime.now(UTC)
    end(platform, "one", "patient", "extract", "done", 3)
    end(platform, "one", "patient", "load", "done", 2)
    end(platform, "one", "visit", "extract", "failed", 0)
    platform.store.start("one", "visit", "load")

    far = read_progress(platform.store, {"one": 8, "two": 8}, begun)

    assert far.cohorts == (
        CohortProgress("one", 3, 8, failed=1, loaded=2, now=("load of visit",)),
        CohortProgress("two", 0, 8),
    )
    assert (far.ended, far.total, far.begun) == (3, 16, True)
    assert far.cohorts[0].percent == 37


def test_a_run_of_which_no_stage_has_begun_has_not_begun() -> None:
    assert Progress((CohortProgress("one", 0, 8),)).begun is False
