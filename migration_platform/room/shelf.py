"""Shelf: what pages have worked out, kept until something it rests on changes.

Evidence of a large wave takes seconds to put together and is the same until somebody writes. The
platform store tells of each commit (`tell_change`); files tell by their time and size. A decision
never rests on what stands here: whoever decides puts the evidence together anew.
"""

from __future__ import annotations

import sys
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
from migration_platform.room.lender import Lender
from migration_platform.settings import Settings

CHANNEL = "migration_change"

PACE, QUICK, OLDEST = 4, 1.0, 120.0
"""While a cohort runs, something changes all the time: what is quickly put together (seconds) may be so
many times as old as that took. What is not is put together behind the page, which shows it as it was
up to so many seconds ago, and says when that was."""

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

    def __init__(self, settings: Settings, lender: Lender) -> None:
        self.settings = settings
        self.lender = lender
        self._under_way: set[tuple[str, ...]] = set()
        self._kept: dict[tuple[str, ...], _Kept] = {}
        self._change = 0
        self._lock = threading.Lock()
        self._watch: psycopg.Connection[tuple[Any, ...]] | None = None

    def read(self, platform: Platform, name: tuple[str, ...], make: Callable[[Platform], T]) -> T:
        """The value of that name, made anew if what it rests on has changed: at once if that is
        quick, else behind the page."""
        change, files = self._look(), _stamp(platform)
        kept = self._kept.get(name)
        if kept is not None and kept.files == files:
            age = time.monotonic() - kept.made
            if kept.change == change or (kept.cost < QUICK and age < kept.cost * PACE):
                return cast(T, kept.value)
            if kept.cost >= QUICK and age < OLDEST:
                if age >= kept.cost:
                    self._make_behind(name, make, change)
                return cast(T, kept.value)
        return self._make(platform, name, make, change)

    def _make(
        self, platform: Platform, name: tuple[str, ...], make: Callable[[Platform], T], change: int
    ) -> T:
        begun, files = time.monotonic(), _stamp(platform)
        value = make(platform)
        if len(self._kept) >= MOST:
            self._kept.clear()
        self._kept[name] = _Kept(value, change, files, begun, time.monotonic() - begun)
        return value

    def _make_behind(
        self, name: tuple[str, ...], make: Callable[[Platform], Any], change: int
    ) -> None:
        """Once at a time for a name. If it fails, the page that comes after `OLDEST` says so."""
        with self._lock:
            if name in self._under_way:
                return
            self._under_way.add(name)

        def work() -> None:
            try:
                with self.lender.lend() as platform:
                    self._make(platform, name, make, change)
            except Exception as error:  # its text may hold a patient's value
                print(f"{name}: {type(error).__name__}", file=sys.stderr, flush=True)
            finally:
                self._under_way.discard(name)

        threading.Thread(target=work, daemon=True).start()

    def evidence(self, platform: Platform, wave: str) -> Evidence:
        """A wave's evidence, with the verdict as it is at this moment: time alone makes it stale."""
        seen = self.read(platform, ("evidence", wave), lambda own: assemble_evidence(own, wave))
        return replace(seen, decision=decide(seen.document, datetime.now(UTC)))

    def warm(self) -> None:
        """Put every wave's evidence here before somebody asks, as the server starts."""
        try:
            with self.lender.lend() as platform:
                for wave in platform.plan.waves:
                    self.evidence(platform, wave.name)
        except Exception as error:  # the page that is asked for says what it is
            print(f"evidence at the start: {type(error).__name__}", file=sys.stderr, flush=True)

    @property
    def busy(self) -> bool:
        """Is something put together behind the pages now?"""
        return bool(self._under_way)

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
