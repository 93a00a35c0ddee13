"""Trigger log: each look at a wave's rollback triggers, as rows of the platform store. Append-only.

What a look found is decided in `trigger`, what follows from it in `trip`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from psycopg.types.json import Jsonb

from migration_platform.store import Store
from migration_platform.trigger.trigger import Trigger, as_plain


def record_look(
    store: Store, wave: str, triggers: Sequence[Trigger], looked_at: datetime
) -> dict[str, str]:
    """Record a look, and since when each trigger is as it is; returns that by trigger's name."""
    before = {t["name"]: t for t in read_newest_look(store, wave)}
    now = looked_at.astimezone(UTC).isoformat(timespec="seconds")
    since = {
        t.name: before[t.name]["since"]
        if t.name in before and before[t.name]["state"] == t.state
        else now
        for t in triggers
    }
    with store.transaction() as c:
        c.execute(
            "INSERT INTO migration.trigger_look (wave, triggers, looked_at) VALUES (%s, %s, %s)",
            (wave, Jsonb([{**as_plain(t), "since": since[t.name]} for t in triggers]), looked_at),
        )
    return since


def read_newest_look(store: Store, wave: str) -> list[dict[str, Any]]:
    """The triggers as the wave's newest look found them; empty if there was none."""
    rows = store.read(
        "SELECT triggers FROM migration.trigger_look WHERE wave = %s ORDER BY id DESC LIMIT 1",
        (wave,),
    )
    return list(rows[0]["triggers"]) if rows else []


def read_tripped_since(store: Store, wave: str) -> dict[str, str]:
    """Since when each trigger is tripped, by its name, as far as it was looked at."""
    return {t["name"]: t["since"] for t in read_newest_look(store, wave) if t["state"] == "tripped"}


def read_last_look(store: Store) -> datetime | None:
    """When the triggers were last looked at by whoever acts on them."""
    rows = store.read("SELECT max(looked_at) AS at FROM migration.trigger_look")
    at: datetime | None = rows[0]["at"]
    return at
