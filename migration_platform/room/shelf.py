"""Shelf: what pages have worked out, kept until something it rests on changes.

Evidence of a large wave takes seconds to put together and is the same until somebody writes. The
platform store tells of each commit (`tell_change`); files tell by their time and size. A decision
never rests on what stands here: whoever decides puts the evidence together anew.
"""

from __future__ import annotations

import gc
import math
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Generic, Literal, TypeVar, cast

import psycopg

from migration_platform.database import connect
from migration_platform.evidence.evidence import Evidence
from migration_platform.evidence.governance import assemble_evidence
from migration_platform.evidence.promotion import decide
from migration_platform.platform import Platform
from migration_platform.room.lender import Lender
from migration_platform.settings import Settings

CHANNEL = "migration_change"

QUICK, OLDEST = 0.1, 120.0
"""What is put together in so many seconds is put together while the page waits. What takes longer is
put together behind the page, which shows what there was before, and says so; what is so many seconds
old, or rests on other files, is too old to decide on."""

PATIENCE = 1.0
"""Seconds that whoever has just decided waits at most to see it."""

NEVER = -1
"""No change and no file has this number."""

MOMENT = 60.0
"""Seconds for which a verdict is that of this moment."""

BESIDE_WAVES = ("criteria", "readiness", "people", "exceptions")

EVIDENCE = "evidence"
"""What names of evidence begin with."""

MOST = 500

T = TypeVar("T")

Freshness = Literal["fresh", "renewing", "outdated"]
"""As things are now; as they were a moment ago, and put together anew now; or longer ago than one may
decide on."""


@dataclass(frozen=True, slots=True)
class Seen(Generic[T]):
    """A value, and since when it is known that things are so."""

    value: T
    at: datetime
    freshness: Freshness


@dataclass(frozen=True, slots=True)
class _Kept:
    value: Any
    change: int
    files: int
    at: datetime
    made: float
    cost: float


class Shelf:
    """Values by name. `change` counts what the store has told."""

    def __init__(self, settings: Settings, lender: Lender) -> None:
        self.settings = settings
        self.lender = lender
        self._under_way: set[tuple[str, ...]] = set()
        self._failed: set[tuple[str, ...]] = set()
        self._kept: dict[tuple[str, ...], _Kept] = {}
        self._decided: dict[str, tuple[Evidence, float, Evidence]] = {}
        self._described: dict[str, tuple[Evidence, Any]] = {}
        self._change = self._forgotten = self._making = 0
        self._lock = threading.Lock()
        self._watch: psycopg.Connection[tuple[Any, ...]] | None = None

    def read(
        self, platform: Platform, name: tuple[str, ...], make: Callable[[Platform], T]
    ) -> Seen[T]:
        """The value of that name. If what it rests on has changed: anew if that is quick or there is
        none yet, else as it was, and put together behind the page."""
        change, files = self._look(), _stamp(platform)
        kept = self._kept.get(name)
        if kept is not None and (kept.change, kept.files) == (change, files):
            return Seen(cast(T, kept.value), kept.at, "fresh")
        if kept is None or kept.cost < QUICK or name in self._failed:
            made = self._make(platform, name, make, change)
            return Seen(cast(T, made.value), made.at, "fresh")
        age = time.monotonic() - kept.made
        if age >= kept.cost:  # or one that changes all the time would take a processor for itself
            self._make_behind(name, make, change)
        outdated = age >= OLDEST or kept.files != files
        return Seen(cast(T, kept.value), kept.at, "outdated" if outdated else "renewing")

    @contextmanager
    def _uncollected(self) -> Iterator[None]:
        """No search for cycles while something is put together: it is large and has none, and a search
        through all of it lets no page be answered. Nor is it searched later, if it is large."""
        begun = time.monotonic()
        with self._lock:
            self._making += 1
            gc.disable()
        try:
            yield
        finally:
            with self._lock:
                self._making -= 1
                if time.monotonic() - begun >= QUICK:
                    gc.freeze()
                if not self._making:
                    gc.enable()

    def _make(
        self, platform: Platform, name: tuple[str, ...], make: Callable[[Platform], T], change: int
    ) -> _Kept:
        at, begun, files = datetime.now(UTC), time.monotonic(), _stamp(platform)
        forgotten = self._forgotten
        with self._uncollected():
            value = make(platform)
        if len(self._kept) >= MOST:
            self._kept.clear()
        kept = _Kept(value, change, files, at, begun, time.monotonic() - begun)
        if forgotten == self._forgotten or name[0] != EVIDENCE:
            self._kept[name] = kept
        self._failed.discard(name)
        return kept

    def _make_behind(
        self, name: tuple[str, ...], make: Callable[[Platform], Any], change: int
    ) -> None:
        """Once at a time for a name. If it fails, the next page waits for it, and says why."""
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
                self._failed.add(name)
            finally:
                self._under_way.discard(name)

        threading.Thread(target=work, daemon=True).start()

    def evidence(self, platform: Platform, wave: str) -> Seen[Evidence]:
        """A wave's evidence, with the verdict as it is at this moment: time alone makes it stale."""
        seen = self.read(platform, (EVIDENCE, wave), lambda own: assemble_evidence(own, wave))
        base, at, decided = self._decided.get(wave, (None, 0.0, None))
        if decided is None or base is not seen.value or time.monotonic() - at > MOMENT:
            at = time.monotonic()
            decided = replace(seen.value, decision=decide(seen.value.document, datetime.now(UTC)))
            self._decided[wave] = (seen.value, at, decided)
        return replace(seen, value=decided)

    def describe(self, seen: Evidence, make: Callable[[Evidence], T]) -> T:
        """What a page says of a wave's evidence, whoever reads it: worked out once for a verdict."""
        of, described = self._described.get(seen.wave, (None, None))
        if of is not seen:
            described = make(seen)
            self._described[seen.wave] = (seen, described)
        return cast(T, described)

    def warm(
        self,
        others: Mapping[tuple[str, ...], Callable[[Platform], Any]],
        describe: Callable[[Platform, Evidence], Any],
    ) -> None:
        """Put every wave's evidence here, and these others, before somebody asks, as the server starts."""
        try:
            with self.lender.lend() as platform:
                for wave in platform.plan.waves:
                    seen = self.evidence(platform, wave.name).value
                    self.describe(seen, partial(describe, platform))
                for name, make in others.items():
                    self.read(platform, name, make)
        except Exception as error:  # the page that is asked for says what it is
            print(f"evidence at the start: {type(error).__name__}", file=sys.stderr, flush=True)

    @property
    def busy(self) -> bool:
        """Is something put together behind the pages now?"""
        return bool(self._under_way)

    def forget(self) -> None:
        """After a decision of one's own, the next page shows it, or says that it does not yet: evidence
        is not kept, or too old, nor is what is put together now, which was begun before. What else
        there is may lag behind for a moment."""
        self._forgotten += 1
        for name, kept in list(self._kept.items()):
            if name[0] != EVIDENCE:
                continue
            if kept.cost < PATIENCE:
                self._kept.pop(name, None)
            else:
                self._kept[name] = replace(kept, change=NEVER, files=NEVER, made=-math.inf)

    def close(self) -> None:
        gc.unfreeze()
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
