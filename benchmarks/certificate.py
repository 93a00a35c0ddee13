"""The certificate's cost: how much of a reconciliation goes into the faults that it plants."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from typing import Any
from unittest.mock import patch

from benchmarks import synthetic
from benchmarks.trial import now
from migration_platform.database import adbc
from migration_platform.reconciliation import entity_reconciliation
from migration_platform.reconciliation.readback import Readback
from migration_platform.settings import Settings

ROWS = int(os.environ.get("MIGRATION_BENCH_ROWS", "1000000"))
RUNS = 5


def measure() -> dict[str, object]:
    """Seconds of a whole reconciliation that finds nothing, and of what only the certificate needs:
    drawing its sample, reading that back, planting and comparing. The mapping's proof is left out."""
    with (
        tempfile.TemporaryDirectory(prefix="migration-bench-") as folder,
        synthetic.home() as settings,
    ):
        sent, snapshot, ends = (Path(folder) / f"{n}.parquet" for n in ("sent", "snapshot", "ends"))
        synthetic.write_sent(sent, ROWS)
        synthetic.write_ends(sent, snapshot, ends)
        synthetic.load_table(settings, sent, synthetic.TABLE, crosswalk=sent)
        wholes, shares = [], []
        for turn in range(RUNS):
            whole, certificate = _reconcile(settings, sent, snapshot, ends, str(turn))
            wholes.append(whole)
            shares.append(certificate / (whole - certificate))
        return {
            "rows": ROWS,
            "reconciliation (s)": [round(s, 2) for s in wholes],
            "certificate to the rest, ratio": [round(s, 3) for s in shares],
            "median ratio": round(median(shares), 3),
        }


def _reconcile(
    settings: Settings, sent: Path, snapshot: Path, ends: Path, seed: str
) -> tuple[float, float]:
    """Seconds of the whole, and of the certificate's part."""
    spent: list[float] = []

    def timed(work: Callable[..., Any]) -> Callable[..., Any]:
        def run(*given: Any, **named: Any) -> Any:
            start = now()
            try:
                return work(*given, **named)
            finally:
                spent.append(now() - start)

        return run

    module = entity_reconciliation
    with adbc(settings, "destination") as stream, ExitStack() as stack:
        found = Readback(stream, synthetic.COHORT, synthetic.ENTITY)
        for owner, name in ((module, "draw_sample"), (module, "certify"), (found, "read_only")):
            stack.enter_context(patch.object(owner, name, timed(getattr(owner, name))))
        start = now()
        result = module.reconcile_entity(
            synthetic.ENTITY,
            snapshot=snapshot,
            ends=ends,
            mapped=sent,
            sent_digest="",
            found=found,
            differences=sent.with_name("differences.parquet"),
            documents=None,
            origin=None,
            name_records=list,
            connection=synthetic.memory(),
            seed=seed,
        )
        seconds = now() - start
    if result.matched != ROWS or len(spent) != 3:
        raise RuntimeError("the rows do not match, or the certificate was not measured whole")
    return seconds, sum(spent)
