"""`migration rollback`: take a cohort's or a wave's loads back, or say what that would do."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from migration_platform.command.console import Json, err, out, print_json
from migration_platform.errors import ConfigurationError


def rollback(
    wave: Annotated[str | None, typer.Argument(help="Roll back every cohort of this wave.")] = None,
    cohort: Annotated[
        list[str] | None,
        typer.Option(
            help="Roll back this cohort alone; again for each that goes together with it."
        ),
    ] = None,
    reason: Annotated[str, typer.Option(help="Why: kept with the rollback.")] = "",
    by: Annotated[str, typer.Option(help="Who decides: a name that people.toml has.")] = "",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what it would do, and change nothing.")
    ] = False,
    json: Json = False,
) -> None:
    """Take back what a cohort's loads did, so that the destination is what it was before.

    What people wrote there since is carried out first, into a file in the staging area. Refused
    (exit 1) where it would break what others have. Look at it with --dry-run before.
    """
    from migration_platform.platform import Platform
    from migration_platform.rollback.wave_rollback import roll_back_all

    platform = Platform.open()
    if (wave is None) == (not cohort):
        raise ConfigurationError("name either a wave or a cohort (--cohort)")
    names = [c.name for c in platform.plan.wave(wave).cohorts] if wave else cohort or []
    with err.status("looking at what was loaded and what was written since …"):
        results = roll_back_all(
            platform, names, wave=wave, person=by, reason=reason, dry_run=dry_run
        )
    fine = not any(each.refusals for each in results)
    if json:
        print_json({"dry_run": dry_run, "cohorts": [_as_json(each) for each in results]})
    else:
        for each in results:
            _print(each)
        if dry_run:
            out.print("Nothing was changed: this was a dry run.")
        else:
            if wave:
                out.print(
                    f"Wave {wave} is rolled back. Before it loads again: migration open {wave}"
                )
            for again in [f"--wave {wave}"] if wave else [f"--cohort {name}" for name in names]:
                out.print(f"To load again, under the same ids: migration run {again}")
    if not fine:
        raise typer.Exit(1)


def _as_json(result: Any) -> dict[str, Any]:
    from dataclasses import asdict

    return {**asdict(result), "sentence": result.sentence}


def _print(result: Any) -> None:
    mark = "[red]✖[/]" if result.refusals else "[green]✔[/]" if result.done else "●"
    out.print(f"{mark} {result.sentence}")
    for refusal in result.refusals:
        out.print(f"    refused: {refusal}")
    for words, counts in (
        ("removed", result.removed),
        ("as before", result.restored),
        ("made there, removed", result.made),
        ("reference emptied", result.emptied),
    ):
        for name, number in counts.items():
            out.print(f"    {words}: {number:,} {name}")
    for group in result.writes:
        where = f"{group.entity}.{group.field}" if group.field else group.entity
        out.print(
            f"    written there: {group.count:,} {group.kind} in {where}, owner {group.owner} "
            f"({', '.join(group.tokens)})"
        )
    if result.file:
        out.print(f"    carried out to {result.file} (patient data): carry it back to the source")
    for warning in result.warnings:
        out.print(f"    not undone: {warning}")
