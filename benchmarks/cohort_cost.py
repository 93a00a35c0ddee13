"""The fixed cost of a cohort's run: ten patients, all entities, all checks; cold and warm,
beside what Dagster and Great Expectations take by themselves."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from statistics import median

from benchmarks.pace import Pace
from benchmarks.trial import ROOT, Trial, trial

WHOLE, WARM = 3, 5
"""Cohorts that are run in a process of their own, and after one another in one process."""

Figure = dict[str, float | None]
"""Seconds, and the pace meanwhile."""

COMMANDS = (("--help",), ("status",), ("accounting",), ("exceptions",), ("mapping",))


def measure() -> dict[str, object]:
    """Seconds of a whole process for one cohort, of a further cohort in a warm process, and of the
    commands that need neither Dagster nor the expectation library; each with the pace of the
    processor meanwhile, in milliseconds for a million additions in Python."""
    with trial(12 * (WHOLE + WARM), [10] * (WHOLE + WARM)) as bench, Pace() as pace:
        whole = [_time(bench, pace, "run", "--cohort", f"c{n}") for n in range(1, WHOLE + 1)]
        bench.migration("run", "--wave", "pilot", "--concurrency", "1")
        warm = _warm(bench, pace)
        bare = _bare(bench)
        commands = {
            " ".join(words): [_time(bench, pace, *words) for _ in range(5)] for words in COMMANDS
        }
        middle, middle_warm = (median(f["seconds"] or 0 for f in each) for each in (whole, warm))
        return {
            "a cohort, whole process": whole,
            "a further cohort in a warm process": warm,
            "Dagster and Great Expectations by themselves (s)": {
                name: round(seconds, 1) for name, seconds in bare.items()
            },
            "whole process, to those three": round(middle / sum(bare.values()), 2),
            "warm, to their assets and suites": round(
                middle_warm / (bare["assets"] + bare["suites"]), 2
            ),
            "commands": commands,
        }


def _time(bench: Trial, pace: Pace, *words: str) -> Figure:
    start = time.time()
    seconds = bench.migration(*words).seconds
    return {"seconds": round(seconds, 2), "pace": pace.during(start, time.time())}


def _warm(bench: Trial, pace: Pace) -> list[Figure]:
    """Seconds between the first stage's start and the last one's end, of those that a process
    begins with after others."""
    import psycopg

    from migration_platform.server import embedded

    with psycopg.connect(embedded.ensure_running(bench.home).url("platform")) as connection:
        rows = connection.execute(
            "SELECT extract(epoch FROM min(started_at))::float8, "
            "extract(epoch FROM max(ended_at))::float8 FROM "
            "(SELECT DISTINCT ON (cohort, entity, stage) * FROM migration.stage_run "
            "ORDER BY cohort, entity, stage, id DESC) r WHERE cohort = ANY(%s) "
            "GROUP BY cohort ORDER BY 1",
            [[f"c{n}" for n in range(WHOLE + 1, WHOLE + WARM + 1)]],
        ).fetchall()
    return [
        {"seconds": round(end - start, 2), "pace": pace.during(start, end)} for start, end in rows
    ]


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
