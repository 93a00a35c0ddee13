"""Pace: how fast the processor was while something was measured.

A machine in a cloud may run at half its speed from one minute to the next; a figure in seconds says
little without it.
"""

from __future__ import annotations

import time
from bisect import bisect_left, bisect_right
from statistics import median
from threading import Event, Thread

EVERY = 0.5
"""Seconds between two samples; each takes some ten milliseconds of one core."""

ADDITIONS = 200_000


class Pace:
    """Samples in a thread of this process, for as long as the `with` block lasts."""

    def __init__(self) -> None:
        self._times: list[float] = []
        self._paces: list[float] = []
        self._ended = Event()
        self._thread = Thread(target=self._sample, name="pace", daemon=True)

    def __enter__(self) -> Pace:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def during(self, start: float, end: float) -> float | None:
        """The median pace between two times (`time.time`), in milliseconds of the processor for a
        million additions in Python; None if nothing was sampled."""
        chosen = self._paces[bisect_left(self._times, start) : bisect_right(self._times, end)]
        return round(median(chosen), 1) if chosen else None

    def _sample(self) -> None:
        while not self._ended.wait(EVERY):
            start = time.thread_time()
            total = 0
            for number in range(ADDITIONS):
                total += number
            spent = time.thread_time() - start
            self._times.append(time.time())
            self._paces.append(spent * 1000 * 1_000_000 / ADDITIONS)
