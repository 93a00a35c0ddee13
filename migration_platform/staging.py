"""Staging: the Parquet files between the stages, one folder per cohort and entity.

The one place where patient data stands outside the two platforms. A file is written under another
name and moved into place, so that a reader finds the old snapshot or the new one, never half of one.

All of it can be made again from the source, but `rulings`: what people decided (`ruling_file`).
"""

from __future__ import annotations

import errno
import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from migration_platform.errors import MigrationError

if TYPE_CHECKING:
    import duckdb

Kind = Literal["extract", "mapped", "ends", "differences", "rulings"]

DUCKDB_MEMORY = "1GB"
"""What DuckDB may hold before it spills."""

FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
"""What the operating system says when a file cannot grow."""

BATCH_ROWS = 50_000
"""Records held in memory at once by a stage that streams."""


class Staging:
    """The staging area below `root`."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._duck: duckdb.DuckDBPyConnection | None = None
        self._prepared: set[Callable[[duckdb.DuckDBPyConnection], None]] = set()

    def path(self, cohort: str, entity: str, kind: Kind) -> Path:
        """Where a file stands, or will stand."""
        return self.root / cohort / entity / f"{kind}.parquet"

    @contextmanager
    def replacing(self, cohort: str, entity: str, kind: Kind) -> Iterator[Path]:
        """A path to write to; it takes the file's place when the block ends without an error."""
        final = self.path(cohort, entity, kind)
        final.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        # Not the process's number alone: on another machine another run may have the same.
        draft = final.with_name(f".{final.name}.{os.getpid()}.{secrets.token_hex(4)}")
        try:
            with telling_if_full(self.root):
                yield draft
                draft.chmod(0o600)
                with draft.open("rb") as file:
                    os.fsync(file.fileno())
                os.replace(draft, final)
        finally:
            draft.unlink(missing_ok=True)

    def connect(
        self, prepare: Callable[[duckdb.DuckDBPyConnection], None] | None = None
    ) -> duckdb.DuckDBPyConnection:
        """A cursor of this process's DuckDB: in memory, bounded, spilling into the staging area.
        What all of its cursors are to have, `prepare` makes, once."""
        if self._duck is None:
            spill = self.root / ".spill"
            spill.mkdir(parents=True, exist_ok=True, mode=0o700)
            import duckdb  # slow to import, and most commands read no staged file

            self._duck = duckdb.connect()
            for setting in (
                f"memory_limit = '{DUCKDB_MEMORY}'",
                "threads = 2",
                "GLOBAL TimeZone = 'UTC'",
                f"temp_directory = {quote_text(str(spill))}",
            ):
                self._duck.execute(f"SET {setting}").fetchall()
        if prepare is not None and prepare not in self._prepared:
            prepare(self._duck)
            self._prepared.add(prepare)
        return self._duck.cursor()


@contextmanager
def telling_if_full(place: Path) -> Iterator[None]:
    """Raise MigrationError instead of whatever a full disk makes the writing library raise."""
    try:
        yield
    except Exception as error:
        # DuckDB has no error number, only words.
        full = getattr(error, "errno", None) in FULL or (
            type(error).__module__.strip("_").startswith("duckdb") and "No space left" in str(error)
        )
        if not full:
            raise
        raise MigrationError(
            f"{place}: the staging area is full. Make room (or set MIGRATION_STAGING to a larger "
            "disk) and run it again. The file that was there before is still there."
        ) from None


def quote_text(text: str) -> str:
    """A SQL text literal, for the places that take no parameter."""
    return "'" + text.replace("'", "''") + "'"


def quote_name(name: str) -> str:
    """A SQL identifier."""
    return '"' + name.replace('"', '""') + '"'
