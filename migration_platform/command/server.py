"""Server commands: start and stop what the other commands and Dagster stand on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from migration_platform import launcher
from migration_platform.command.console import Json, err, print_json
from migration_platform.errors import ConfigurationError
from migration_platform.server import embedded
from migration_platform.server.server import LOOPBACK, ROLE
from migration_platform.settings import DATABASES, Settings, variable

if TYPE_CHECKING:
    from migration_platform.platform import Platform


def up(json: Json = False) -> None:
    """Start the embedded Postgres and say where it listens.

    Other commands start it themselves when they need it. Databases for which a MIGRATION_…_URL is
    set are somebody's own and are left alone.
    """
    settings = Settings.load()
    own = [name for name in DATABASES if settings.given_url(name)]
    if not settings.needs_embedded:
        if json:
            print_json({"running": False, "home": str(settings.home), "own": own})
        else:
            typer.echo("Nothing to start: all four databases are your own servers'.")
        return
    server = embedded.ensure_running(settings.home)
    held = [name for name in DATABASES if name not in own]
    if json:
        print_json(
            {
                "running": True,
                "home": str(settings.home),
                "socket": server.socket,
                "host": LOOPBACK,
                "port": server.port,
                "user": ROLE,
                "password_file": str(server.password_file),
                "databases": held,
                "own": own,
            }
        )
        return
    typer.echo(f"Postgres is running for {settings.home}")
    typer.echo(f"  databases  {', '.join(held)}")
    typer.echo(f"  socket     {server.socket} (port {server.port}, user {ROLE})")
    typer.echo(f"  loopback   {LOOPBACK}:{server.port}, user {ROLE}")
    typer.echo(f"  password   in {server.password_file}; the socket needs none")
    for name in own:
        typer.echo(f"  {name}: your own server ({variable(name)})")


def down(json: Json = False) -> None:
    """Stop the embedded Postgres. Its data stays; `up` or any other command brings it back."""
    settings = Settings.load()
    stopped = embedded.stop(settings.home)
    if json:
        print_json({"stopped": stopped, "home": str(settings.home)})
    elif stopped:
        typer.echo(f"Postgres of {settings.home} is stopped.")
    else:
        typer.echo(f"Postgres of {settings.home} was not running.")


def ui(
    port: Annotated[int, typer.Option(help="The port on 127.0.0.1.", min=1, max=65535)] = 3000,
) -> None:
    """Start the reviewers' room and Dagster's webserver and daemon on loopback, until Ctrl-C.

    One signs in to the room (`migration account`). Dagster's pages have no login: they stay on this
    machine, or behind a proxy that authenticates.
    """
    settings = Settings.load()
    if port == settings.room_port:
        raise ConfigurationError(
            f"port {port} is the reviewers' room's (MIGRATION_ROOM_PORT): name another one with "
            "--port."
        )
    launcher.require_free_port(port, "--port")
    launcher.require_free_port(settings.room_port, "MIGRATION_ROOM_PORT")
    from migration_platform.platform import Platform

    invitation = find_invitation(Platform.open())
    launcher.start_room(settings, port)
    err.print(
        f"The reviewers' room answers on {settings.room_url}. Dagster will on "
        f"http://{LOOPBACK}:{port} within half a minute. Ctrl-C ends both."
    )
    if invitation:
        err.print(invitation, markup=False)
    launcher.become_dagster(settings, port)


def find_invitation(platform: Platform) -> str:
    """What makes the first account of the room; nothing where somebody can sign in already."""
    from migration_platform.room.account import list_accounts

    if platform.settings.oidc_issuer or list_accounts(platform.store):
        return ""
    person = platform.people.roles["clinical lead"][0]
    return (
        "Nobody can sign in to the room yet. Whom people.toml names gets an account and a first "
        f'password with: .venv/bin/migration account add NAME --person "{person}"'
    )
