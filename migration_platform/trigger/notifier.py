"""Notifier: the team's own program, told of what asks for somebody, and a record of how that went.

It is started without a shell and gets one JSON object on its standard input. Whether it works changes
nothing of what the platform has decided; that it did not work is recorded, said, and tried again.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from psycopg.types.json import Jsonb

from migration_platform.settings import Settings
from migration_platform.store import Store
from migration_platform.trigger.notice import Notice

PATIENCE = 10.0
"""Seconds that it may take."""

PRIVATE = ("MIGRATION_", "DAGSTER_")
"""Variables that it does not get: they hold passwords of databases with patients in them."""


@dataclass(frozen=True, slots=True)
class Undelivered:
    """A notice that nobody got. `attempts`: how often it was tried."""

    event: str
    wave: str
    subject: str
    body: dict[str, Any]
    problem: str
    sent_at: datetime
    attempts: int

    @property
    def sentence(self) -> str:
        return (
            f"the notifier was not told of '{self.event}'"
            + (f" of wave {self.wave}" if self.wave else "")
            + f" ({self.problem}; {self.attempts} attempts, the last at "
            f"{self.sent_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC)"
        )


def tell(store: Store, settings: Settings, notice: Notice) -> None:
    """Send a notice and record how that went. Without a notifier, do nothing."""
    if settings.notify is None:
        return
    body = notice.body(datetime.now(UTC))
    problem = send(settings.notify, body)
    _record(store, notice.event, notice.wave, notice.subject, body, problem)


def tell_once(store: Store, settings: Settings, notice: Notice) -> None:
    """Send a notice unless the same was tried before: `try_again` is for those that failed."""
    if settings.notify is None:
        return
    known = store.read(
        "SELECT FROM migration.notice WHERE event = %s AND wave = %s AND subject = %s LIMIT 1",
        (notice.event, notice.wave, notice.subject),
    )
    if not known:
        tell(store, settings, notice)


def read_subjects(store: Store, event: str, wave: str) -> list[str]:
    """What the notifier was told of, or was tried to be, for an event and a wave."""
    rows = store.read(
        "SELECT DISTINCT subject FROM migration.notice WHERE event = %s AND wave = %s",
        (event, wave),
    )
    return [row["subject"] for row in rows]


def try_again(store: Store, settings: Settings) -> None:
    """Send what was not delivered once more, as it was."""
    if settings.notify is None:
        return
    for each in find_undelivered(store):
        problem = send(settings.notify, each.body)
        _record(store, each.event, each.wave, each.subject, each.body, problem)


def find_undelivered(store: Store) -> list[Undelivered]:
    """Notices that no attempt has delivered, the oldest first."""
    rows = store.read(
        "SELECT event, wave, subject, (array_agg(body ORDER BY id DESC))[1] AS body, "
        "(array_agg(problem ORDER BY id DESC))[1] AS problem, max(sent_at) AS sent_at, "
        "count(*)::int AS attempts FROM migration.notice GROUP BY event, wave, subject "
        "HAVING NOT bool_or(delivered) ORDER BY min(id)"
    )
    return [Undelivered(**row) for row in rows]


def send(program: Path, body: Mapping[str, Any]) -> str:
    """Start the notifier with a notice; returns what went wrong, empty if nothing did."""
    environment = {n: v for n, v in os.environ.items() if not n.startswith(PRIVATE)}
    try:
        process = subprocess.Popen(
            [program],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=environment,
            start_new_session=True,
        )
    except OSError as error:
        return f"MIGRATION_NOTIFY could not be started: {error.strerror}"
    try:
        process.communicate(json.dumps(body, ensure_ascii=False).encode() + b"\n", PATIENCE)
    except subprocess.TimeoutExpired:
        with contextlib.suppress(ProcessLookupError):  # it ended just now
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        return f"MIGRATION_NOTIFY did not end within {PATIENCE:g} seconds and was stopped"
    if process.returncode:
        return f"MIGRATION_NOTIFY ended with {process.returncode}"
    return ""


def _record(
    store: Store, event: str, wave: str, subject: str, body: Mapping[str, Any], problem: str
) -> None:
    with store.transaction() as c:
        c.execute(
            "INSERT INTO migration.notice (event, wave, subject, body, delivered, problem) "
            "VALUES (%s, %s, %s, %s, %s, %s)",
            (event, wave, subject, Jsonb(dict(body)), not problem, problem),
        )
