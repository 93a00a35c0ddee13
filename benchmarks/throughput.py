"""Records per second from source to verdict, the time outside data work, and peak memory."""

from __future__ import annotations

from benchmarks.trial import Trial, trial

SIZES = (1_000, 2_000, 20_000)


def measure() -> dict[str, object]:
    """For a pilot of each size, in one cohort: time, records per second, share outside data work
    (neither a stage nor a suite), peak memory of the largest process."""
    return {f"{size:,} patients": _measure_size(size) for size in SIZES}


def _measure_size(size: int) -> dict[str, object]:
    with trial(size, [size]) as bench:
        timing = bench.migration("run", "--wave", "pilot", "--concurrency", "1")
        extracted = sum(a["extracted"] or 0 for a in bench.ask("accounting"))
        stages, suites = _data_seconds(bench)
        return {
            "records": extracted,
            "seconds": round(timing.seconds, 1),
            "records per second": round(extracted / timing.seconds),
            "seconds in stages": stages,
            "seconds in suites": round(suites, 1),
            "share outside data work": round(
                1 - (sum(stages.values()) + suites) / timing.seconds, 2
            ),
            "peak memory (MiB)": round(timing.peak),
        }


def _data_seconds(bench: Trial) -> tuple[dict[str, float], float]:
    """Seconds in each stage, and in suites (each runs right after its stage, to its outcome)."""
    import psycopg

    from migration_platform.server import embedded

    with psycopg.connect(embedded.ensure_running(bench.home).url("platform")) as connection:
        stages = connection.execute(
            "SELECT stage, extract(epoch FROM sum(ended_at - started_at)) "
            "FROM migration.stage_run GROUP BY stage"
        ).fetchall()
        suites = connection.execute(
            "SELECT extract(epoch FROM sum(c.checked_at - r.ended_at)) FROM migration.stage_run r "
            "JOIN migration.check_outcome c USING (cohort, entity) WHERE (r.stage, c.point) IN "
            "(('transform', 'transformed'), ('load', 'destination'))"
        ).fetchone()
    return {s: round(float(t), 1) for s, t in stages}, float(suites[0] or 0) if suites else 0.0
