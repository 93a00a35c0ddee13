"""Crash: the process killed in load, reconcile, promote and rollback, and run again to the end.

`python -m benchmarks.crash --kills 200` kills at random times; `--boundaries` also once before and after
every round trip to the database and every file put in place. The state after the re-run must be the
one that an undisturbed run leaves: destination, crosswalk, journal, store, decision log, staging, files.

With `--progress FILE` each kill is written down, and those that stand there are not made again: so it
may be stopped, or stop by itself with `--minutes`, and go on later.
"""

from __future__ import annotations

import argparse
import json
import math
import multiprocessing
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import psycopg

from benchmarks import crash_child
from migration_platform.platform import Platform
from migration_platform.server import embedded

SNAPSHOTS = ("destination", "platform")
FOLDERS = ("staging", "destination-documents")
FILES = ("decision-log.head",)

FORK = multiprocessing.get_context("forkserver")
FORK.set_forkserver_preload(["benchmarks.crash_child", "adbc_driver_postgresql.dbapi"])


@dataclass(frozen=True)
class Kill:
    """One kill that is made: of which operation, and where. A `boundary` of 0: at random, by `draw`."""

    operation: str
    boundary: int = 0
    draw: int = 0


@dataclass(frozen=True)
class Outcome:
    """What came of it: whether it took effect before the operation ended, and which parts of the
    state then differ from the undisturbed one."""

    kill: Kill
    took_effect: bool
    differing: tuple[str, ...]


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

    def make(self, kill: Kill) -> Outcome:
        """Go back to before the operation, kill it, run it again, and compare."""
        operation, after = crash_child.OPERATIONS[kill.operation], None
        if not kill.boundary:
            draw = random.Random(f"{kill.operation} {kill.draw}")
            after = draw.uniform(0, self.seconds[kill.operation])
        self._restore(kill.operation)
        took_effect = self.run(operation, kill_after=after, boundary=kill.boundary) < 0
        self.run(operation)
        found, expected = self.describe(), self.expected[kill.operation]
        return Outcome(
            kill, took_effect, tuple(part for part in expected if found[part] != expected[part])
        )

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


def measure(
    kills: int = 200,
    every_boundary: bool = True,
    progress: Path | None = None,
    seconds: float = math.inf,
    names: Sequence[str] = tuple(crash_child.OPERATIONS),
) -> dict[str, object]:
    """Kill so often at random, spread over the operations, and once at every boundary."""
    started = time.monotonic()
    outcomes = read_progress(progress) if progress else []
    with harness() as trial:
        trial.learn()
        boundaries = {n: trial.boundaries[n] if every_boundary else 0 for n in names}
        for kill in plan_kills(boundaries, kills, outcomes):
            if time.monotonic() - started > seconds:
                break
            outcomes.append(trial.make(kill))
            if progress:
                note(progress, outcomes[-1])
            if len(outcomes) % 20 == 0:
                _tell(outcomes)
        return summarize(outcomes, boundaries)


def plan_kills(
    boundaries: Mapping[str, int], kills: int, outcomes: Sequence[Outcome]
) -> Iterator[Kill]:
    """What is left to do, the random ones first. One that came too late is drawn anew: `outcomes`
    grows meanwhile."""
    names, draw, took = list(boundaries), 0, 0
    known = {o.kill: o for o in outcomes}
    while took < kills:
        kill = Kill(names[took % len(names)], draw=draw)
        if kill not in known:
            yield kill
            known[kill] = outcomes[-1]
        took += known[kill].took_effect
        draw += 1
    # After each round trip first (even): before the next one, it is hardly another state.
    for first in (2, 1):
        for name in names:
            for boundary in range(first, boundaries[name] + 1, 2):
                if (kill := Kill(name, boundary)) not in known:
                    yield kill


def summarize(outcomes: Sequence[Outcome], boundaries: Mapping[str, int]) -> dict[str, object]:
    """The figures. `boundaries`: at how many of each operation it was to be killed."""
    random_ones = [o for o in outcomes if not o.kill.boundary]
    at = Counter(o.kill.operation for o in outcomes if o.kill.boundary and o.took_effect)
    taken = Counter(o.kill.operation for o in random_ones if o.took_effect)
    differing = [o for o in outcomes if o.differing]
    return {
        "kills at random": dict(taken),
        "kills at random, total": taken.total(),
        "ended before they were killed": len(random_ones) - taken.total(),
        "kills at boundaries": dict(at),
        "kills at boundaries, total": at.total(),
        "boundaries that were not killed at": {
            name: number - at[name] for name, number in boundaries.items() if number > at[name]
        },
        "states that differ": len(differing),
        "which": [f"{o.kill}: {', '.join(o.differing)}" for o in differing[:10]],
    }


def read_progress(progress: Path) -> list[Outcome]:
    if not progress.exists():
        return []
    lines = [json.loads(line) for line in progress.read_text().splitlines()]
    return [Outcome(Kill(**x["kill"]), x["took_effect"], tuple(x["differing"])) for x in lines]


def note(progress: Path, outcome: Outcome) -> None:
    with progress.open("a") as file:
        file.write(json.dumps(asdict(outcome)) + "\n")


def _tell(outcomes: Sequence[Outcome]) -> None:
    differing = sum(bool(o.differing) for o in outcomes)
    print(f"{len(outcomes)} kills, {differing} differ", file=sys.stderr, flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=200, help="kills at random times")
    parser.add_argument("--boundaries", action="store_true", help="also one at every boundary")
    parser.add_argument("--progress", type=Path, help="where each kill is written down")
    parser.add_argument("--minutes", type=float, default=math.inf, help="then stop")
    parser.add_argument("--operation", action="append", choices=list(crash_child.OPERATIONS))
    given = parser.parse_args()
    figures = measure(
        given.kills,
        given.boundaries,
        given.progress,
        given.minutes * 60,
        given.operation or list(crash_child.OPERATIONS),
    )
    print(json.dumps(figures, indent=2))
    left = figures["boundaries that were not killed at"]
    sys.exit(1 if figures["states that differ"] or left else 0)


if __name__ == "__main__":
    main()
