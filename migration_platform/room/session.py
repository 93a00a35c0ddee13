"""Session: somebody is signed in, in one browser, until they sign out, stay away or time is up.

Kept in the platform store under a hash of what the browser holds, so that it can be ended from here.
Who may sign in stands in `account`.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from migration_platform.store import Store

IDLE = timedelta(minutes=30)
LONGEST = timedelta(hours=10)
"""A working day: after that one signs in again, whatever one does."""


@dataclass(frozen=True, slots=True)
class Session:
    """`account` is None for somebody who did not come in with a password of ours."""

    person: str
    account: str | None
    must_change: bool
    begun_at: datetime
    ends_at: datetime


def begin_session(store: Store, person: str, account: str | None) -> str:
    """Begin a session; returns what the browser is to hold."""
    held = secrets.token_urlsafe(32)
    with store.transaction() as c:
        c.execute(
            "INSERT INTO migration.session (key, person, account, ends_at) VALUES (%s, %s, %s, %s)",
            (_key(held), person, account, datetime.now(UTC) + LONGEST),
        )
    return held


def find_session(store: Store, held: str) -> Session | None:
    """The session of a browser, None if there is none, it has ended or its account is disabled."""
    now = datetime.now(UTC)
    with store.transaction() as c:
        row = c.execute(
            "SELECT s.person, s.account, coalesce(a.must_change, false) AS must_change, s.begun_at, "
            "s.ends_at, s.seen_at FROM migration.session s "
            "LEFT JOIN migration.account a ON a.name = s.account "
            "WHERE s.key = %s AND s.ended_at IS NULL AND s.ends_at > %s AND s.seen_at > %s "
            "AND a.disabled_at IS NULL",
            (_key(held), now, now - IDLE),
        ).fetchone()
        if row is None:
            return None
        if now - row.pop("seen_at") > timedelta(minutes=1):
            c.execute("UPDATE migration.session SET seen_at = %s WHERE key = %s", (now, _key(held)))
    return Session(**row)


def end_session(store: Store, held: str) -> None:
    with store.transaction() as c:
        c.execute(
            "UPDATE migration.session SET ended_at = clock_timestamp() WHERE key = %s "
            "AND ended_at IS NULL",
            (_key(held),),
        )


def end_sessions(store: Store, account: str) -> None:
    """End every session of an account."""
    with store.transaction() as c:
        c.execute(
            "UPDATE migration.session SET ended_at = clock_timestamp() WHERE account = %s "
            "AND ended_at IS NULL",
            (account,),
        )


def _key(held: str) -> str:
    return hashlib.sha256(held.encode()).hexdigest()
