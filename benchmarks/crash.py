"""Crash: the process killed in load, reconcile, promote and rollback, and run again to the end.

`python -m benchmarks.crash --kills 200` kills at random times; `--boundaries` also once before and after
every round trip to the database and every file put in place. The state after the re-run must be the
one that an undisturbed run leaves: destination, crosswalk, journal, store, decision log, staging, files.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import psycopg

from benchmarks import crash_child
from migration_platform import embedded
from migration_platform.platform import Platform

SNAPSHOTS = ("destination", "platform")
FOLDERS = ("staging", "destination-documents")
FILES = ("decision-log.head",)

FORK = multiprocessing.get_context("forkserver")
FORK.set_forkserver_preload(["benchmarks.crash_child"])


@dataclass
class Result:
    """Kills that took effect by operation, and the states that differ from the undisturbed one."""

    kills: Counter[str] = field(default_factory=Counter)
    boundaries: Counter[str] = field(default_factory=Counter)
    ended_before: int = 0
    differing: list[str] = field(default_factory=list)


class Harness:
    """A home with the small migration, as it is before each operation, to be gone back to."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.server = embedded.ensure_running(home)
        with self._admin() as c:
            # Clients are killed here, not the machine: nothing needs to wait for the disk.
            c.execute("ALTER SYSTEM SET fsync = off")
            c.execute("SELECT pg_reload_conf()")
        self.expected: dict[str, Any] = {}
        self.seconds: dict[str, float] = {}
        self.boundaries: dict[str, int] = {}

    def learn(self) -> None:
        """Run everything once undisturbed; keep the state before and after each operation."""
        self.run(crash_child.prepare)
        for name, operation in crash_child.OPERATIONS.items():
            if name in crash_child.BEFORE:
                self.run(crash_child.BEFORE[name])
            self._save(name)
            started = time.monotonic()
            self.boundaries[name] = self.run(operation)
            self.seconds[name] = time.monotonic() - started
            self.expected[name] = self.describe()

    def kill_at_random(self, name: str, draw: random.Random, result: Result) -> None:
        self._restore(name)
        killed = self.run(
            crash_child.OPERATIONS[name], kill_after=draw.uniform(0, self.seconds[name])
        )
        if killed < 0:
            result.kills[name] += 1
        else:
            result.ended_before += 1
        self._finish(name, "at random", result)

    def kill_at_boundary(self, name: str, boundary: int, result: Result) -> None:
        self._restore(name)
        if self.run(crash_child.OPERATIONS[name], boundary=boundary) < 0:
            result.boundaries[name] += 1
        self._finish(name, f"at boundary {boundary}", result)

    def _finish(self, name: str, where: str, result: Result) -> None:
        self.run(crash_child.OPERATIONS[name])
        found, expected = self.describe(), self.expected[name]
        result.differing += [
            f"{name} killed {where}: {part} differs"
            for part in expected
            if found[part] != expected[part]
        ]

    def describe(self) -> dict[str, Any]:
        path = self.home / "described.json"
        self.run(partial(crash_child.write_description, path))
        told: dict[str, Any] = json.loads(path.read_text())
        return told

    def run(
        self,
        operation: Callable[[Platform], None],
        *,
        kill_after: float | None = None,
        boundary: int = 0,
    ) -> int:
        """Run in a process of its own; returns the boundaries that it passed, or -1 if it was killed.

        A server that has loaded everything forks it, so that its start costs nothing; this process
        may have threads, with which forking is not safe.
        """
        ours, theirs = FORK.Pipe(duplex=False)
        child = FORK.Process(target=_run, args=(theirs, self.home, operation, boundary))
        child.start()
        theirs.close()
        if kill_after is not None:
            time.sleep(kill_after)
            child.kill()
        child.join()
        if child.exitcode == -signal.SIGKILL:
            self._wait_for_backends()
            return -1
        if child.exitcode:
            raise RuntimeError("the operation failed; what it said stands above")
        return int(ours.recv())

    def _wait_for_backends(self) -> None:
        """A killed client's statement goes on at the server for a moment."""
        with self._admin() as c:
            while c.execute(
                "SELECT FROM pg_stat_activity WHERE application_name LIKE 'migration%' "
                "OR datname IN ('destination', 'platform')"
            ).fetchone():
                time.sleep(0.01)

    @contextmanager
    def _admin(self) -> Iterator[psycopg.Connection]:
        with psycopg.connect(self.server.url("postgres"), autocommit=True) as connection:
            yield connection

    def _save(self, name: str) -> None:
        with self._admin() as c:
            for database in SNAPSHOTS:
                c.execute(f"CREATE DATABASE before_{name}_{database} TEMPLATE {database}")
        for folder in FOLDERS:
            place = self.home / folder
            place.mkdir(exist_ok=True)
            shutil.copytree(place, self.home / f"before-{name}" / folder)
        for file in FILES:
            shutil.copy(self.home / file, self.home / f"before-{name}" / file)

    def _restore(self, name: str) -> None:
        with self._admin() as c:
            for database in SNAPSHOTS:
                c.execute(f"DROP DATABASE {database} WITH (FORCE)")
                c.execute(f"CREATE DATABASE {database} TEMPLATE before_{name}_{database}")
        for folder in FOLDERS:
            shutil.rmtree(self.home / folder)
            shutil.copytree(self.home / f"before-{name}" / folder, self.home / folder)
        for file in FILES:
            shutil.copy(self.home / f"before-{name}" / file, self.home / file)


def _run(
    told: Connection, home: Path, operation: Callable[[Platform], None], boundary: int
) -> None:
    """The process that is killed: says how many boundaries it passed."""
    os.environ["MIGRATION_HOME"] = str(home)
    count = crash_child.kill_at(boundary)
    platform = crash_child.open_platform()
    operation(platform)
    platform.close()
    told.send(count())


@contextmanager
def harness() -> Iterator[Harness]:
    """A harness in a home of its own, gone afterwards."""
    home = Path(tempfile.mkdtemp(prefix="migration-crash-")).resolve()
    before = {k: os.environ.get(k) for k in ("MIGRATION_HOME",)}
    os.environ["MIGRATION_HOME"] = str(home)
    try:
        yield Harness(home)
    finally:
        embedded.stop(home)
        shutil.rmtree(home, ignore_errors=True)
        for name, value in before.items():
            os.environ.pop(name)
            if value is not None:
                os.environ[name] = value


def measure(kills: int = 200, every_boundary: bool = True, seed: int = 7) -> dict[str, object]:
    """Kill so often at random, spread over the operations, and once at every boundary."""
    result, draw = Result(), random.Random(seed)
    with harness() as trial:
        trial.learn()
        names = list(crash_child.OPERATIONS)
        while sum(result.kills.values()) < kills:
            trial.kill_at_random(names[sum(result.kills.values()) % len(names)], draw, result)
            _tell(result)
        if every_boundary:
            for name in names:
                for boundary in range(1, trial.boundaries[name] + 1):
                    trial.kill_at_boundary(name, boundary, result)
                    _tell(result)
        return {
            "kills at random": dict(result.kills),
            "kills at random, total": sum(result.kills.values()),
            "ended before they were killed": result.ended_before,
            "kills at boundaries": dict(result.boundaries),
            "kills at boundaries, total": sum(result.boundaries.values()),
            "states that differ": len(result.differing),
            "which": result.differing[:10],
        }


def _tell(result: Result) -> None:
    done = sum(result.kills.values()) + sum(result.boundaries.values())
    if done % 20 == 0:
        print(f"{done} kills, {len(result.differing)} differ", file=sys.stderr, flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=200, help="kills at random times")
    parser.add_argument("--boundaries", action="store_true", help="also one at every boundary")
    parser.add_argument("--seed", type=int, default=7)
    given = parser.parse_args()
    figures = measure(given.kills, given.boundaries, given.seed)
    print(json.dumps(figures, indent=2))
    sys.exit(1 if figures["states that differ"] else 0)


if __name__ == "__main__":
    main()
