"""`migration duplicates …`: patients who are probably registered twice.

What is decided about one is an act of `migration exception` (merge, keep-apart, reopen).
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer
from rich.table import Table

from migration_platform.command.console import Json, out, print_json
from migration_platform.command.exception_table import tell_act

duplicates = typer.Typer(
    name="duplicates", help="Patients who may be registered twice.", no_args_is_help=True
)


@duplicates.command()
def find(json: Json = False) -> None:
    """Search all patients of the source for duplicates, and queue what was found. It decides nothing."""
    from migration_platform.duplicate.search import search_duplicates
    from migration_platform.platform import Platform

    found = search_duplicates(Platform.open())
    if json:
        print_json(asdict(found))
        return
    for sentence in found.sentences:
        out.print(sentence)
    if found.waiting:
        out.print("Next: `migration duplicates list`, then `migration exception show TOKEN`.")


@duplicates.command("list")
def list_pairs(json: Json = False) -> None:
    """List the pairs that the newest search or a person proposes, by token, the likeliest first."""
    from migration_platform.duplicate.merging import list_likeness
    from migration_platform.platform import Platform

    search, pairs = list_likeness(Platform.open())
    if json:
        print_json({"search": asdict(search), "pairs": pairs})
        return
    still = sum(1 for p in pairs if not p["decision"])
    out.print(
        f"{len(pairs):,} pairs, searched for on {search.found_at:%Y-%m-%d %H:%M} UTC among "
        f"{search.records:,} {search.entity} records; {still:,} not decided."
        if pairs
        else f"No pair found on {search.found_at:%Y-%m-%d %H:%M} UTC among {search.records:,} "
        f"{search.entity} records."
    )
    if not pairs:
        return
    table = Table("token", "may be", "decision", title="the likeliest first", title_justify="left")
    for title in ("probability", "weight"):
        table.add_column(title, justify="right")
    table.add_column("for it")
    table.add_column("against it")
    for p in pairs:
        figures = (
            ("·", "·", f"proposed by {p['proposed_by']}", "")
            if p["proposed_by"]
            else (f"{p['probability']:.4f}", f"{p['weight']:.1f}", ", ".join(p["agrees"]),
                  ", ".join(p["differs"]))
        )  # fmt: skip
        table.add_row(p["token"], p["other"], p["decision"] or "open", *figures)
    out.print(table)


@duplicates.command()
def propose(
    record: Annotated[str, typer.Argument(help="Who would go: its token or source id.")],
    other: Annotated[str, typer.Option("--with", help="Who would stay: its token or source id.")],
    by: Annotated[str, typer.Option(help="Who says so: a name that people.toml has.")],
    reason: Annotated[str, typer.Option(help="Why: kept in the history. Name no patient.")],
    json: Json = False,
) -> None:
    """Put a patient into the queue as possibly the same person as another one, whom no search found.

    It decides nothing: two persons do, as about any other.
    """
    from migration_platform.duplicate.pairing import propose_pair
    from migration_platform.platform import Platform

    act = propose_pair(Platform.open(), record, other=other, person=by, reason=reason)
    mate = act.detail["with"]
    tell_act(
        act,
        f"Next: `migration exception show {act.token}`, then `migration exception merge {act.token} "
        f"--into {mate}` or `migration exception keep-apart {act.token}`.",
        json,
    )
