"""Suite process: Great Expectations in a process of its own, beside the one that moves a cohort.

It takes seconds to import and plans suites for seconds more: that happens while records are being
extracted. What is asked and how it is judged stands in `suite_plan` and `suite_run`. Only batches and
counts pass between the two processes.
"""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from multiprocessing.connection import Connection
from pathlib import Path
from threading import Lock

from checks import validation
from migration_platform.check import Batch, ExpectationResult
from migration_platform.errors import MigrationError, find_place
from migration_platform.garbage_collection import collect_seldom

_lock = Lock()  # it answers one question at a time


class SuiteProcess:
    """The process, and the way to it. When this end is closed, it ends by itself."""

    def __init__(self) -> None:
        here, there = socket.socketpair()
        with there:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "checks.suite_process", str(there.fileno())],
                cwd=Path(__file__).parents[1],
                stdin=subprocess.DEVNULL,
                pass_fds=[there.fileno()],
            )
        self.connection = Connection(here.detach())

    def ask(self, batch: Batch) -> list[ExpectationResult] | MigrationError:
        """What the batch's suite found, or why it could not be run."""
        try:
            self.connection.send(batch)
            answer: list[ExpectationResult] | MigrationError = self.connection.recv()
        except (EOFError, OSError):
            return MigrationError(
                f"{batch.entity}: the process that runs the suites ended with code "
                f"{self.process.wait()}. Run the cohort again; if it happens again, look for the "
                "reason in the run's output, or for a machine that is short of memory."
            )
        return answer

    def end(self) -> None:
        """End it, whatever it does. It only ever reads."""
        self.connection.close()
        self.process.kill()
        self.process.wait()


suite_digest = validation.suite_digest

_running: list[SuiteProcess] = []
_done = object()


def start() -> SuiteProcess:
    """The process of this one, started if there is none. Returns before it is ready."""
    if not _running:
        _running.append(SuiteProcess())
    return _running[0]


def stop() -> None:
    """End it. The next question starts another."""
    while _running:
        _running.pop().end()


def validate(batch: Batch) -> list[ExpectationResult]:
    """Run the suite of the batch's entity on it there, as `validation.validate` says."""
    with _lock:
        asked = start()
        try:
            answer = asked.ask(batch)
        except BaseException:  # interrupted: this answer must not be taken for that of the next
            stop()
            raise
        if asked.process.poll() is not None:
            stop()
    if isinstance(answer, MigrationError):
        raise answer
    return answer


def main() -> None:
    """Answer questions until nobody can ask any more; plan the suites while nobody does."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # who asks decides what an interrupt means
    connection = Connection(int(sys.argv[1]))
    collect_seldom()
    import_module("checks.suite_run")
    plans: Iterator[None] | None = None
    while True:
        while plans is not None and not connection.poll():
            if next(plans, _done) is _done:
                break
        try:
            batch = connection.recv()
            connection.send(_answer(batch))
        except (EOFError, OSError):  # who asked is gone
            return
        plans = plans or _plan_ahead(batch.url)


def _answer(batch: Batch) -> list[ExpectationResult] | MigrationError:
    try:
        return validation.validate(batch)
    except MigrationError as error:
        return error
    except Exception as error:
        return MigrationError(
            f"{batch.entity}: its suite could not be run: {type(error).__name__} at "
            f"{find_place(error)}. The message may quote a record and is not shown."
        )


def _plan_ahead(url: str) -> Iterator[None]:
    """Plan one suite after another for this database."""
    from checks.suite_plan import plan_suite

    for file in sorted(validation.SUITES.glob("[!_]*.py")):
        for point in ("transformed", "destination"):
            try:
                plan_suite(file.stem, point, url)
            except Exception:  # whoever asks for this suite meets it again, and is told
                continue
            yield


if __name__ == "__main__":
    main()
