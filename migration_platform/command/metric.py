"""`migration metric` and `import-metrics`: figures from the operation of cohorts, recorded."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from migration_platform.command.console import Json, out, print_json
from migration_platform.errors import ConfigurationError

By = Annotated[str, typer.Option(help="Who, or what, measured it.")]


def metric(
    cohort: Annotated[str, typer.Argument(help="The cohort it was measured in.")],
    name: Annotated[str, typer.Argument(help="The metric, as criteria.toml names it.")],
    value: Annotated[
        str, typer.Argument(help="The figure: 4.5, or a count out of a whole, as in 9/200.")
    ],
    by: By,
    at: Annotated[
        str,
        typer.Option(help="The instant it speaks of, as in 2026-11-21T08:00:00Z (default: now)."),
    ] = "",
    json: Json = False,
) -> None:
    """Record a figure from the operation of a cohort, to be judged against its baseline."""
    from migration_platform.platform import Platform
    from migration_platform.trigger.figure import read_figure
    from migration_platform.trigger.measurement import Measurement, read_instant
    from migration_platform.trigger.metric_log import name_metrics, record_measurements

    platform, now = Platform.open(), datetime.now(UTC)
    wave = platform.plan.wave_of(cohort).name
    names = name_metrics(platform)[cohort]
    if name not in names:
        raise ConfigurationError(
            f"wave {wave} has no metric '{name}'. criteria.toml has: {', '.join(names) or 'none'}"
        )
    try:
        figure = read_figure(value)
        measured_at = read_instant(at, now) if at else now
    except ValueError as error:
        raise ConfigurationError(f"'{value}' of {name}: {error}") from None
    record_measurements(platform.store, [Measurement(cohort, name, figure, measured_at)], by)
    if json:
        print_json(
            {
                "cohort": cohort,
                "name": name,
                "figure": figure.text,
                "measured_at": measured_at,
                "by": by,
            }
        )
        return
    out.print(f"[green]✔[/] {name} of cohort {cohort} is {figure.words}, says {by}.")


def import_metrics(
    file: Annotated[
        Path, typer.Argument(help="A CSV file: metric, cohort, measured_at and the figure.")
    ],
    by: By,
    json: Json = False,
) -> None:
    """Record the figures of a CSV file, all or none. Again, it records what is new or was put right.

    Each line has either a numerator and a denominator, or a value.
    """
    from migration_platform.platform import Platform
    from migration_platform.trigger.measurement import read_measurements
    from migration_platform.trigger.metric_log import name_metrics, record_measurements

    platform = Platform.open()
    found = read_measurements(file, name_metrics(platform), datetime.now(UTC))
    done = record_measurements(platform.store, found, by)
    if json:
        print_json(done)
        return
    out.print(
        f"[green]✔[/] {file.name}: {done.new:,} figures recorded, {done.corrected:,} put right, "
        f"{done.known:,} known already."
    )
