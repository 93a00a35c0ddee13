"""Grant: what the role that the platform uses may do in the platform store, whose tables another
role owns.

It reads and writes everything, but from what is append-only (a table with the trigger `append_only`)
it may neither take nor change a row, nor switch the trigger off: it does not own the table.
"""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg import sql

APPEND_ONLY = """
SELECT c.relname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = 'migration' AND t.tgname = 'append_only' ORDER BY 1
"""

GRANT = """
DO $$
DECLARE
    who text := quote_ident('{role}');
    kept text;
BEGIN
    EXECUTE 'GRANT USAGE ON SCHEMA migration TO ' || who;
    EXECUTE 'GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA migration TO ' || who;
    FOR kept IN
        SELECT t.tgrelid::regclass::text FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
        WHERE c.relnamespace = 'migration'::regnamespace AND t.tgname = 'append_only'
    LOOP
        EXECUTE 'REVOKE UPDATE, DELETE, TRUNCATE ON ' || kept || ' FROM ' || who;
    END LOOP;
END $$
"""

POWERS = """
SELECT c.relname, r.rolsuper, pg_has_role(current_user, c.relowner, 'MEMBER') AS owns,
       has_table_privilege(c.oid, 'UPDATE, DELETE, TRUNCATE') AS writes,
       pg_has_role(current_user, n.nspowner, 'MEMBER') AS drops
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_roles r ON r.rolname = current_user
WHERE n.nspname = 'migration' AND c.relname = ANY(%s) ORDER BY 1
"""


def make_role(connection: psycopg.Connection[Any], role: str) -> None:
    """Make a role that may log in, if it is not there."""
    if not connection.execute("SELECT FROM pg_roles WHERE rolname = %s", (role,)).fetchall():
        connection.execute(sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(role)))


def grant_use(role: str) -> str:
    """The statement that lets a role use the platform store, for the owner of its tables."""
    name = role.replace("'", "''")
    return GRANT.replace("{role}", name)


def find_powers(connection: psycopg.Connection[Any]) -> list[str]:
    """Why the present role could alter what is append-only, in words; empty if it could not."""
    names = [str(table) for (table,) in connection.execute(APPEND_ONLY).fetchall()]
    [(user,)] = connection.execute("SELECT current_user").fetchall()
    found: list[str] = []
    for table, superuser, owns, writes, drops in connection.execute(POWERS, (names,)).fetchall():
        why = (
            "is a superuser"
            if superuser
            else f"owns migration.{table}"
            if owns
            else f"may change rows of migration.{table}"
            if writes
            else "owns the schema migration"
            if drops
            else ""
        )
        if why and f"role {user} {why}" not in found:
            found.append(f"role {user} {why}")
    return found
