"""`migration triggers`: the rollback triggers of every live wave, as they are now."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

import typer
from rich.table import Table

from migration_platform.command.console import Json, err, out, print_json

MARKS = {
    "tripped": "[red]✖ tripped[/]",
    "cannot tell": "[yellow]▲ cannot tell[/]",
    "clear": "[green]✔ clear[/]",
}
"""Each state by shape and word; the colour only repeats it."""


def triggers(
    evaluate: Annotated[
        bool,
        typer.Option(
            "--evaluate", help="Act as the schedule does: hold a wave whose trigger tripped, tell."
        ),
    ] = False,
    json: Json = False,
) -> None:
    """Say of each rollback trigger of each live wave whether it has tripped, and by what figure.

    Ends with 1 if one has tripped or nobody can tell, with 2 if they could not be looked at.
    """
    from migration_platform.decision.log import read_whole
    from migration_platform.exception.breach import describe_breaches, find_breaches
    from migration_platform.platform import Platform
    from migration_platform.trigger.log import read_last_look
    from migration_platform.trigger.notifier import find_undelivered
    from migration_platform.trigger.trip import evaluate as evaluate_all
    from migration_platform.trigger.watch import look_at_live

    platform = Platform.open()
    watches = evaluate_all(platform) if evaluate else look_at_live(platform, read_whole(platform))
    fine = all(watch.outcome == "clear" for watch in watches)
    breaches = find_breaches(platform)
    last = read_last_look(platform.store)
    undelivered = find_undelivered(platform.store)
    if json:
        print_json(
            {
                "fine": fine,
                "last_evaluated_at": last,
                "overdue": [asdict(breach) for breach in breaches],
                "undelivered": [each.sentence for each in undelivered],
                "waves": [_plain(watch) for watch in watches],
            }
        )
    else:
        for watch in watches:
            _print(watch)
        if not watches:
            out.print("No wave is live on the destination, so no rollback trigger is watched.")
        for notice in describe_breaches(breaches):
            out.print(f"[yellow]▲[/] {notice.sentence}")
            for reason in notice.reasons:
                out.print(f"    - {reason}", markup=False)
        when = f"{last:%Y-%m-%d %H:%M} UTC" if last else "never"
        out.print(f"last evaluated, by the schedule or with --evaluate: {when}", style="dim")
        print_undelivered(platform)
    if not fine:
        raise typer.Exit(1)


def print_undelivered(platform: Any) -> None:
    """Say on standard error what the team's notifier was not told."""
    from migration_platform.trigger.notifier import find_undelivered

    for each in find_undelivered(platform.store):
        err.print(f"[red]▲[/] {each.sentence}")


def _plain(watch: Any) -> dict[str, Any]:
    from migration_platform.trigger.trigger import describe_decision

    tripped = watch.having("tripped")
    return {
        "wave": watch.wave,
        "state": watch.state.name,
        "held_by_trigger": watch.held_by_trigger,
        "outcome": watch.outcome,
        "sentence": watch.sentence,
        "triggers": [
            {**asdict(trigger), "since": watch.since.get(trigger.name)}
            for trigger in watch.triggers
        ],
        "next": describe_decision(watch.wave, tripped) if tripped else [],
    }


def _print(watch: Any) -> None:
    from migration_platform.trigger.trigger import describe_decision

    out.print(f"{MARKS[watch.outcome]}  [bold]{watch.sentence}[/]")
    if not watch.triggers:
        return
    table = Table("", "measure", "cohort", "measured", "tolerated", "measured at (UTC)")
    for trigger in watch.triggers:
        table.add_row(
            MARKS[trigger.state],
            trigger.measure,
            trigger.cohort or "all of the wave",
            trigger.measured or "·",
            trigger.tolerated,
            trigger.measured_at[:16].replace("T", " "),
        )
    out.print(table)
    for trigger in watch.having("cannot tell"):
        out.print(f"    - {trigger.said}", markup=False)
    tripped = watch.having("tripped")
    if tripped:
        out.print("Look, then decide:")
        for command in describe_decision(watch.wave, tripped):
            out.print(f"  {command}", markup=False)
