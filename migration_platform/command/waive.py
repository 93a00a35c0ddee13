"""`migration waive` and `migration waivers`: accept a difference for a while, end that, list it."""

from __future__ import annotations

import getpass
from dataclasses import asdict
from datetime import UTC, datetime, time
from typing import Annotated, Any

import typer
from rich.table import Table

from migration_platform.command.console import Json, out, print_json
from migration_platform.errors import ConfigurationError


def waive(
    cohort: Annotated[
        str | None, typer.Argument(help="The cohort in which the difference is.")
    ] = None,
    entity: Annotated[str | None, typer.Option(help="The entity that differs.")] = None,
    field: Annotated[
        str, typer.Option(help="The field; leave it out for missing or unexpected records.")
    ] = "",
    kind: Annotated[str | None, typer.Option(help="The kind, as `reconcile` prints it.")] = None,
    leg: Annotated[
        str, typer.Option(help="Where it came about: destination or mapping.")
    ] = "destination",
    reason: Annotated[str, typer.Option(help="Why: kept in the decision log.")] = "",
    by: Annotated[str, typer.Option(help="Who decides (default: this terminal's user).")] = "",
    until: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="The last day it counts (UTC).")
    ] = None,
    end: Annotated[int | None, typer.Option(help="End this waiver instead.")] = None,
    json: Json = False,
) -> None:
    """Accept a difference of one cause in one cohort, for a while, with a name and a reason.

    It stays a difference and is shown as waived. It counts again when the waiver ends, or when more
    records have it than now.
    """
    from migration_platform.platform import Platform
    from migration_platform.waiver.log import describe_state, end_waiver
    from migration_platform.waiver.log import waive as record_waiver

    platform = Platform.open()
    person = by or getpass.getuser()
    if end is not None:
        if cohort is not None or entity is not None:
            raise ConfigurationError("--end takes a waiver's number, and no cohort or entity")
        waiver = end_waiver(platform, end, person=person, reason=reason)
    else:
        if cohort is None or entity is None or kind is None or until is None:
            raise ConfigurationError(
                "a waiver needs a cohort, --entity, --kind, --until and --reason. See what differs "
                "with `migration reconcile`."
            )
        waiver = record_waiver(
            platform,
            cohort,
            leg=leg,
            entity=entity,
            field=field,
            kind=kind,
            person=person,
            reason=reason,
            until=datetime.combine(until.date(), time.max, UTC),
        )
    state = describe_state(platform, waiver, datetime.now(UTC))
    if json:
        print_json({**asdict(waiver), "state": state})
    elif end is not None:
        out.print(f"Waiver {waiver.number} is ended, by {person}: what it covered counts again.")
    else:
        out.print(
            f"Waiver {waiver.number}: {waiver.count:,} {waiver.kind} in "
            f"{f'{waiver.entity}.{waiver.field}'.rstrip('.')} of {waiver.cohort} are waived by "
            f"{waiver.person}, until {waiver.until:%Y-%m-%d}. They are still shown as different."
        )


def waivers(json: Json = False) -> None:
    """List every waiver there ever was, those that count first."""
    from migration_platform.platform import Platform
    from migration_platform.waiver.log import describe_state

    platform = Platform.open()
    now = datetime.now(UTC)
    found: list[dict[str, Any]] = [
        {**asdict(w), "state": describe_state(platform, w, now)} for w in platform.store.waivers()
    ]
    found.sort(key=lambda w: w["state"] != "live")
    if json:
        print_json(found)
        return
    if not found:
        out.print("Nothing is waived.")
        return
    live = sum(w["state"] == "live" for w in found)
    out.print(f"{live:,} of {len(found):,} waivers count now.")
    table = Table("no.", "state", "cohort", "what", "kind", "leg")
    table.add_column("up to", justify="right")
    for title in ("until", "by", "reason"):
        table.add_column(title)
    for w in found:
        table.add_row(
            str(w["number"]), w["state"], w["cohort"], f"{w['entity']}.{w['field']}".rstrip("."),
            w["kind"], w["leg"], f"{w['count']:,}", f"{w['until']:%Y-%m-%d}", w["person"],
            w["reason"],
        )  # fmt: skip
    out.print(table)
