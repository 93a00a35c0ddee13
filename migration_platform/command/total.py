"""`migration totals`: the control totals of each cohort, both sides beside each other."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from rich.table import Table

from migration_platform.command.console import Json, out, print_json


def totals(
    cohort: Annotated[str | None, typer.Option(help="Only this cohort.")] = None, json: Json = False
) -> None:
    """Print the control totals: sums over the source's own text that the destination must have."""
    from migration_platform.platform import REFERENCE, Platform

    platform = Platform.open()
    names = [REFERENCE, *[c.name for c in platform.plan.cohorts]]
    if cohort is not None:
        names = [cohort if cohort == REFERENCE else platform.plan.cohort(cohort).name]
    found = read_totals(platform, names)
    if json:
        print_json(found)
        return
    if not found:
        out.print("No control total has been computed yet: migration run --wave pilot")
        return
    for name in dict.fromkeys(t["cohort"] for t in found):
        print_totals(name, [t for t in found if t["cohort"] == name])


def read_totals(platform: Any, cohorts: list[str]) -> list[dict[str, Any]]:
    """Each total as its newest reconciliation left it, in the order of the file."""
    runs = {
        (r.cohort, r.entity): r
        for r in platform.store.latest_runs(cohorts)
        if r.stage == "reconcile"
    }
    return [
        {"cohort": cohort, "entity": entity, **total}
        for cohort in cohorts
        for entity in platform.cohort_entities(cohort)
        if (cohort, entity) in runs
        for total in runs[cohort, entity].detail.get("totals", [])
    ]


def print_totals(cohort: str, found: list[dict[str, Any]]) -> None:
    """What differs first, group by group; then every total with its sums."""
    wrong = [t for t in found if t["outcome"] == "differs"]
    asked = [t for t in found if t["outcome"] != "not applicable"]
    out.print(
        f"[bold]Cohort {cohort}: {len(wrong)} of {len(asked)} control totals differ.[/]"
        if wrong
        else f"[bold]Cohort {cohort}: no control total differs, of {len(asked)}.[/]"
    )
    for total in wrong:
        table = Table(title=f"{total['entity']}: {total['name']}", title_justify="left")
        table.add_column("group")
        for side in ("source", "destination"):
            table.add_column(f"{side} records", justify="right")
            table.add_column(f"{side} total", justify="right")
        for each in total["differing"]:
            group = ", ".join("(none)" if v is None else v for v in each["group"])
            table.add_row(group, *_sum(each["source"]), *_sum(each["destination"]))
        out.print(table)
        if total["differing_groups"] > len(total["differing"]):
            out.print(
                f"  the first {len(total['differing'])} of {total['differing_groups']:,} groups"
            )
    table = Table("entity", "total", "outcome")
    for column in ("groups", "moved", "their total", "stayed", "their total"):
        table.add_column(column, justify="right")
    for total in found:
        stayed = total["stayed"] or {}
        table.add_row(
            total["entity"],
            total["name"],
            total["outcome"] + (f": {total['reason']}" if total["reason"] else ""),
            f"{total['groups']:,}",
            *_sum(total["moved"]),
            ", ".join(f"{s['count']:,} {end}" for end, s in stayed.items()),
            ", ".join(s["total"] or "-" for s in stayed.values()),
        )
    out.print(table)


def _sum(side: dict[str, Any]) -> tuple[str, str]:
    return f"{side['count']:,}", side["total"] or "-"
