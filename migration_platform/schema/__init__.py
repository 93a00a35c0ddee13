"""Schema: our own tables, in the platform store and beside the destination's, under Alembic.

`upgrade` brings a database to this code's revision; each change of a table is a new revision file in
`platform/` or `destination/`, never an edit of one that has landed.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import psycopg

from migration_platform.database import connect, url
from migration_platform.errors import ConfigurationError
from migration_platform.schema.grant import grant_use, make_role
from migration_platform.server.server import USER
from migration_platform.settings import Settings

Target = Literal["platform", "destination"]

HEAD: dict[Target, str] = {"platform": "platform_0011", "destination": "destination_0002"}
"""The revision that this code works with (a test compares it with the newest file)."""

LACKING: dict[Target, str] = {
    "platform": "Set MIGRATION_PLATFORM_OWNER_URL for this run: who owns the platform store.",
    "destination": "Grant it CREATE on the database.",
}

HERE = Path(__file__).parent


def upgrade(settings: Settings, target: Target) -> None:
    """Bring a database's `migration` schema to `HEAD`. Quick when it is there already.

    Raises ConfigurationError if the database cannot be reached, or if newer code has upgraded it.
    """
    found = current_revision(settings, target)
    if found == HEAD[target]:
        return
    if found is not None and not (HERE / target / f"{found}.py").exists():
        raise ConfigurationError(
            f"the {target} database: its schema `migration` is at revision {found}, and this code "
            f"knows it up to {HEAD[target]} only: newer code has upgraded it. Go back to that code, or "
            "restore the backup from before the upgrade (docs/operate.md, Upgrade). Nothing was "
            "written."
        )
    # Alembic and SQLAlchemy take a third of a second to import: only when there is work for them.
    from alembic import command
    from alembic.config import Config
    from sqlalchemy import create_engine, text
    from sqlalchemy.exc import ProgrammingError

    user = _find_user(settings) if target == "platform" else None
    engine = create_engine(url(settings, target, driver="psycopg2", owner=True))
    try:
        with engine.begin() as connection:
            connection.execute(text("SELECT pg_advisory_xact_lock(720918)"))
            connection.execute(text("CREATE SCHEMA IF NOT EXISTS migration"))
            config = Config()
            config.set_main_option("script_location", str(HERE))
            config.set_main_option("version_locations", str(HERE / target))
            config.set_main_option("path_separator", "os")
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
            if user is not None:
                connection.exec_driver_sql(grant_use(user))
    except ProgrammingError as error:
        if type(error.orig).__name__ != "InsufficientPrivilege":
            raise
        raise ConfigurationError(
            f"the {target} database: this role may not make or change our tables there. {LACKING[target]}"
        ) from None
    finally:
        engine.dispose()


def _find_user(settings: Settings) -> str | None:
    """The role that uses the platform store, where another one owns it."""
    if settings.platform_url is None:
        with connect(settings, "platform", owner=True) as connection:
            make_role(connection, USER)
        return USER
    if settings.platform_owner_url is None:
        return None
    return str(psycopg.conninfo.conninfo_to_dict(settings.platform_url).get("user"))


def current_revision(settings: Settings, target: Target) -> str | None:
    """The database's revision, None if it has none yet."""
    with connect(settings, target, owner=True) as connection:
        try:
            row = connection.execute("SELECT version_num FROM migration.revision").fetchone()
        except (psycopg.errors.UndefinedTable, psycopg.errors.InsufficientPrivilege):
            return None
    return str(row[0]) if row else None
