"""The fixed cost of a cohort's run: ten patients, all entities, all checks; cold and warm,
beside what Dagster and Great Expectations take by themselves."""

from __future__ import annotations

import json
import subprocess
import sys
from statistics import median

from benchmarks.trial import ROOT, Trial, trial

COHORTS = 5


def measure() -> dict[str, object]:
    """Seconds of a whole process for one cohort, of a further cohort in a warm process, and of the
    commands that need neither Dagster nor the expectation library."""
    with trial(60, [10] * COHORTS) as bench:
        cold = bench.migration("run", "--cohort", "c1").seconds
        again = bench.migration("run", "--cohort", "c1").seconds
        bench.migration("run", "--wave", "pilot", "--concurrency", "1")
        warm = median(_warm(bench))
        bare = _bare(bench)
        commands = {
            " ".join(words): round(median(bench.migration(*words).seconds for _ in range(5)), 2)
            for words in (("--help",), ("status",), ("accounting",), ("exceptions",), ("mapping",))
        }
        return {
            "first run of a cohort, whole process (s)": round(cold, 1),
            "second run of it, whole process (s)": round(again, 1),
            "a further cohort in a warm process, median (s)": round(warm, 1),
            "Dagster and Great Expectations by themselves (s)": {
                name: round(seconds, 1) for name, seconds in bare.items()
            },
            "whole process, to those three": round(cold / sum(bare.values()), 2),
            "warm, to their assets and suites": round(warm / (bare["assets"] + bare["suites"]), 2),
            "commands (s)": commands,
        }


def _warm(bench: Trial) -> list[float]:
    """Seconds between the first stage's start and the last one's end, for cohorts after the first."""
    import psycopg

    from migration_platform.server import embedded

    with psycopg.connect(embedded.ensure_running(bench.home).url("platform")) as connection:
        rows = connection.execute(
            "SELECT cohort, extract(epoch FROM max(ended_at) - min(started_at)) FROM "
            "(SELECT DISTINCT ON (cohort, entity, stage) * FROM migration.stage_run "
            "ORDER BY cohort, entity, stage, id DESC) r WHERE cohort <> 'reference' "
            "GROUP BY cohort ORDER BY min(started_at)"
        ).fetchall()
    return [float(seconds) for _, seconds in rows[1:]]


def _bare(bench: Trial) -> dict[str, float]:
    """Seconds to import both libraries, and for as many empty assets and plain suites as a cohort
    has: entities by stages, and two suites an entity."""
    entities = len({each["entity"] for each in bench.ask("accounting") if each["cohort"] == "c1"})
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.bare_child", str(4 * entities), str(2 * entities)],
        env=bench.environment, cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    answered: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return answered
