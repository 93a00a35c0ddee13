"""Staging: the Parquet files between the stages, one folder per cohort and entity.

The one place where patient data stands outside the two platforms. A file is written under another
name and moved into place, so that a reader finds the old snapshot or the new one, never half of one.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import duckdb

Kind = Literal["extract", "mapped", "ends", "differences"]

BATCH_ROWS = 50_000
"""Records held in memory at once by a stage that streams."""


@dataclass(frozen=True, slots=True)
class Staging:
    """The staging area below `root`."""

    root: Path

    def path(self, cohort: str, entity: str, kind: Kind) -> Path:
        """Where a file stands, or will stand."""
        return self.root / cohort / entity / f"{kind}.parquet"

    @contextmanager
    def replacing(self, cohort: str, entity: str, kind: Kind) -> Iterator[Path]:
        """A path to write to; it takes the file's place when the block ends without an error."""
        final = self.path(cohort, entity, kind)
        final.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = final.with_name(f".{final.name}.{os.getpid()}")
        try:
            yield draft
            with draft.open("rb") as file:
                os.fsync(file.fileno())
            os.replace(draft, final)
        finally:
            draft.unlink(missing_ok=True)

    def connect(self) -> duckdb.DuckDBPyConnection:
        """DuckDB in memory, bounded, spilling into the staging area."""
        spill = self.root / ".spill"
        spill.mkdir(parents=True, exist_ok=True, mode=0o700)
        connection = duckdb.connect()
        connection.execute("SET memory_limit = '1GB'")
        connection.execute("SET threads = 2")
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(f"SET temp_directory = {quote_text(str(spill))}")
        return connection

    def remove(self) -> None:
        """Delete everything staged."""
        shutil.rmtree(self.root, ignore_errors=True)


def quote_text(text: str) -> str:
    """A SQL text literal, for the places that take no parameter."""
    return "'" + text.replace("'", "''") + "'"


def quote_name(name: str) -> str:
    """A SQL identifier."""
    return '"' + name.replace('"', '""') + '"'
