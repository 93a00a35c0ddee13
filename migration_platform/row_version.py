"""Row version: are the rows that a query covers, every one, the very rows that they were before?

Postgres gives each row the number of the transaction that wrote it (`xmin`): any write to a row gives
it a new one, and a deleted row is missing from the sum. So the number of the rows and a digest of
(key, xmin) prove that nothing was written between two looks, at the price of one aggregate. What the
tables look like belongs to the proof (a dropped and re-added column leaves xmin alone), and so does
the server's own history (after a restore, numbers are given out again). What this cannot see: files
edited below Postgres, a copy of its data folder put back, and four billion transactions in between.

SQL and its reading only; what follows from it is decided by who asks. It shares nothing with the
loader, so that both sides of a migration can be asked alike.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class RowVersions:
    """The covered rows at one instant. `digest` is empty if nothing can be proven, and `reason` says
    why. `snapshot` names what was visible then, in Postgres' own words."""

    rows: int
    digest: str
    snapshot: str
    reason: str = ""


def read_versions(cursor: Any, tables: Sequence[str], hashes: str, covered: str) -> RowVersions:
    """Look at the rows of `covered` (FROM … WHERE …) in the transaction that `cursor` is in.

    `hashes` are SQL expressions of bigints, each over a row's key and version. `tables` are all that
    the rows come from, as they are written in SQL.
    """
    facts = []
    for table in tables:
        if reason := _why_not(cursor, table):
            return RowVersions(0, "", "", reason)
        facts.append(_describe(cursor, table))
    if not _ask(cursor, _MAY_ASK)[0][0]:
        return RowVersions(0, "", "", "this role may not ask the server for its history")
    facts.append(str(_ask(cursor, _SERVER)[0]))
    found = _ask(cursor, f"SELECT pg_current_snapshot()::text, count(*), {hashes} {covered}")[0]
    content = "\n".join([*facts, *[str(value) for value in found[1:]]])
    return RowVersions(int(found[1]), hashlib.sha256(content.encode()).hexdigest(), str(found[0]))


_MAY_ASK = (
    "SELECT has_function_privilege('pg_control_system()', 'EXECUTE') "
    "AND has_function_privilege('pg_control_checkpoint()', 'EXECUTE')"
)
_SERVER = (
    "SELECT (SELECT system_identifier FROM pg_control_system())::text, "
    "(SELECT timeline_id FROM pg_control_checkpoint())::text, "
    "(SELECT oid FROM pg_database WHERE datname = current_database())::text"
)


def visible_at(snapshot: str, row: str) -> str:
    """SQL: whether the version of `row` (an alias) was there already in an earlier snapshot.

    `xmin` has 32 bits and a snapshot 64: the number is completed to the newest that is not ahead.
    """
    now = "pg_snapshot_xmax(pg_current_snapshot())::text::numeric"
    low = f"{row}.xmin::text::numeric"
    whole = f"{low} + 4294967296 * floor(({now} - {low}) / 4294967296)"
    return f"pg_visible_in_snapshot(({whole})::text::xid8, '{snapshot}'::pg_snapshot)"


def _why_not(cursor: Any, table: str) -> str:
    """Why the rows of a table cannot be proven unchanged; empty if they can."""
    found = _ask(
        cursor,
        "SELECT relkind::text, relhassubclass FROM pg_class "
        f"WHERE oid = to_regclass({_quote(table)})",
    )
    if not found:
        return f"there is no table {table}"
    kind, parted = found[0]
    if kind == "r" and not parted:
        return ""
    words = {"v": "a view", "m": "a materialized view", "f": "a foreign table"}
    return f"{table} is {words.get(kind, 'made of several tables')}, whose rows carry no version"


def _describe(cursor: Any, table: str) -> str:
    """What the table is, with each column's definition and the version of that."""
    where = f"to_regclass({_quote(table)})"
    columns = _ask(
        cursor,
        "SELECT a.attnum::text, a.attname::text, a.xmin::text, COALESCE(d.xmin::text, '') "
        "FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid "
        f"AND d.adnum = a.attnum WHERE a.attrelid = {where} AND a.attnum > 0 ORDER BY a.attnum",
    )
    return f"{_ask(cursor, f'SELECT {where}::oid::text')[0][0]} {columns}"


def _ask(cursor: Any, query: str) -> list[tuple[Any, ...]]:
    cursor.execute(query)
    return [tuple(row) for row in cursor.fetchall()]


def _quote(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
