"""The comparison beside its peers: a million rows of twelve columns, from files and from Postgres."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from statistics import median

import duckdb

from benchmarks import synthetic
from benchmarks.peer import Peer, peers
from benchmarks.trial import now
from benchmarks.verdict import judge_files, judge_table
from migration_platform.settings import Settings

ROWS = int(os.environ.get("MIGRATION_BENCH_ROWS", "1000000"))
RUNS = 5
PERCENTS = (0.0, 0.1, 1.0)

Work = Callable[[], int]


def measure() -> dict[str, object]:
    """Seconds to a verdict, each tool's own reads included, and what each found."""
    with (
        tempfile.TemporaryDirectory(prefix="migration-bench-") as folder,
        synthetic.home() as settings,
        peers("datacompy", "reladiff", "data-diff") as running,
    ):
        sent = Path(folder) / "sent.parquet"
        synthetic.write_sent(sent, ROWS)
        synthetic.load_table(settings, sent, "sent_rows")
        return {
            "rows": ROWS,
            **{f"{p:g} % differing": _measure_share(settings, sent, p, running) for p in PERCENTS},
        }


def _measure_share(
    settings: Settings, sent: Path, percent: float, running: list[Peer]
) -> dict[str, object]:
    found = sent.with_name("found.parquet")
    differing = synthetic.write_found(sent, found, percent)
    synthetic.load_table(settings, found, synthetic.TABLE, crosswalk=sent)
    files: dict[str, Work] = {
        "ours": lambda: judge_files(sent, found),
        "DuckDB, bare full join": lambda: _join(sent, found),
    }
    tables: dict[str, Work] = {"ours": lambda: len(judge_table(settings, sent)[0])}
    here = {"url": synthetic.address(settings), "sent": "sent_rows", "found": synthetic.TABLE}
    for peer in running:
        if peer.name == "datacompy":
            files[peer.name] = _asking(peer, sent=str(sent), found=str(found))
            tables[peer.name] = _asking(peer, **here)
        else:
            for mode in ("hashdiff", "joindiff"):
                tables[f"{peer.name} {mode}"] = _asking(peer, mode=mode, **here)
    return {
        "differing ids": differing,
        "Parquet to verdict": _side_by_side(files),
        "Postgres to verdict": _side_by_side(tables),
    }


def _asking(peer: Peer, **request: str) -> Work:
    return lambda: int(peer.ask(columns=list(synthetic.TYPES), **request).get("count", -1))


def _side_by_side(works: dict[str, Work]) -> dict[str, object]:
    """Every tool in turn, in alternating order; the first is what the others are divided by."""
    seconds: dict[str, list[float]] = {name: [] for name in works}
    counts: dict[str, int] = {}
    for turn in range(RUNS):
        for name in works if turn % 2 else reversed(works):
            if turn > 1 and min(seconds[name]) > 20:
                continue  # slow ones need no more runs to be seen as such
            start = now()
            counts[name] = works[name]()
            seconds[name].append(now() - start)
            print(f"  {name}: {seconds[name][-1]:.1f} s", file=sys.stderr, flush=True)
    first = median(seconds[next(iter(works))])
    return {
        name: {
            "seconds, median": round(median(times), 2),
            "spread": [round(min(times), 2), round(max(times), 2)],
            "times ours": round(median(times) / first, 2),
            "found": counts[name] if counts[name] >= 0 else "crashed",
        }
        for name, times in seconds.items()
    }


def _join(sent: Path, found: Path) -> int:
    """The least that DuckDB can do: a full join that counts what differs."""
    duck = duckdb.connect()
    duck.execute("SET threads = 2").fetchall()
    differs = " OR ".join(f"s.{n} IS DISTINCT FROM f.{n}" for n in synthetic.TYPES)
    rows = duck.execute(
        f"SELECT count(*) FROM read_parquet('{sent}') s FULL JOIN read_parquet('{found}') f "
        f"ON s.id = f.id WHERE s.id IS NULL OR f.id IS NULL OR {differs}"
    ).fetchall()
    duck.close()
    return int(rows[0][0])
