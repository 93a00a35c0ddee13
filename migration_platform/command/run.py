"""`migration run`: take cohorts through extract, transform, load and reconcile, in Dagster."""

from __future__ import annotations

from collections.abc import Sequence
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


def run_cohorts(platform: Any, cohorts: Sequence[str], **asked: Any) -> dict[str, Any]:
    """Run cohorts with a bar that follows what the stages record; say how each of them ended."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    from migration_platform import cohort_run

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
    with bar:
        task = bar.add_task(f"{label}: stages", total=None)
        return cohort_run.run_cohorts(
            platform,
            cohorts,
            **asked,
            tell=lambda far: bar.update(task, completed=far.ended, total=far.total),
        )
