"""Store connection: the one connection through which the platform's own records are read and written.

What is kept there stands in `store` and `decision.store`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, cast

import psycopg
from psycopg.rows import dict_row

from migration_platform.database import connect, is_lost
from migration_platform.settings import Settings


class StoreConnection:
    """The platform store behind one connection, opened on first use and again if it was lost."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._connection: psycopg.Connection[dict[str, Any]] | None = None

    @contextmanager
    def transaction(self) -> Iterator[psycopg.Connection[dict[str, Any]]]:
        """A transaction; it commits when the block ends without an error."""
        connection = self._connected()
        with connection.transaction():
            yield connection

    def _connected(self) -> psycopg.Connection[dict[str, Any]]:
        """The connection, in autocommit: a single statement needs no transaction around it."""
        if self._connection is None or (
            self._connection.info.transaction_status == psycopg.pq.TransactionStatus.IDLE
            and is_lost(self._connection)
        ):
            opened = connect(self.settings, "platform", autocommit=True)
            self._connection = cast("psycopg.Connection[dict[str, Any]]", opened)
            self._connection.row_factory = dict_row
        assert self._connection is not None
        return self._connection

    def write(self, statement: str, values: Sequence[Any] = ()) -> None:
        """A single statement, which is a transaction of its own: one round trip instead of three."""
        self._connected().execute(statement, values)

    def read(self, query: str, values: Sequence[Any] = ()) -> list[dict[str, Any]]:
        """What a single statement returns; it may write as well."""
        return self._connected().execute(query, values).fetchall()

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
