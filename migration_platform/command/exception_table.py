"""Exception table: how the exception queue, and one record of it, look on a terminal.

What is printed is put together in `exception.case`.
"""

from __future__ import annotations

from typing import Any

from rich.table import Table

from migration_platform.command.console import out, print_json
from migration_platform.exception.kind import MOVING


def print_kinds(kinds: list[dict[str, Any]]) -> None:
    table = Table("kind", title="by kind", title_justify="left")
    for name in ("open", "overdue", "oldest (hours)", "due after (hours)"):
        table.add_column(name, justify="right")
    for k in kinds:
        table.add_row(
            k["kind"], f"{k['open']:,}", f"{k['overdue']:,}", f"{k['oldest_hours']:,.1f}",
            "not declared" if k["hours"] is None else f"{k['hours']:,}",
        )  # fmt: skip
    out.print(table)


def print_groups(groups: list[dict[str, Any]]) -> None:
    table = Table(title="by cause", title_justify="left")
    table.add_column("records", justify="right")
    for title in ("cohort", "entity", "field", "why", "kind", "owner", "first due (UTC)"):
        table.add_column(title)
    for e in groups:
        table.add_row(
            f"{e['count']:,}",
            e["cohort"], e["entity"], e["field"], e["rule"], e["kind"], e["owner"],
            f"{e['due_at']:%Y-%m-%d %H:%M}",
        )  # fmt: skip
    out.print(table)


def print_records(records: list[dict[str, Any]]) -> None:
    table = Table(title="records, due first", title_justify="left")
    for title in ("token", "cohort", "entity", "field", "why", "kind", "owner", "works on it"):
        table.add_column(title)
    table.add_column("due (UTC)")
    for e in records:
        due = f"{e['due_at']:%Y-%m-%d %H:%M}" + (" overdue" if e["overdue"] else "")
        table.add_row(
            e["token"], e["cohort"], e["entity"], e["field"], e["rule"], e["kind"], e["owner"],
            e["assignee"], due,
        )  # fmt: skip
    out.print(table)


def print_case(case: dict[str, Any]) -> None:
    for e in case["exceptions"]:
        state = "waits" if e["closed_at"] is None else "waited"
        if e["stage"] in MOVING:
            state = (
                "moves, and somebody must look at it" if e["closed_at"] is None else "was looked at"
            )
        out.print(
            f"[bold]{e['entity']} {case['token']} of {e['cohort']} {state}: {e['rule']}[/]"
            + (f" ({e['field']})" if e["field"] else "")
        )
        due = f"due {e['due_at']:%Y-%m-%d %H:%M} UTC" + (", overdue" if e["overdue"] else "")
        if e["closed_at"] is not None:
            due = f"closed {e['closed_at']:%Y-%m-%d %H:%M} UTC"
        out.print(f"  {e['kind']}: {e['means']}", markup=False)
        out.print(f"  owner {e['owner']}, open since {e['opened_at']:%Y-%m-%d %H:%M} UTC, {due}")
        if e["columns"]:
            out.print(f"  {e['field']} is made of {', '.join(e['columns'])}", markup=False)
        if e["closed_at"] is None:
            out.print(f"  what to do: {e['path']}", markup=False)
    if case["assignee"]:
        out.print(f"{case['assignee']} works on it.", markup=False)
    for other in case["duplicates"]:
        against = f"; against it {', '.join(other['differs'])}" if other["differs"] else ""
        likely = (
            f"as {other['proposed_by']} proposed"
            if other["proposed_by"]
            else f"probability {other['probability']:.4f}, weight {other['weight']:.1f}; for it "
            f"{', '.join(other['agrees'])}{against}"
        )
        merged = f"; {other['merged']}" if other["merged"] else ""
        out.print(
            f"may be the same person as {other['token']} ({other['end']}): {likely}{merged}",
            markup=False,
        )
    for number in case["proposals"]:
        out.print(f"proposal {number} waits for another person to accept or reject it.")
    for ruling in case["rulings"]:
        about = f" {ruling['about']}" if ruling["about"] else ""
        out.print(f"in force: {ruling['effect']}{about} (entry {ruling['number']})", markup=False)
    for act in case["history"]:
        said = ", ".join(f"{k} {v}" for k, v in act["detail"].items())
        out.print(
            f"  {act['number']}. {act['at']:%Y-%m-%d %H:%M} UTC {act['person']}: {act['action']}"
            + (f" ({said})" if said else "")
            + f": {act['reason']}",
            markup=False,
        )
    if "source" in case:
        columns = dict.fromkeys(n for r in (case["source"], *case["others"].values()) for n in r)
        for name in columns:
            texts = [r.get(name, "-") for r in (case["source"], *case["others"].values())]
            out.print(f"    {name}: {' | '.join(texts)}", markup=False)
        for number, text in case["values"].items():
            out.print(f"    entry {number}: {'nothing' if text is None else text}", markup=False)


def tell_act(act: Any, said: str, json: bool) -> None:
    """Say what was done about a record, and what follows."""
    if json:
        detail = {k: v for k, v in act.detail.items() if k != "seal"}
        print_json(
            {
                "number": act.number, "cohort": act.cohort, "entity": act.entity,
                "token": act.token, "action": act.action, "person": act.person,
                "reason": act.reason, "detail": detail, "at": act.acted_at,
            }
        )  # fmt: skip
        return
    out.print(f"[green]✔[/] {act.action}, by {act.person}: entry {act.number} of the history.")
    out.print(f"  {said}", markup=False)
