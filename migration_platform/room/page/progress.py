"""Progress of what runs now: each cohort's stages, what it is doing, how many records are loaded."""

from __future__ import annotations

from collections.abc import Sequence

from migration_platform.platform import Platform
from migration_platform.progress import CohortProgress
from migration_platform.room.table import Cell, Table, make_table
from migration_platform.store import STAGES


def list_progress(cohorts: Sequence[CohortProgress]) -> Table:
    """How far a run is, cohort by cohort."""
    return make_table(
        "progress",
        "Stages are those of all its entities: " + ", ".join(STAGES),
        ("Cohort", "State", "Stages ended #", "Share #", "Records loaded #", "Now"),
        [
            (
                Cell(each.cohort, link=f"/cohorts/{each.cohort}"),
                _state(each),
                f"{each.ended:,} of {each.total:,}",
                f"{each.percent} %",
                each.loaded,
                ", ".join(each.now),
            )
            for each in cohorts
        ],
        empty="No cohort has begun.",
    )


def _state(each: CohortProgress) -> Cell:
    if each.failed:
        return Cell("failed", "failed", note=f"{each.failed:,} stages")
    if each.ended == each.total:
        return Cell("ended", "passed")
    return Cell("running", "running") if each.now or each.ended else Cell("waiting", "not-run")


def list_running(platform: Platform, cohorts: Sequence[str]) -> Table:
    """What runs now of these cohorts, whoever began it: here, on the command line or in Dagster."""
    rows = platform.store.read(
        "SELECT cohort, string_agg(stage || ' of ' || entity, ', ' ORDER BY id) AS now, "
        "min(started_at) AS since FROM migration.stage_run WHERE cohort = ANY(%s) "
        "AND state = 'running' AND started_at > now() - interval '1 day' GROUP BY cohort ORDER BY cohort",
        (list(cohorts),),
    )
    return make_table(
        "running",
        "Begun here, on the command line or in Dagster",
        ("Cohort", "State", "Now", "Since"),
        [
            (
                Cell(row["cohort"], link=f"/cohorts/{row['cohort']}"),
                Cell("running", "running"),
                row["now"],
                row["since"],
            )
            for row in rows
        ],
        empty="Nothing of it runs now.",
    )
