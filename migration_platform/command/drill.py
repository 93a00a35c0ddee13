"""`migration drill`: rehearse a cohort's or a wave's rollback on a shadow, and record the result."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from migration_platform.command.console import Json, err, out, print_json
from migration_platform.errors import ConfigurationError


def drill(
    wave: Annotated[str | None, typer.Argument(help="Drill every cohort of this wave.")] = None,
    cohort: Annotated[str | None, typer.Option(help="Drill this cohort alone.")] = None,
    json: Json = False,
) -> None:
    """Rehearse load, writes after cutover, rollback and comparison on a shadow of the cohort.

    Nothing live is touched: the shadow is a database of its own, and is gone afterwards. The result
    is evidence. Ends with 1 if a drill failed.
    """
    from migration_platform.platform import Platform
    from migration_platform.rollback.drill import drill as rehearse

    platform = Platform.open()
    if (wave is None) == (cohort is None):
        raise ConfigurationError("name either a wave or a cohort (--cohort)")
    names = (
        [str(cohort)]
        if wave is None
        else [c.name for c in platform.plan.wave(wave).cohorts if not c.orphans]
    )
    results = []
    for name in names:
        with err.status(f"rehearsing the rollback of cohort {name} …"):
            results.append(rehearse(platform, name))
    if json:
        print_json({"drills": [asdict(each) for each in results]})
    else:
        for each in results:
            mark = "[green]✔ passed[/]" if each.passed else "[red]✖ failed[/]"
            out.print(f"{mark}  {each.cohort}: {each.reason}")
    if not all(each.passed for each in results):
        raise typer.Exit(1)
