"""The rollback of a loaded cohort of 100,000 records beside its load, with people's writes since."""

from __future__ import annotations

import os
from statistics import median

from benchmarks.trial import Trial, now, trial

PATIENTS, WRITES, RUNS = 2_600, 500, 3


def measure() -> dict[str, object]:
    """Median seconds of the load (all entities) and of the rollback, their ratio, and whether the
    destination is what it was before the load, by digests over all its tables and files."""
    with trial(PATIENTS, [PATIENTS]) as bench:
        bench.migration("run", "--cohort", "reference")
        os.environ.update(bench.environment)
        before = _digest()
        bench.migration("run", "--cohort", "c1")
        loads, backs, commands, same, carried = [], [], [], [], []
        for number in range(RUNS):
            if number:
                _load_again()
            load, records = _loaded(bench)
            changed = _digest() != before
            _write()
            started = now()
            done = bench.ask(
                "rollback", "--cohort", "c1", "--by", "Lena Fischer", "--reason", "measured"
            )["cohorts"][0]
            commands.append(now() - started)
            loads.append(load)
            backs.append(done["seconds"])
            carried.append(sum(w["count"] for w in done["writes"]))
            same.append(changed and _digest() == before)
        return {
            "records loaded": records,
            "seconds to load": round(median(loads), 1),
            "seconds to roll back": round(median(backs), 1),
            "seconds to roll back, whole command": round(median(commands), 1),
            "rollback to load, ratio": round(
                median(b / a for a, b in zip(loads, backs, strict=True)), 2
            ),
            "seconds (load, rollback, command)": [
                [round(s, 1) for s in some] for some in (loads, backs, commands)
            ],
            "writes since, made and carried out": [WRITES, carried],
            "digest changed by the load, and as before after the rollback": same,
        }


def _load_again() -> None:
    """Every entity that was loaded, as a run would: what was transformed and checked still is."""
    from migration_platform import stage
    from migration_platform.platform import Platform

    platform = Platform.open()
    with platform.destination() as connection:
        rows = connection.execute(
            "SELECT DISTINCT entity FROM migration.load WHERE cohort = 'c1'"
        ).fetchall()
    for entity in platform.cohort_entities("c1"):
        if (entity,) in rows:
            stage.load(platform, "c1", entity)
    platform.close()


def _loaded(bench: Trial) -> tuple[float, int]:
    """Seconds and records of the newest load of each entity."""
    import psycopg

    from migration_platform.server import embedded

    with psycopg.connect(embedded.ensure_running(bench.home).url("platform")) as connection:
        row = connection.execute(
            "SELECT extract(epoch FROM sum(ended_at - started_at)), sum(row_count) FROM "
            "migration.stage_run WHERE id IN (SELECT max(id) FROM migration.stage_run "
            "WHERE stage = 'load' AND cohort = 'c1' GROUP BY entity)"
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
