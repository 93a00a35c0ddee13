"""`migration log`: what was decided about waves, and whether the log of it is whole."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import typer
from rich.table import Table

from migration_platform.command.console import Json, out, print_json


def log(
    verify: Annotated[
        Literal["verify"] | None,
        typer.Argument(help="`verify`: look for entries altered, removed or out of order."),
    ] = None,
    json: Json = False,
) -> None:
    """Print the decision log, or verify it. Verifying ends with 1 if the log is not whole."""
    from migration_platform.decision.log import verify as verify_log
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
