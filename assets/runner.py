"""Runner: cohorts through Dagster from the command line, side by side in warm processes.

Each worker imports Dagster once and takes one cohort after another; each cohort is one run of the
`cohort` job and looks in Dagster's pages like one started there. This side imports no Dagster: the
command line stays fast. What a worker does stands in `worker`.
"""

import os
import socket
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack, suppress
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Self

from assets.task import Burial, RunEvent, RunResult, Task
from migration_platform.launcher import dagster_environment
from migration_platform.platform import REFERENCE
from migration_platform.settings import Settings, make_private
from migration_platform.store import STAGES

PATIENCE = 20
"""Seconds that a worker has to end a run that is broken off."""


def run(
    settings: Settings,
    *,
    cohorts: Sequence[str],
    entities: Sequence[str] | None,
    reference: bool,
    wave: str | None,
    concurrency: int,
    report: Callable[[RunEvent], None],
) -> list[RunResult]:
    """Run the reference entities, then the cohorts side by side, then the wave's evidence.

    A result for each. Without its reference entities no cohort is started.
    """
    chosen = None
    if entities is not None:
        chosen = tuple(f"{stage}/{entity}" for stage in STAGES for entity in entities)
    with Pool(settings, max(1, min(concurrency, len(cohorts)))) as pool:
        results = pool.do([Burial()], report)
        if reference:
            # Ahead of one entity of a cohort they run whole, or the entity could name none of them.
            mine = None if cohorts else chosen
            results += pool.do([Task(REFERENCE, REFERENCE, None, mine)], report)
        if all(result.success for result in results):
            results += pool.do([Task("cohort", name, name, chosen) for name in cohorts], report)
        else:
            results += [
                RunResult(name, "", False, (), "not started: the reference entities did not load")
                for name in cohorts
            ]
        if wave is not None:
            results += pool.do([_wave_task(wave, promotion=False)], report)
    return results


def materialize_wave(settings: Settings, wave: str, promotion: bool = True) -> RunResult:
    """Show in the graph what the platform's store holds of a wave: its evidence, its promotion."""
    with Pool(settings, 1, suites=False) as pool:
        return pool.do([_wave_task(wave, promotion)], lambda event: None)[0]


def announce(settings: Settings, wave: str) -> None:
    """Tell Dagster of a promotion that was just recorded. Raises RuntimeError if it did not take."""
    result = materialize_wave(settings, wave)
    if not result.success:
        raise RuntimeError(result.error)


def _wave_task(wave: str, promotion: bool) -> Task:
    return Task("wave", f"wave {wave}", wave, None if promotion else ("wave/evidence",))


class Worker:
    """A process that does one task after another. The kernel tells when it is gone."""

    def __init__(
        self, settings: Settings, environment: dict[str, str], log: Path, module: str
    ) -> None:
        here, there = socket.socketpair()
        with there, log.open("a") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", module, str(there.fileno())],
                env=environment,
                cwd=settings.root,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                pass_fds=[there.fileno()],
            )
        self.connection = Connection(here.detach())
        self.task: Task | Burial | None = None

    def give(self, task: Task | Burial) -> None:
        """Hand it a task. It must have none."""
        self.task = task
        with suppress(OSError):  # it is gone: reading from it will say so
            self.connection.send(task)

    def end(self) -> None:
        """Let it finish what it does, within limits; without a task there is nothing to finish."""
        self.connection.close()
        if self.task is None:
            self.process.kill()
        try:
            self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class Pool:
    """So many workers. One that dies fails its own task only, and is replaced.

    Without `suites` they start no process for them before one is asked for.
    """

    def __init__(self, settings: Settings, size: int, *, suites: bool = True) -> None:
        self.settings = settings
        self.module = "assets.start" if suites else "assets.worker"
        self.environment = {**os.environ, **dagster_environment(settings)}
        self.log = make_private(settings.home / "dagster") / "worker.log"
        self.log.unlink(missing_ok=True)
        self.workers = [self._start() for _ in range(size)]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with ExitStack() as stack:
            for worker in self.workers:
                stack.callback(worker.end)

    def do(
        self, tasks: Iterable[Task | Burial], report: Callable[[RunEvent], None]
    ) -> list[RunResult]:
        """Do the tasks side by side and wait for all. Results in the order of the tasks."""
        waiting: deque[Task | Burial] = deque(tasks)
        order = [task.name for task in waiting if isinstance(task, Task)]
        results: dict[str, RunResult] = {}
        while waiting or any(worker.task for worker in self.workers):
            for worker in self.workers:
                if waiting and worker.task is None:
                    worker.give(waiting.popleft())
            busy = {worker.connection: worker for worker in self.workers if worker.task}
            for connection in wait(list(busy)):
                worker = busy[connection]  # type: ignore[index]
                try:
                    message = worker.connection.recv()
                except (EOFError, OSError):
                    if lost := self._replace(worker):
                        results[lost.cohort] = lost
                        waiting.appendleft(Burial())
                    continue
                if isinstance(message, RunEvent):
                    report(message)
                    continue
                worker.task = None
                if isinstance(message, RunResult):
                    results[message.cohort] = message
        return [results[name] for name in order]

    def _start(self) -> Worker:
        return Worker(self.settings, self.environment, self.log, self.module)

    def _replace(self, worker: Worker) -> RunResult | None:
        """A new worker for one that is gone, and the result of what that one was doing."""
        worker.end()
        self.workers[self.workers.index(worker)] = self._start()
        if not isinstance(worker.task, Task):
            return None
        code = worker.process.returncode
        how = f"was killed (signal {-code})" if code < 0 else f"ended by itself (exit code {code})"
        return RunResult(
            worker.task.name,
            "",
            False,
            (),
            f"its process {how}; what it had committed stands. Run it again; if it happens "
            f"again, read {self.log}",
        )
