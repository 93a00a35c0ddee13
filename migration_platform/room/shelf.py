"""Shelf: what pages have worked out, kept until something it rests on changes.

Evidence of a large wave takes seconds to put together and is the same until somebody writes. The
platform store tells of each commit (`tell_change`); files tell by their time and size. A decision
never rests on what stands here: whoever decides puts the evidence together anew.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar, cast

import psycopg

from migration_platform.database import connect
from migration_platform.evidence import Evidence
from migration_platform.governance import assemble_evidence
from migration_platform.platform import Platform
from migration_platform.promotion import decide
from migration_platform.settings import Settings

CHANNEL = "migration_change"

PACE, OLDEST = 4, 30.0
"""While a cohort runs, something changes all the time: then a page may be so many times as old as it
took to put together, and never older than so many seconds."""

BESIDE_WAVES = ("criteria", "readiness", "people", "exceptions")

MOST = 500

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Kept:
    value: Any
    change: int
    files: int
    made: float
    cost: float


class Shelf:
    """Values by name. `change` counts what the store has told."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._kept: dict[tuple[str, ...], _Kept] = {}
        self._change = 0
        self._lock = threading.Lock()
        self._watch: psycopg.Connection[tuple[Any, ...]] | None = None

    def read(self, platform: Platform, name: tuple[str, ...], make: Callable[[], T]) -> T:
        """The value of that name, made anew if what it rests on has changed."""
        change, files = self._look(), _stamp(platform)
        kept = self._kept.get(name)
        if kept is not None and kept.files == files:
            young = time.monotonic() - kept.made < min(kept.cost * PACE, OLDEST)
            if kept.change == change or young:
                return cast(T, kept.value)
        begun = time.monotonic()
        value = make()
        if len(self._kept) >= MOST:
            self._kept.clear()
        self._kept[name] = _Kept(value, change, files, begun, time.monotonic() - begun)
        return value

    def evidence(self, platform: Platform, wave: str) -> Evidence:
        """A wave's evidence, with the verdict as it is at this moment: time alone makes it stale."""
        seen = self.read(platform, ("evidence", wave), lambda: assemble_evidence(platform, wave))
        return replace(seen, decision=decide(seen.document, datetime.now(UTC)))

    def forget(self) -> None:
        """After a decision of one's own, the next page shows it."""
        self._kept.clear()

    def close(self) -> None:
        if self._watch is not None:
            self._watch.close()

    def _look(self) -> int:
        """How many changes there were so far, as far as the store has told."""
        with self._lock:
            try:
                if self._watch is None:
                    self._watch = connect(self.settings, "platform", autocommit=True)
                    self._watch.execute(f"LISTEN {CHANNEL}")
                    self._change += 1  # what happened before we listened, nobody told us
                if list(self._watch.notifies(timeout=0)):
                    self._change += 1
            except psycopg.OperationalError:
                self._watch = None
                self._change += 1
            return self._change


def _stamp(platform: Platform) -> int:
    """Changes when one of the files changes that say how the migration is meant to be."""
    settings = platform.settings
    files = [
        platform.plan.file,
        *(platform.beside_waves(f"{n}.toml") for n in BESIDE_WAVES),
        settings.ownership_file,
        settings.control_totals_file,
        *(Path(file) for outline in platform.outlines.values() for file in outline.files),
    ]
    seen: list[tuple[str, int, int]] = []
    for file in files:
        try:
            stat = file.stat()
        except FileNotFoundError:
            continue  # one that appears later changes the stamp too
        seen.append((str(file), stat.st_mtime_ns, stat.st_size))
    return hash(tuple(seen))
