"""The errors this platform raises on purpose. Each says what, where and what to do next.

No message may hold a patient's value: name tables, columns, rules and counts instead.
"""

from __future__ import annotations

import sys
import traceback
from collections.abc import Sequence
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]


class MigrationError(Exception):
    """Something the person at the keyboard can put right. The command line exits with 2."""


class ConfigurationError(MigrationError):
    """A setting, a file that an adapter edits, or a connection is not as it must be."""


class SourceError(MigrationError):
    """The source could not be read as it should be (torn file, missing table, lost connection)."""


class GateClosedError(MigrationError):
    """A load or a promotion that the gate refuses. The command line exits with 1."""


class HangingError(GateClosedError):
    """A rollback that is refused only because of other `cohorts`, whose records hang on what would go."""

    def __init__(self, sentence: str, cohorts: Sequence[str]) -> None:
        super().__init__(sentence)
        self.cohorts = tuple(cohorts)


class EvidenceError(MigrationError):
    """What a decision would rest on is missing, stale, or not what was read."""


def find_place(error: Exception) -> str:
    """The innermost line of this project that an error passed through: all that is told of one whose
    message may quote a record."""
    place = "an unknown line"
    for frame in traceback.extract_tb(error.__traceback__):
        path = Path(frame.filename).resolve()
        ours = path.is_relative_to(PROJECT) and not path.is_relative_to(Path(sys.prefix).resolve())
        if ours and path.is_file():  # generated code says of itself that it is in no file
            place = f"{path.relative_to(PROJECT)}:{frame.lineno}"
    return place
