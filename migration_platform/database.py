"""Database: connections to source, destination, platform store and Dagster's storage.

Each is the embedded server's unless the environment names another (`settings`). What is read and
written over a connection stands with the words it belongs to.
"""

from __future__ import annotations

import os
import select
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from migration_platform.errors import ConfigurationError
from migration_platform.server import embedded
from migration_platform.server.server import ROLE, USER, find
from migration_platform.settings import Database, Settings, variable

if TYPE_CHECKING:
    import psycopg


def url(settings: Settings, name: Database, driver: str = "", *, owner: bool = False) -> str:
    """A database's URL, with SQLAlchemy's driver name if given (`psycopg2`). Starts the embedded
    server if it is needed. It may hold a password: never print it.

    `owner`: as whom the platform store's tables belong to, to change them; otherwise as its user.
    """
    plain = _given(settings, name, owner) or embedded.ensure_running(settings.home).url(
        name, _role(name, owner)
    )
    _pin_session()
    return plain.replace("postgresql://", f"postgresql+{driver}://", 1) if driver else plain


def connect(
    settings: Settings,
    name: Database,
    *,
    autocommit: bool = False,
    application_name: str = "migration",
    owner: bool = False,
) -> psycopg.Connection[tuple[Any, ...]]:
    """Connect with psycopg. Raises ConfigurationError that names the setting to look at."""
    import psycopg

    def attempt(target: str) -> psycopg.Connection[tuple[Any, ...]]:
        return psycopg.connect(target, autocommit=autocommit, application_name=application_name)

    _pin_session()
    known = None if settings.given_url(name) else find(settings.home)
    if known and known.ready and known.socket:
        # To just try costs less than to ask first whether the server is there.
        with suppress(psycopg.OperationalError):
            return attempt(known.url(name, _role(name, owner)))
    try:
        return attempt(url(settings, name, owner=owner))
    except psycopg.Error as error:
        raise _refused(settings, name, error) from None


def is_lost(connection: psycopg.Connection[Any]) -> bool:
    """Whether the server has ended an idle connection, asked without a round trip: it has nothing to
    say to one that waits, unless it says goodbye."""
    if connection.closed:
        return True
    waiting = select.poll()
    waiting.register(connection.fileno(), select.POLLIN | select.POLLHUP)
    return bool(waiting.poll(0))


def adbc(settings: Settings, name: Database) -> Any:
    """Connect with ADBC, for whole tables as Arrow."""
    from adbc_driver_postgresql import dbapi

    target = url(settings, name)
    try:
        return dbapi.connect(target)
    except dbapi.Error as error:
        raise _refused(settings, name, error) from None


def answers(stream: Any) -> bool:
    """Whether an ADBC connection still has its server; one that does not is closed.

    It has to be asked: the driver does not show what it hears the server say (`is_lost`).
    """
    from adbc_driver_postgresql import dbapi

    try:
        with stream.cursor() as cursor:
            cursor.execute("SELECT 1")
            cursor.fetchall()
        stream.rollback()
    except dbapi.Error:
        with suppress(dbapi.Error):
            stream.close()
        return False
    return True


def _given(settings: Settings, name: Database, owner: bool) -> str | None:
    if owner and name == "platform" and settings.platform_url and settings.platform_owner_url:
        return settings.platform_owner_url
    return settings.given_url(name)


def _role(name: Database, owner: bool) -> str:
    """As whom we connect to a database of the embedded server."""
    return USER if name == "platform" and not owner else ROLE


def _pin_session() -> None:
    """Every session of this process speaks UTC and ISO dates, whatever its server is set to."""
    os.environ["PGTZ"] = "UTC"
    os.environ["PGDATESTYLE"] = "ISO"


def _refused(settings: Settings, name: Database, error: Exception) -> ConfigurationError:
    first = (str(error).strip().splitlines() or [type(error).__name__])[0]
    if settings.given_url(name):
        advice = f"Look at {variable(name)}: is the server up, and may this user connect?"
    else:
        advice = "Look at the embedded Postgres: `migration up`."
    return ConfigurationError(f"cannot connect to the {name} database: {first}. {advice}")
