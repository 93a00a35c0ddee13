"""`migration exceptions` and `migration exception …`: what waits for a person, and what is done about it.

Who may do what is decided in `resolution`.
"""

from __future__ import annotations

import getpass
import sys
from datetime import UTC, datetime, time
from pathlib import Path
from typing import Annotated, Any

import typer

from migration_platform.command.console import Json, out, print_json
from migration_platform.command.exception_table import (
    print_case,
    print_groups,
    print_kinds,
    print_records,
    tell_act,
)
from migration_platform.errors import ConfigurationError

exception = typer.Typer(
    name="exception", help="Work one record of the exception queue.", no_args_is_help=True
)

Token = Annotated[
    str, typer.Argument(help="The record's token, as `exceptions --records` lists it.")
]
By = Annotated[str, typer.Option(help="Who decides: a name that people.toml has.")]
Me = Annotated[str, typer.Option(help="Who does it (default: this terminal's user).")]
Reason = Annotated[str, typer.Option(help="Why: kept in the history. Name no patient.")]
Viewer = Annotated[str, typer.Option(help="With --values: who looks, a name of people.toml.")]
WhySeen = Annotated[str, typer.Option(help="With --values: why, kept with the name and the token.")]
Proposal = Annotated[int, typer.Option(help="The proposal's number, as `show` prints it.")]


def exceptions(
    cohort: Annotated[str | None, typer.Option(help="Only this cohort.")] = None,
    kind: Annotated[str | None, typer.Option(help="Only this kind.")] = None,
    entity: Annotated[str | None, typer.Option(help="Only this entity.")] = None,
    owner: Annotated[str | None, typer.Option(help="Only what this role owns.")] = None,
    overdue: Annotated[
        bool, typer.Option("--overdue", help="Only what is past its due time.")
    ] = False,
    records: Annotated[
        bool, typer.Option("--records", help="List every record, by token.")
    ] = False,
    json: Json = False,
) -> None:
    """Print what waits for a person: volume and age by kind, then by cause, or record by record."""
    from migration_platform.exception.case import summarize
    from migration_platform.exception.kind import MOVING
    from migration_platform.exception.store import count_exceptions, list_open
    from migration_platform.platform import REFERENCE, Platform

    platform = Platform.open()
    names = [REFERENCE, *[c.name for c in platform.plan.cohorts]]
    if cohort is not None:
        names = [cohort if cohort == REFERENCE else platform.plan.cohort(cohort).name]
    if kind is not None and kind not in platform.kinds:
        raise ConfigurationError(
            f"no kind is named '{kind}'. There are: {', '.join(platform.kinds)}"
        )
    asked = {"kind": kind, "entity": entity, "owner": owner}
    groups = [
        g
        for g in count_exceptions(platform.store, names)
        if all(v is None or g[k] == v for k, v in asked.items()) and (g["overdue"] or not overdue)
    ]
    listed = []
    if records:
        listed = list_open(
            platform.store, names, kind=kind, entity=entity, owner=owner, overdue=overdue
        )
    kinds = summarize(platform, groups, datetime.now(UTC))
    if json:
        print_json({"kinds": kinds, "groups": groups, "records": listed})
        return
    if not groups:
        out.print("No record waits in the exception queue.")
        return
    moving = sum(g["count"] for g in groups if g["stage"] in MOVING)
    waiting = sum(g["count"] for g in groups) - moving
    said = f"{waiting:,} record{'s wait' if waiting != 1 else ' waits'} in the exception queue"
    if moving:
        said += f"; {moving:,} more {'move' if moving != 1 else 'moves'} and must be looked at"
    out.print(f"{said}.")
    print_kinds(kinds)
    if records:
        print_records(listed)
    else:
        print_groups(groups)


@exception.command()
def show(
    token: Token,
    values: Annotated[
        bool, typer.Option("--values", help="Print the record's values too: patient data.")
    ] = False,
    by: Viewer = "",
    reason: WhySeen = "",
    json: Json = False,
) -> None:
    """Show why a record waits, the way out, and what was done about it.

    With --values, that somebody looked is recorded before anything is printed.
    """
    from migration_platform.exception.case import describe_case, read_values
    from migration_platform.platform import Platform

    platform = Platform.open()
    case = describe_case(platform, token)
    if values:
        _record_view(platform, case, by, reason)
        case |= read_values(platform, case)
    if json:
        print_json(case)
        return
    print_case(case)


@exception.command()
def assign(
    token: Token,
    to: Annotated[str, typer.Option(help="Who works on it.")],
    by: Me = "",
    json: Json = False,
) -> None:
    """Say who works on a record."""
    from migration_platform.exception import resolution
    from migration_platform.platform import Platform

    act = resolution.assign(Platform.open(), token, to=to, person=by or getpass.getuser())
    tell_act(act, f"{token} is for {to} to work on", json)


@exception.command()
def comment(
    token: Token,
    text: Annotated[str, typer.Argument(help="What to keep. Name no patient.")],
    by: Me = "",
    json: Json = False,
) -> None:
    """Add to a record's history."""
    from migration_platform.exception import resolution
    from migration_platform.platform import Platform

    act = resolution.comment(Platform.open(), token, text, person=by or getpass.getuser())
    tell_act(act, f"kept with {token}", json)


@exception.command()
def correct(
    token: Token,
    column: Annotated[str, typer.Option(help="The source column that is wrong.")],
    by: By,
    reason: Reason,
    value_file: Annotated[
        Path | None, typer.Option(help="The file with the right text (default: standard input).")
    ] = None,
    empty: Annotated[
        bool, typer.Option("--empty", help="The column should have said nothing.")
    ] = False,
    json: Json = False,
) -> None:
    """Propose what a source column should have said. Another person must accept it.

    The text is read from standard input or a file, never from the command line, where others could
    see it. It is kept in the staging area alone.
    """
    from migration_platform.exception import resolution
    from migration_platform.platform import Platform

    value = None if empty else _read_value(value_file)
    act = resolution.propose(
        Platform.open(), token, column=column, value=value, person=by, reason=reason
    )
    tell_act(act, f"proposal {act.number}: another person accepts or rejects it", json)


@exception.command()
def accept(token: Token, proposal: Proposal, by: By, reason: Reason, json: Json = False) -> None:
    """Accept a proposed correction or merge, as somebody of the owner's role who did not propose it."""
    from migration_platform.exception import resolution
    from migration_platform.platform import Platform

    act = resolution.accept(Platform.open(), token, proposal=proposal, person=by, reason=reason)
    tell_act(act, f"{token} is decided, {_again(act)}", json)


@exception.command()
def reject(token: Token, proposal: Proposal, by: By, reason: Reason, json: Json = False) -> None:
    """Reject a proposed correction or merge."""
    from migration_platform.exception import resolution
    from migration_platform.platform import Platform

    act = resolution.reject(Platform.open(), token, proposal=proposal, person=by, reason=reason)
    tell_act(act, f"proposal {proposal} is rejected", json)


@exception.command()
def code(
    token: Token,
    to: Annotated[str, typer.Option(help="The destination code that the source code means.")] = "",
    by: Annotated[str, typer.Option(help="Who looks or decides: a name of people.toml.")] = "",
    reason: Annotated[
        str, typer.Option(help="Why: kept with the look, or in the history and as the note.")
    ] = "",
    json: Json = False,
) -> None:
    """Tell which row a code map lacks for a record; with --to, add it.

    It prints the source's code: to this terminal only, and that somebody looked is recorded first.
    """
    from migration_platform.exception.case import describe_case
    from migration_platform.exception.code_row import add_code, find_missing_code
    from migration_platform.platform import Platform

    platform = Platform.open()
    if to:
        act, missing = add_code(platform, token, becomes=to, person=by, reason=reason)
        name = f"code_maps/{missing.file.name}"
        tell_act(act, f"{name} has a row more, which becomes {to}: {_again(act)}", json)
        return
    _record_view(platform, describe_case(platform, token), by, reason)
    _, missing = find_missing_code(platform, token)
    if json:
        print_json(missing)
        return
    out.print(
        f"{missing.entity}.{missing.field}: add a row to {missing.file}\n"
        f"    {missing.source_code},DESTINATION_CODE,NOTE\n"
        f"where DESTINATION_CODE is one of {', '.join(missing.becomes)}; or let this command do it "
        "with --to.",
        markup=False,
    )


@exception.command()
def exclude(token: Token, by: By, reason: Reason, json: Json = False) -> None:
    """Decide that a record does not move, nor what needs it."""
    from migration_platform.exception import resolution
    from migration_platform.platform import Platform

    act = resolution.exclude(Platform.open(), token, person=by, reason=reason)
    tell_act(act, f"{token} does not move, {_again(act)}", json)


@exception.command()
def settle(token: Token, by: By, reason: Reason, json: Json = False) -> None:
    """Say that a concern about a record that moves has been dealt with."""
    from migration_platform.exception import resolution
    from migration_platform.platform import Platform

    act = resolution.settle(Platform.open(), token, person=by, reason=reason)
    tell_act(act, f"{token} is settled, {_again(act)}", json)


@exception.command("keep-apart")
def keep_apart(token: Token, by: By, reason: Reason, json: Json = False) -> None:
    """Decide that a suspected duplicate is a record of its own, and moves."""
    from migration_platform.exception import resolution
    from migration_platform.platform import Platform

    act = resolution.keep_apart(Platform.open(), token, person=by, reason=reason)
    tell_act(act, f"{token} is kept apart and moves, {_again(act)}", json)


@exception.command()
def merge(
    token: Token,
    into: Annotated[str, typer.Option(help="The token of the registration that stays.")],
    by: By,
    reason: Reason,
    json: Json = False,
) -> None:
    """Propose that a suspected duplicate is the same person as another patient. Another person must
    accept it. From then on its chart moves as that one's: name who goes, and who stays with --into."""
    from migration_platform.duplicate.merging import propose_merge
    from migration_platform.platform import Platform

    act = propose_merge(Platform.open(), token, into=into, person=by, reason=reason)
    tell_act(act, f"proposal {act.number}: another person accepts or rejects it", json)


@exception.command()
def waive(
    token: Token,
    by: By,
    reason: Reason,
    until: Annotated[
        datetime, typer.Option(formats=["%Y-%m-%d"], help="The last day it counts (UTC).")
    ],
    json: Json = False,
) -> None:
    """Accept the difference that a record waits for, with all of its cause, for a while."""
    from migration_platform.exception import resolution
    from migration_platform.platform import Platform

    end = datetime.combine(until.date(), time.max, UTC)
    act, number = resolution.waive(Platform.open(), token, person=by, reason=reason, until=end)
    tell_act(act, f"waiver {number} covers {act.detail['count']:,} records of this cause", json)


@exception.command()
def reopen(token: Token, by: By, reason: Reason, json: Json = False) -> None:
    """Take back what was decided about a record: corrections, exclusion, merge, settlement."""
    from migration_platform.exception import resolution
    from migration_platform.platform import Platform

    act = resolution.reopen(Platform.open(), token, person=by, reason=reason)
    tell_act(act, f"{token} is as the source says, {_again(act)}", json)


def _record_view(platform: Any, case: dict[str, Any], by: str, reason: str) -> None:
    from migration_platform.value_view import record_view

    what = case["exceptions"][0]["entity"] if case["exceptions"] else "exception"
    record_view(
        platform, person=by, way="command line", what=what, token=case["token"], reason=reason
    )


def _read_value(file: Path | None) -> str:
    try:
        text = sys.stdin.read() if file is None else file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{file}: cannot be read ({type(error).__name__})") from None
    value = text.removesuffix("\n").removesuffix("\r")
    if not value.strip():
        raise ConfigurationError(
            "the right text is empty: give it on standard input or with --value-file, or say --empty"
        )
    return value


def _again(act: Any) -> str:
    where = act.cohort if act.cohort != "reference" else "COHORT"
    return f"from the next run on: `migration run --cohort {where}`"
