"""Cohort run: cohorts taken through their stages by the orchestrator, and how each of them ended.

Front doors call it and show how far it is. What runs cohorts is found by entry point; whether a cohort
may load is decided in `gate`, and once more in the load itself.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.metadata import entry_points
from typing import Any

from migration_platform import gate
from migration_platform.errors import ConfigurationError
from migration_platform.outcome import judge_run
from migration_platform.platform import REFERENCE, Platform
from migration_platform.progress import Progress, read_progress
from migration_platform.store import STAGES, Store

LOOK = 0.5
"""Seconds between two looks how far it is."""

Tell = Callable[[Progress], None]


def run_cohorts(
    platform: Platform,
    cohorts: Sequence[str],
    *,
    entity: str | None = None,
    reference: bool = False,
    wave: str | None = None,
    concurrency: int | None = None,
    tell: Tell | None = None,
) -> dict[str, Any]:
    """Run cohorts through the orchestrator and say how each of them ended.

    Before anything starts it raises GateClosedError if one of them may not load, ConfigurationError
    if the source or a file that every run needs is not there.
    """
    entities = None if entity is None else [platform.entity(entity).name]
    for name in cohorts:
        gate.require_open(platform, name)
    if entity is None:
        reference = True
    elif platform.entity(entity).is_reference and cohorts:
        raise ConfigurationError(
            f"{entity} belongs to no patient: run it with --cohort {REFERENCE} --entity {entity}"
        )
    elif cohorts:
        known = {
            r.entity for r in platform.store.latest_runs([REFERENCE]) if r.stage == "transform"
        }
        reference = not known.issuperset(platform.cohort_entities(REFERENCE))
    platform.require_runnable()
    moved = [*([REFERENCE] if reference else []), *cohorts]
    runner = _runner()
    started = datetime.now(UTC)
    totals = {n: len(STAGES) * len(entities or platform.cohort_entities(n)) for n in moved}
    with _follow(platform, totals, started, tell):
        results = runner(
            platform.settings,
            cohorts=list(cohorts),
            entities=entities,
            reference=reference,
            wave=wave,
            concurrency=concurrency or platform.settings.concurrency,
            report=lambda event: None,
        )
    return judge_run(platform, moved, entities, results, started)


@contextmanager
def _follow(
    platform: Platform, totals: Mapping[str, int], started: datetime, tell: Tell | None
) -> Iterator[None]:
    """Tell of what the stages record, whoever runs them. `totals` are the stages of each cohort."""
    if tell is None:
        yield
        return
    done = threading.Event()
    store = Store(platform.settings)

    def look() -> None:
        while not done.wait(LOOK):
            tell(read_progress(store, totals, started))

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
        store.close()


def _runner() -> Any:
    """What runs cohorts in the orchestrator, announced by entry point (`migration_platform.runner`)."""
    found = list(entry_points(group="migration_platform.runner", name="run"))
    if len(found) != 1:
        raise ConfigurationError(
            f"{len(found)} packages announce 'run' under the entry point group "
            "'migration_platform.runner'; there must be one. Install the project (make demo)."
        )
    return found[0].load()
