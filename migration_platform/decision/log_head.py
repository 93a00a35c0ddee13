"""Log head: the newest entry of the decision log that this home knows of, kept outside the database.

An entry removed from the end of the log leaves a chain that is whole. This file does not know that
entry as removed: it still names it.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Sequence
from pathlib import Path

from migration_platform.decision.decision import Decision
from migration_platform.errors import ConfigurationError
from migration_platform.settings import make_private

NAME = "decision-log.head"


def keep(home: Path, entry: Decision) -> None:
    """Remember an entry, unless a newer one is known."""
    make_private(home)
    file = home / NAME
    with open(os.open(home / f"{NAME}.lock", os.O_RDWR | os.O_CREAT, 0o600), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        known = read(home)
        if known is not None and known[0] >= entry.sequence:
            return
        draft = file.with_suffix(".draft")
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as out:
            out.write(f"{entry.sequence} {entry.hash}\n")
            out.flush()
            os.fsync(out.fileno())
        os.replace(draft, file)


def read(home: Path) -> tuple[int, str] | None:
    """Number and hash of the newest entry known, None if none is."""
    file = home / NAME
    try:
        number, digest = file.read_text(encoding="ascii").split()
        return int(number), digest
    except FileNotFoundError:
        return None
    except ValueError:
        raise ConfigurationError(
            f"{file}: is damaged. It names the newest entry of the decision log; compare the log "
            "with your backup, then remove this file."
        ) from None


def forget(home: Path) -> None:
    """For a new migration, with a log of its own."""
    (home / NAME).unlink(missing_ok=True)


def find_missing(head: tuple[int, str] | None, log: Sequence[Decision]) -> int | None:
    """The first sequence number that is gone from the end of the log, or is not what it was.

    `head` must have been read before the log was.
    """
    if head is None:
        return None
    number, digest = head
    if number > len(log):
        return len(log) + 1
    return None if log[number - 1].hash == digest else number
