"""`migration nightly`: look at every live cohort as a night does, from this terminal."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from migration_platform.command.console import Json, err, out, print_json
from migration_platform.command.trigger import print_undelivered

MARKS = {
    "could not look": "[red]▲ could not look[/]",
    "drift": "[red]✖ drift[/]",
    "behind source": "[yellow]■ behind source[/]",
    "clean": "[green]✔ clean[/]",
    "unchanged": "[green]✔ unchanged[/]",
}
"""Each outcome by shape and word; the colour only repeats it."""


def nightly(
    full: Annotated[
        bool, typer.Option("--full", help="Compare also what is proven unchanged.")
    ] = False,
    json: Json = False,
) -> None:
    """Look at every live cohort now, as the schedule does each night, and write the night's page.

    Ends with 0 if all is as it was sent, with 1 after drift or a changed source, with 2 if it could
    not look at everything.
    """
    from migration_platform.night.nightly import look
    from migration_platform.platform import Platform

    platform = Platform.open()
    with err.status("looking …") as progress:
        night = look(platform, full=full, progress=lambda what: progress.update(f"{what} …"))
    print_undelivered(platform)
    if json:
        print_json(
            {
                "night": str(night.night),
                "outcome": night.outcome,
                "sentence": night.sentence,
                "looked_at": night.looked_at,
                "page": night.page,
                "cohorts": [{**asdict(c), "outcome": c.outcome} for c in night.cohorts],
            }
        )
    else:
        out.print(f"[bold]{night.sentence}[/]")
        for cohort in night.cohorts:
            c = cohort.counts
            out.print(
                f"  {MARKS[cohort.outcome]}  {cohort.cohort}: {c['matched']:,} of {c['loaded']:,} "
                f"records match; of {c['entities']} entities {c['compared']} compared, "
                f"{c['unchanged']} proven unchanged"
            )
            for finding in cohort.findings:
                out.print(f"      {finding.said}", markup=False)
        out.print(f"  the night's page: {night.page}", style="dim")
    if night.outcome == "could not look":
        raise typer.Exit(2)
    if not night.fine:
        raise typer.Exit(1)
