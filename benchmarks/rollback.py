"""The rollback of a loaded cohort of 100,000 records beside its load, with people's writes since."""

from __future__ import annotations

import os

from benchmarks.trial import Trial, now, trial

PATIENTS, WRITES = 2_600, 500


def measure() -> dict[str, object]:
    """Seconds of the load (all entities) and of the rollback, their ratio, and whether the
    destination is what it was before the load, by digests over all its tables and files."""
    with trial(PATIENTS, [PATIENTS]) as bench:
        bench.migration("run", "--cohort", "reference")
        os.environ.update(bench.environment)
        before = _digest()
        bench.migration("run", "--cohort", "c1")
        load, records = _loaded(bench)
        loaded = _digest()
        _write()
        started = now()
        done = bench.ask(
            "rollback", "--cohort", "c1", "--by", "Lena Fischer", "--reason", "measured"
        )["cohorts"][0]
        whole = now() - started
        return {
            "records loaded": records,
            "seconds to load": round(load, 1),
            "seconds to roll back": round(done["seconds"], 1),
            "seconds to roll back, whole command": round(whole, 1),
            "rollback to load, ratio": round(done["seconds"] / load, 2),
            "writes since, made and carried out": [WRITES, sum(w["count"] for w in done["writes"])],
            "digest changed by the load": before != loaded,
            "digests before the load and after the rollback are equal": before == _digest(),
        }


def _loaded(bench: Trial) -> tuple[float, int]:
    import psycopg

    from migration_platform import embedded

    with psycopg.connect(embedded.ensure_running(bench.home).url("platform")) as connection:
        row = connection.execute(
            "SELECT extract(epoch FROM sum(ended_at - started_at)), sum(row_count) FROM "
            "migration.stage_run WHERE stage = 'load' AND cohort = 'c1'"
        ).fetchone()
    assert row is not None
    return float(row[0]), int(row[1])


def _write() -> None:
    """What people wrote after cutover: names of patients, one field each."""
    from migration_platform.platform import Platform

    platform = Platform.open()
    with platform.destination() as connection:
        connection.execute(
            "UPDATE patient SET first_name = first_name || ' changed' WHERE id IN "
            "(SELECT id FROM patient ORDER BY id LIMIT %s)",
            (WRITES,),
        )
    platform.close()


def _digest() -> str:
    import hashlib

    from migration_platform.destination.digest import digest_tables
    from migration_platform.destination.foreign_key import read_tables
    from migration_platform.platform import Platform

    platform = Platform.open()
    with platform.destination() as connection:
        with connection.cursor() as cursor:
            tables = read_tables(cursor, platform.entities)
        rows = digest_tables(connection, [t.identifier for t in tables.values()])
    platform.close()
    folder = platform.settings.destination_documents
    files = [
        f"{path.relative_to(folder)} {hashlib.sha256(path.read_bytes()).hexdigest()}"
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    ]
    return hashlib.sha256("\n".join([rows, *files]).encode()).hexdigest()
