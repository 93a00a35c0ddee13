"""Postgres to verdict beside only reading the rows out of Postgres, and the memory it takes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

from benchmarks import synthetic
from benchmarks.trial import ROOT, now, peak_of_this_process
from benchmarks.verdict import judge_table
from migration_platform.database import connect
from migration_platform.settings import Settings

SIZES = tuple(
    int(n) for n in os.environ.get("MIGRATION_BENCH_READBACK", "1000000").replace(",", " ").split()
)
RUNS = 5
PERCENTS = (0.0, 1.0)


def measure() -> dict[str, object]:
    """For each size and share of differing rows. Ratios are to COPY BINARY of the same table to
    nothing. Each verdict is a process of its own, so that its memory is its own."""
    return {f"{size:,} rows": _measure_size(size) for size in SIZES}


def _measure_size(size: int) -> dict[str, object]:
    figures: dict[str, object] = {}
    with (
        tempfile.TemporaryDirectory(prefix="migration-bench-") as folder,
        synthetic.home() as settings,
    ):
        sent, found = Path(folder) / "sent.parquet", Path(folder) / "found.parquet"
        synthetic.write_sent(sent, size)
        for percent in PERCENTS:
            differing = synthetic.write_found(sent, found, percent)
            synthetic.load_table(settings, found, synthetic.TABLE, crosswalk=sent)
            copies, joins, verdicts = [], [], []
            for turn in range(RUNS if size <= 1_000_000 else 3):
                for kind in ("copy", "verdict") if turn % 2 else ("verdict", "copy"):
                    if kind == "copy":
                        copies.append(_copy(settings, f"SELECT * FROM {synthetic.TABLE}"))
                        joins.append(_copy(settings, JOINED))
                    else:
                        verdicts.append(_in_a_process(sent))
            copy, verdict = median(copies), median(v["seconds"] for v in verdicts)
            figures[f"{percent:g} % differing"] = {
                "differing ids": differing,
                "found": verdicts[0]["found"],
                "COPY BINARY to nothing (s)": [round(s, 2) for s in sorted(copies)],
                "the same with the crosswalk joined (s)": [round(s, 2) for s in sorted(joins)],
                "verdict (s)": [round(v["seconds"], 2) for v in verdicts],
                "verdict to COPY, ratio": round(verdict / copy, 2),
                "verdict to joined COPY, ratio": round(verdict / median(joins), 2),
                "peak memory (MiB)": round(max(v["peak"] for v in verdicts)),
            }
    return figures


JOINED = (
    f"SELECT d.*, c.source_id FROM {synthetic.TABLE} d LEFT JOIN migration.crosswalk c "
    f"ON c.destination_id = d.id AND c.entity = '{synthetic.TABLE}' ORDER BY d.id"
)


def _copy(settings: Settings, query: str) -> float:
    """COPY BINARY out, every row taken from libpq and dropped."""
    with connect(settings, "destination") as postgres:
        pq = postgres.pgconn
        start = now()
        pq.exec_(f"COPY ({query}) TO STDOUT (FORMAT binary)".encode())
        while pq.get_copy_data(0)[0] > 0:
            pass
        seconds = now() - start
        while pq.get_result():
            pass
    return seconds


def _in_a_process(sent: Path) -> dict[str, float]:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.readback", str(sent)],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    answer: dict[str, float] = json.loads(done.stdout)
    return answer


def main(sent: Path) -> None:
    """One verdict, in this process."""
    settings = Settings.load()
    start = now()
    ids, _ = judge_table(settings, sent)
    seconds = now() - start
    print(json.dumps({"seconds": seconds, "found": len(ids), "peak": peak_of_this_process()}))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
