"""`migration run`: take cohorts through extract, transform, load and reconcile, in Dagster."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.metadata import entry_points
from typing import Annotated, Any

import typer

from migration_platform.command.console import Json, err, out, print_json
from migration_platform.errors import ConfigurationError


def run(
    wave: Annotated[str | None, typer.Option(help="Run every cohort of this wave.")] = None,
    cohort: Annotated[str | None, typer.Option(help="Run this cohort.")] = None,
    entity: Annotated[str | None, typer.Option(help="Only this entity of it.")] = None,
    concurrency: Annotated[
        int | None, typer.Option(min=1, help="Cohorts side by side (MIGRATION_CONCURRENCY).")
    ] = None,
    json: Json = False,
) -> None:
    """Move a wave, a cohort or one entity of it: extract, transform, load, reconcile.

    Ends with 0 only if everything in it loaded, balanced and passed its checks; with 1 if something
    did not, or the gate is closed. Running again changes nothing that is already right.
    """
    from migration_platform.platform import REFERENCE, Platform

    if (wave is None) == (cohort is None):
        raise ConfigurationError("name either a wave (--wave) or a cohort (--cohort)")
    platform = Platform.open()
    names = (
        [c.name for c in platform.plan.wave(wave).cohorts] if wave is not None else [str(cohort)]
    )
    if cohort not in (None, REFERENCE):
        platform.plan.cohort(str(cohort))
    result = run_cohorts(
        platform,
        [n for n in names if n != REFERENCE],
        entity=entity,
        reference=REFERENCE in names,
        wave=wave if entity is None else None,
        concurrency=concurrency,
    )
    if json:
        print_json(result)
    else:
        for line in result["cohorts"]:
            state = "[green]✔ passed[/]" if line["passed"] else "[red]✖ not passed[/]"
            out.print(
                f"{state}  {line['cohort']}: {line['loaded']:,} records loaded "
                f"({line['written']:,} written now), {line['excepted']:,} in the exception queue, "
                f"{line['seconds']:.1f} s"
            )
            for reason in line["reasons"]:
                out.print(f"    - {reason}")
            out.print(f"    expectation report: {line['report']}")
    if not result["passed"]:
        raise typer.Exit(1)


def run_cohorts(
    platform: Any,
    cohorts: Sequence[str],
    *,
    entity: str | None = None,
    reference: bool = False,
    wave: str | None = None,
    concurrency: int | None = None,
) -> dict[str, Any]:
    """Run cohorts through the orchestrator and say how each of them ended."""
    from migration_platform import gate
    from migration_platform.outcome import judge_run
    from migration_platform.platform import REFERENCE

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
    platform.applicability  # noqa: B018 - names a missing source before anything starts
    moved = [*([REFERENCE] if reference else []), *cohorts]
    runner = _runner()
    started = datetime.now(UTC)
    total = 4 * sum(len(entities or platform.cohort_entities(name)) for name in moved)
    with _progress(platform, moved, started, total):
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
def _progress(
    platform: Any, cohorts: Sequence[str], started: datetime, total: int
) -> Iterator[None]:
    """A bar that follows what the stages record, whoever runs them."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    from migration_platform.store import Store

    done = threading.Event()
    store = Store(platform.settings)
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=err,
        transient=True,
        disable=not err.is_terminal,
    )
    label = cohorts[0] if len(cohorts) == 1 else f"{len(cohorts)} cohorts"

    def follow() -> None:
        task = bar.add_task(f"{label}: stages", total=total)
        while not done.wait(0.5):
            bar.update(task, completed=store.count_finished_since(cohorts, started))

    thread = threading.Thread(target=follow, daemon=True)
    with bar:
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
