"""Decision log: read as a whole or not at all, and told whether it is whole.

How entries are chained stands in `decision`; `store` appends them; `log_head` knows of the newest.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from migration_platform.decision import log_head
from migration_platform.decision.decision import Decision, find_break
from migration_platform.errors import GateClosedError
from migration_platform.platform import Platform
from migration_platform.schema.grant import find_powers


@dataclass(frozen=True, slots=True)
class LogState:
    """`broken`: the first entry that is altered, missing or out of order. `removed`: the first that
    is gone from the end, or was replaced there. `powers`: why the platform's own role could do it."""

    entries: int
    head: str
    broken: int | None
    removed: int | None
    powers: tuple[str, ...]

    @property
    def whole(self) -> bool:
        return self.broken is None and self.removed is None


def read_whole(platform: Platform) -> list[Decision]:
    """The whole log. Raises GateClosedError if somebody altered it."""
    head = log_head.read(platform.settings.home)
    log = platform.store.decisions()
    require_whole(log, head)
    return log


def require_whole(log: Sequence[Decision], head: tuple[int, str] | None) -> None:
    """Raise GateClosedError unless every entry is there as it was written."""
    broken = find_break(log)
    if broken is None:
        broken = log_head.find_missing(head, log)
    if broken is not None:
        raise GateClosedError(
            f"the decision log is not whole from entry {broken} on: somebody altered it. Nothing "
            "loads and nothing can be decided until it is restored. See `migration log verify`."
        )


def verify(platform: Platform) -> LogState:
    """Look for every sign that the log was altered, and for who could."""
    head = log_head.read(platform.settings.home)
    log = platform.store.decisions()
    with platform.store.transaction() as connection:
        powers = find_powers(connection)
    return LogState(
        entries=len(log),
        head=log[-1].hash if log else "",
        broken=find_break(log),
        removed=log_head.find_missing(head, log),
        powers=tuple(powers),
    )
