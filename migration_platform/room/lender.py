"""Lender: lends each request a platform of its own, with connections that others have used before.

Connections are not shared between threads; the files that people edit are read anew for each request.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock

from migration_platform.platform import Platform


class Lender:
    """Platforms that are idle now. `make` opens the first and whatever is lacking."""

    def __init__(self, make: Callable[[], Platform]) -> None:
        self._make = make
        self._idle: list[Platform] = []
        self._lock = Lock()

    @contextmanager
    def lend(self) -> Iterator[Platform]:
        """A platform for one request. After an error its connections are not lent again."""
        with self._lock:
            kept = self._idle.pop() if self._idle else None
        platform = self._make() if kept is None else kept.renew()
        try:
            yield platform
        except BaseException:
            platform.close()
            raise
        with self._lock:
            self._idle.append(platform)

    def close(self) -> None:
        with self._lock:
            idle, self._idle = self._idle, []
        for platform in idle:
            platform.close()
