"""Digest: the whole content of a table as one text, to see whether anything in it changed.

For comparing one destination with itself at two times, or with its shadow: two digests are equal
exactly if both held the same rows, whatever their order. It tells nothing of a row.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import psycopg
from psycopg import sql

SUM = (
    "SELECT count(*), coalesce(sum(hashtextextended(image, 0)::numeric), 0), "
    "coalesce(sum(hashtextextended(image, 1)::numeric), 0) "
    "FROM (SELECT ({row})::text AS image FROM {rows} OFFSET 0) AS r"
)
"""Rows, and two sums over their hashes: it streams, and no order needs to be made. Without OFFSET 0
the row's text would be made twice."""


def digest_rows(cursor: psycopg.Cursor, row: sql.Composable, rows: sql.Composable) -> str:
    """Digest of an expression `row` over `rows` (what may follow FROM)."""
    cursor.execute(sql.SQL(SUM).format(row=row, rows=rows))
    return ":".join(map(str, cursor.fetchone() or ()))


def digest_tables(connection: psycopg.Connection, tables: Iterable[sql.Identifier]) -> str:
    """Digest of all rows of several tables, 64 hex digits."""
    with connection.cursor() as cursor:
        parts = [
            f"{table.as_string(connection)}={digest_rows(cursor, sql.SQL('d'), sql.SQL('{} d').format(table))}"
            for table in tables
        ]
    return hashlib.sha256("\n".join(sorted(parts)).encode()).hexdigest()
