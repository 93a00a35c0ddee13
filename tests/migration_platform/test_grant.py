"""A platform store of one's own: made as its owner, used as another role."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from migration_platform import schema
from migration_platform.database import connect
from migration_platform.errors import ConfigurationError
from migration_platform.schema.grant import find_powers
from migration_platform.server import embedded
from migration_platform.server.server import USER
from migration_platform.settings import Settings
from migration_platform.store import Store


@pytest.fixture
def own(fresh_home: Path) -> Settings:
    """A store named by URLs, one for its owner and one for its user."""
    server = embedded.ensure_running(fresh_home)
    return replace(
        Settings.load(),
        platform_url=server.url("platform", USER),
        platform_owner_url=server.url("platform"),
    )


def append(settings: Settings, action: str) -> None:
    store = Store(settings)
    store.append_decision(wave="pilot", action=action, person="Ada", reason="so")
    store.close()


def test_the_user_appends_and_alters_nothing_once_the_owner_has_set_it_up(own: Settings) -> None:
    schema.upgrade(own, "platform")
    everyday = replace(own, platform_owner_url=None)

    schema.upgrade(everyday, "platform")
    append(everyday, "open")

    with connect(everyday, "platform") as connection:
        assert find_powers(connection) == []
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("DELETE FROM migration.decision")


def test_a_store_with_one_role_works_and_says_that_it_could_be_altered(own: Settings) -> None:
    single = replace(own, platform_url=own.platform_owner_url, platform_owner_url=None)
    schema.upgrade(single, "platform")

    append(single, "open")

    with connect(single, "platform") as connection:
        assert find_powers(connection) == ["role migration is a superuser"]


def test_the_user_alone_cannot_set_it_up_and_is_told_what_is_lacking(own: Settings) -> None:
    with pytest.raises(ConfigurationError, match="MIGRATION_PLATFORM_OWNER_URL"):
        schema.upgrade(replace(own, platform_owner_url=None), "platform")


def test_a_new_table_that_is_append_only_is_the_users_to_append_to_alone(own: Settings) -> None:
    schema.upgrade(own, "platform")

    with connect(own, "platform") as connection:
        rows = connection.execute(
            "SELECT c.relname, has_table_privilege(c.oid, 'INSERT'), "
            "has_table_privilege(c.oid, 'UPDATE, DELETE, TRUNCATE'), EXISTS (SELECT FROM pg_trigger "
            "WHERE tgrelid = c.oid AND tgname = 'append_only') FROM pg_class c JOIN pg_namespace n "
            "ON n.oid = c.relnamespace WHERE nspname = 'migration' AND relkind = 'r'"
        ).fetchall()

    append_only = {name for name, _, writes, guarded in rows if guarded}
    assert append_only >= {"decision", "evidence", "metric", "waiver", "chart_judgement"}
    assert all(inserts for _, inserts, _, _ in rows)
    assert all(writes is not guarded for _, _, writes, guarded in rows)
