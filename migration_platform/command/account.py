"""`migration account`: who may sign in to the reviewers' room."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import typer
from rich.table import Table

from migration_platform.command.console import Json, out, print_json
from migration_platform.errors import ConfigurationError

Act = Literal["add", "reset", "disable", "list"]


def account(
    act: Annotated[Act, typer.Argument(help="What to do.")],
    name: Annotated[str, typer.Argument(help="The name to sign in with.")] = "",
    person: Annotated[str, typer.Option(help="Whose it is: a name that people.toml has.")] = "",
    json: Json = False,
) -> None:
    """Add an account for a person, give it a new password, disable it, or list all.

    A password is printed once, and must be changed when it is first used. What a person may see and
    do follows from people.toml.
    """
    from migration_platform.platform import Platform
    from migration_platform.room import account as accounts

    platform = Platform.open()
    if act == "list":
        _show(accounts.list_accounts(platform.store), platform.people, json)
        return
    if not name:
        raise ConfigurationError(f"name the account: migration account {act} NAME")
    if act == "disable":
        accounts.disable_account(platform.store, name)
        if json:
            print_json({"name": name, "disabled": True})
        else:
            out.print(f"[green]✔[/] Nobody signs in as {name} any more, or is signed in so.")
        return
    if act == "add":
        platform.people.require(person)
        password = accounts.add_account(platform.store, name, person)
    else:
        password = accounts.reset_account(platform.store, name)
    if json:
        print_json({"name": name, "password": password})
        return
    out.print(f"[green]✔[/] {name} signs in with this password once, and then chooses another:")
    out.print(f"    {password}", markup=False)


def _show(found: Any, people: Any, json: bool) -> None:
    from migration_platform.decision.right import find_roles

    if json:
        print_json([_plain(each, people) for each in found])
        return
    if not found:
        out.print("There is no account yet: migration account add NAME --person PERSON")
        return
    table = Table("name", "person", "roles", "state", "password changed (UTC)")
    for each in found:
        state = (
            "disabled" if each.disabled_at else "must change its password" if each.must_change
            else "in use"
        )  # fmt: skip
        table.add_row(
            each.name,
            each.person,
            ", ".join(find_roles(people, each.person)) or "none: people.toml does not name them",
            state,
            f"{each.changed_at:%Y-%m-%d %H:%M}",
        )
    out.print(table)


def _plain(each: Any, people: Any) -> dict[str, Any]:
    from dataclasses import asdict

    from migration_platform.decision.right import find_roles

    return {**asdict(each), "roles": list(find_roles(people, each.person))}
