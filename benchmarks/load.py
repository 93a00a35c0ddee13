"""The load beside a bare COPY of the same rows into the same constrained table of the same server."""

from __future__ import annotations

import os
from collections.abc import Callable
from statistics import median

from benchmarks.trial import now, trial

PATIENTS, RUNS, ENTITY = 5_000, 5, "claim_transaction"
CSV_ROWS = 10_000
"""Rows written out as text at once, for the bare COPY."""


def measure() -> dict[str, object]:
    """Rows per second: bare COPY (as text, and as the server keeps them), first load (staged, merged,
    crosswalk and journal), unchanged reload. Ratios are to the bare COPYs and to the first load."""
    with trial(PATIENTS, [PATIENTS]) as bench:
        bench.migration("run", "--wave", "pilot", "--concurrency", "1")
        os.environ.update(bench.environment)
        return _compare()


def _compare() -> dict[str, object]:
    import polars as pl
    from psycopg import sql

    from migration_platform.destination.load import load_staged
    from migration_platform.destination.staged_table import (
        SCHEMA,
        stage_records,
        table_name,
    )
    from migration_platform.platform import Platform

    platform = Platform.open()
    entity = platform.entity(ENTITY)
    mapped = platform.staging.path("c1", ENTITY, "mapped")
    rows = pl.scan_parquet(mapped).select(pl.len()).collect().item()
    table = sql.Identifier(ENTITY)
    staged = sql.Identifier(SCHEMA, table_name("c1", ENTITY))

    def empty() -> None:
        with platform.destination() as c:
            c.execute(sql.SQL("TRUNCATE {}").format(table))
            c.execute("DELETE FROM migration.crosswalk WHERE entity = %s", (ENTITY,))
            c.execute("DELETE FROM migration.journal WHERE entity = %s", (ENTITY,))
            c.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(staged))
        with platform.destination() as c:
            c.commit()
            c.autocommit = True
            c.execute("VACUUM migration.crosswalk")
            c.execute("VACUUM migration.journal")
            c.autocommit = False

    names = ["id", *[f.name for f in entity.fields]]

    def bare() -> None:
        into = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT csv)").format(
            table, sql.SQL(", ").join(map(sql.Identifier, names))
        )
        with platform.destination() as c, c.cursor().copy(into) as copy:
            frame = pl.read_parquet(mapped, columns=names)
            for part in frame.iter_slices(CSV_ROWS):
                copy.write(part.write_csv(include_header=False))

    def bare_binary() -> None:
        ids = ["id", *[f.name for f in entity.fields if f.type == "uuid"]]
        chosen = pl.read_parquet(mapped, columns=names).with_columns(
            pl.col(ids).str.replace_all("-", "", literal=True).str.decode("hex")
        )
        with platform.streaming("destination") as stream, stream.cursor() as cursor:
            cursor.adbc_ingest(ENTITY, chosen.to_arrow(), mode="append")
            stream.commit()

    def load() -> None:
        with platform.streaming("destination") as stream, platform.staging.connect() as duck:
            stage_records(stream, "c1", entity, mapped, "digest", rows, duck)
        with platform.destination() as c:
            load_staged(
                c, "c1", entity, platform.entities, digest="digest", mapping_digest="mapping"
            )

    bares, binaries, firsts, agains = [], [], [], []
    for _ in range(RUNS):
        empty()
        bares.append(_time(bare))
        empty()
        binaries.append(_time(bare_binary))
        empty()
        firsts.append(_time(load))
        agains.append(_time(load))
    return {
        "rows": rows,
        "bare COPY, rows per second": round(rows / median(bares)),
        "first load, rows per second": round(rows / median(firsts)),
        "first load to bare COPY, ratio": round(median(firsts) / median(bares), 2),
        "first load to bare binary COPY, ratio": round(median(firsts) / median(binaries), 2),
        "unchanged reload to first load, ratio": round(median(agains) / median(firsts), 3),
        "seconds (bare, binary, first, unchanged)": [
            [round(s, 2) for s in some] for some in (bares, binaries, firsts, agains)
        ],
    }


def _time(work: Callable[[], None]) -> float:
    start = now()
    work()
    return now() - start
