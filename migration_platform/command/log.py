"""`migration log` and `metric`: what was decided and recorded about waves."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Annotated, Any, Literal

import typer
from rich.table import Table

from migration_platform.command.console import Json, out, print_json
from migration_platform.errors import ConfigurationError


def log(
    verify: Annotated[
        Literal["verify"] | None,
        typer.Argument(help="`verify`: look for entries altered, removed or out of order."),
    ] = None,
    json: Json = False,
) -> None:
    """Print the decision log, or verify it. Verifying ends with 1 if the log is not whole."""
    from migration_platform.decision_log import verify as verify_log
    from migration_platform.platform import Platform

    platform = Platform.open()
    if verify is not None:
        state = verify_log(platform)
        if json:
            print_json(
                {
                    "whole": state.whole,
                    "entries": state.entries,
                    "head": state.head,
                    "altered_from": state.broken,
                    "removed_from": state.removed,
                    "alterable_because": list(state.powers),
                }
            )
        else:
            _print_state(state)
        if not state.whole:
            raise typer.Exit(1)
        return
    entries = platform.store.decisions()
    if json:
        print_json(entries)
        return
    if not entries:
        out.print("Nothing has been decided yet.")
        return
    table = Table("", "when (UTC)", "wave", "decision", "who", "on evidence", "why")
    for d in entries:
        about = d.detail.get("role") or d.detail.get("item") or d.detail.get("cohort")
        table.add_row(
            str(d.sequence),
            f"{d.decided_at:%Y-%m-%d %H:%M}",
            d.wave,
            f"{d.action}: {about}" if about else d.action,
            d.person,
            d.evidence_digest[:12],
            d.reason,
        )
    out.print(table)


def _print_state(state: Any) -> None:
    if state.whole:
        out.print(
            f"[green]✔[/] The decision log is whole: {state.entries:,} entries, the newest "
            f"{state.head[:12] or 'none'}."
        )
    if state.broken is not None:
        out.print(f"[red]✖[/] Entry {state.broken} is altered, missing or out of order.")
    if state.removed is not None:
        out.print(
            f"[red]✖[/] Entry {state.removed} is gone from the end of the log, or was replaced: this "
            "home has seen it."
        )
    if state.powers:
        out.print("The role that the platform uses could alter it:")
        for power in state.powers:
            out.print(f"  - {power}", markup=False)
        out.print("Give it a role of its own: docs/operate.md, Your own servers.")
    else:
        out.print("The role that the platform uses cannot alter it.")


def metric(
    cohort: Annotated[str, typer.Argument(help="The cohort it was measured in.")],
    name: Annotated[str, typer.Argument(help="The metric, as criteria.toml names it.")],
    value: Annotated[str, typer.Argument(help="The figure.")],
    by: Annotated[str, typer.Option(help="Who, or what, measured it.")],
    json: Json = False,
) -> None:
    """Record a figure from the operation of a cohort, to be judged against its baseline."""
    from migration_platform.platform import Platform
    from migration_platform.wave_record import record_metric

    platform = Platform.open()
    wave = platform.plan.wave_of(cohort).name
    criteria = platform.criteria.get(wave)
    names = [m.name for m in criteria.metrics] if criteria else []
    if name not in names:
        raise ConfigurationError(
            f"wave {wave} has no metric '{name}'. criteria.toml has: {', '.join(names) or 'none'}"
        )
    try:
        figure = Decimal(value)
    except InvalidOperation:
        figure = Decimal("NaN")
    if not figure.is_finite() or figure < 0:
        raise ConfigurationError(f"'{value}' is no figure: give a number from 0 up")
    record_metric(platform, cohort, name, figure, by)
    if json:
        print_json({"cohort": cohort, "name": name, "value": f"{figure:f}", "by": by})
        return
    out.print(f"[green]✔[/] {name} of cohort {cohort} is {figure:,f}, says {by}.")
