"""Account: a name and a password with which a person of people.toml signs in.

What the person may do follows from people.toml alone. Kept in the platform store: the password as an
Argon2id hash, every attempt to sign in, and nothing else about anybody. Sessions stand in `session`.
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from threading import BoundedSemaphore
from typing import TYPE_CHECKING, Literal

from migration_platform.errors import ConfigurationError
from migration_platform.room.session import end_sessions
from migration_platform.store import Store

if TYPE_CHECKING:
    from argon2 import PasswordHasher

NAME = re.compile(r"[a-z0-9][a-z0-9._-]{1,39}")
SHORTEST_PASSWORD, LONGEST_PASSWORD = 12, 256

WINDOW = timedelta(minutes=15)
MOST_BY_NAME, MOST_BY_ADDRESS = 5, 30
"""Failures within the window after which nobody signs in, for the rest of it, under that name or
from that address."""

HASHING = BoundedSemaphore(2)
"""A hash takes 64 MiB for a while: so many at once."""

Outcome = Literal["signed in", "refused", "locked"]


@dataclass(frozen=True, slots=True)
class Account:
    """An account as others may see it."""

    name: str
    person: str
    must_change: bool
    disabled_at: datetime | None
    made_at: datetime
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class SignIn:
    """What came of an attempt. The account only if it succeeded; `until` only if it is locked."""

    outcome: Outcome
    account: Account | None = None
    until: datetime | None = None


_COLUMNS = "name, person, must_change, disabled_at, made_at, changed_at"


def add_account(store: Store, name: str, person: str) -> str:
    """Make an account; returns the password, which must be changed when it is first used.

    Raises ConfigurationError if the name is none or taken.
    """
    if not NAME.fullmatch(name):
        raise ConfigurationError(
            f"'{name}' is no name for an account: 2 to 40 of a-z, 0-9, '.', '_' and '-', beginning "
            "with a letter or a digit"
        )
    password = make_password()
    with store.transaction() as c:
        row = c.execute(
            "INSERT INTO migration.account (name, person, password) VALUES (%s, %s, %s) "
            "ON CONFLICT (name) DO NOTHING RETURNING name",
            (name, person, _hash(password)),
        ).fetchone()
    if row is None:
        raise ConfigurationError(
            f"there is an account '{name}' already: `migration account reset {name}` gives it a new "
            "password"
        )
    return password


def reset_account(store: Store, name: str) -> str:
    """Give an account a new password, which must be changed; ends its sessions and its lock."""
    password = make_password()
    _update(store, name, "password = %s, must_change = true, disabled_at = NULL", _hash(password))
    _record(store, name, "", "signed in")  # failures before this one count no more
    end_sessions(store, name)
    return password


def disable_account(store: Store, name: str) -> None:
    """Nobody signs in with it any more, and who is signed in no longer is."""
    _update(store, name, "disabled_at = %s", datetime.now(UTC))
    end_sessions(store, name)


def list_accounts(store: Store) -> list[Account]:
    with store.transaction() as c:
        rows = c.execute(f"SELECT {_COLUMNS} FROM migration.account ORDER BY name").fetchall()
    return [Account(**row) for row in rows]


def sign_in(store: Store, name: str, password: str, address: str) -> SignIn:
    """Try to sign in. Every attempt is kept; too many that failed lock the name, or the address."""
    until = _locked_until(store, name, address)
    if until is not None:
        _record(store, name, address, "locked")
        return SignIn("locked", until=until)
    with store.transaction() as c:
        row = c.execute(
            f"SELECT {_COLUMNS}, password FROM migration.account WHERE name = %s", (name,)
        ).fetchone()
    # Verified against something in any case: how long it takes tells nobody which names there are.
    known = row is not None and row["disabled_at"] is None
    fits = _verify(row["password"] if row else _nobody(), password)
    if not (known and fits):
        _record(store, name, address, "refused")
        return SignIn("refused")
    assert row is not None
    _record(store, name, address, "signed in")
    if _hasher().check_needs_rehash(row["password"]):
        _update(store, name, "password = %s", _hash(password))
    return SignIn("signed in", Account(**{k: v for k, v in row.items() if k != "password"}))


def record_sign_on(store: Store, person: str, address: str, outcome: Outcome) -> None:
    """Keep that somebody came from the company's own sign-on; nobody's name if it is none of ours."""
    _record(store, f"sign-on: {person or 'nobody of people.toml'}", address, outcome)


def change_password(store: Store, name: str, old: str, new: str, address: str) -> SignIn:
    """Change a password that one knows, and end all sessions of the account.

    Raises ConfigurationError if the new one will not do. The old one is tried as at signing in.
    """
    tried = sign_in(store, name, old, address)
    if tried.account is None:
        return tried
    if problem := find_weakness(new, old, tried.account):
        raise ConfigurationError(problem)
    _update(store, name, "password = %s, must_change = false", _hash(new))
    end_sessions(store, name)
    return tried


def find_weakness(new: str, old: str, account: Account) -> str:
    """Why a password will not do; empty if it will. Length is what counts: no rule about signs."""
    if not SHORTEST_PASSWORD <= len(new) <= LONGEST_PASSWORD:
        return f"a password has {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters"
    if new == old:
        return "the new password is the one that it replaces"
    said = new.casefold()
    if account.name in said or any(part in said for part in account.person.casefold().split()):
        return "a password does not have your name in it"
    if len(set(new)) < 5:
        return "a password has at least five different characters"
    return ""


def make_password() -> str:
    """Five groups of four: 100 bits, to be typed once."""
    signs = "abcdefghjkmnpqrstuvwxyz23456789"
    return "-".join("".join(secrets.choice(signs) for _ in range(4)) for _ in range(5))


def _locked_until(store: Store, name: str, address: str) -> datetime | None:
    """Until when nobody may try; None if one may. What succeeded wipes a name's failures."""
    since = datetime.now(UTC) - WINDOW
    with store.transaction() as c:
        by_name = c.execute(
            "SELECT tried_at FROM migration.sign_in WHERE name = %s AND outcome = 'refused' AND "
            "tried_at > greatest(%s, (SELECT max(tried_at) FROM migration.sign_in WHERE name = %s "
            "AND outcome = 'signed in')) ORDER BY tried_at DESC LIMIT %s",
            (name, since, name, MOST_BY_NAME),
        ).fetchall()
        by_address = c.execute(
            "SELECT tried_at FROM migration.sign_in WHERE address = %s AND outcome = 'refused' AND "
            "tried_at > %s ORDER BY tried_at DESC LIMIT %s",
            (address, since, MOST_BY_ADDRESS),
        ).fetchall()
    ends = [
        rows[-1]["tried_at"] + WINDOW
        for rows, most in ((by_name, MOST_BY_NAME), (by_address, MOST_BY_ADDRESS))
        if len(rows) >= most
    ]
    return max(ends, default=None)


def _record(store: Store, name: str, address: str, outcome: Outcome) -> None:
    with store.transaction() as c:
        c.execute(
            "INSERT INTO migration.sign_in (name, address, outcome) VALUES (%s, %s, %s)",
            (name[:80], address[:80], outcome),
        )


def _update(store: Store, name: str, change: str, value: object) -> None:
    with store.transaction() as c:
        row = c.execute(
            f"UPDATE migration.account SET {change}, changed_at = clock_timestamp() "
            "WHERE name = %s RETURNING name",
            (value, name),
        ).fetchone()
    if row is None:
        raise ConfigurationError(f"there is no account '{name}': see `migration account list`")


@cache
def _hasher() -> PasswordHasher:
    from argon2 import PasswordHasher

    return PasswordHasher()  # Argon2id, with the parameters of RFC 9106


def _hash(password: str) -> str:
    with HASHING:
        return _hasher().hash(password)


def _verify(kept: str, password: str) -> bool:
    from argon2.exceptions import VerificationError

    try:
        with HASHING:
            return _hasher().verify(kept, password[: LONGEST_PASSWORD + 1])
    except VerificationError:
        return False


@cache
def _nobody() -> str:
    """A hash that fits no password that anybody has."""
    return _hash(secrets.token_urlsafe(32))
