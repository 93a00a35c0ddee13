"""Shadow files: copies of stored files with planted faults, compared as the real ones are.

They stand in a folder that only lives as long as the comparison, beside the staging area's own
files: a document is patient data like any other.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from random import Random

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from migration_platform.fault.fault import DocumentFault, draw_id
from migration_platform.fault.judgement import Finding, Harmless, Planted
from migration_platform.reconciliation.column import quote_text
from migration_platform.reconciliation.document_file import FILE, compare_files

File = tuple[str, str]
"""Where a file stands below the documents folder, and its SHA-256."""

LARGEST_FILE = 4 << 20
"""Bytes. A larger one is not copied: its faults are the same."""


class FilePlanter:
    """Plants in copies of `files` (below `folder`) that it makes in `shadow`, a folder of its own."""

    def __init__(self, folder: Path, files: Sequence[File], shadow: Path, random: Random) -> None:
        self.shadow, self.random = shadow, random
        self.contents = [
            (content, sha256)
            for path, sha256 in files
            if (content := _read(folder / path)) is not None
        ]
        self.entries: list[tuple[str, str, str]] = []
        self.planted: list[Planted] = []
        self.harmless: list[Harmless] = []

    def plant(self, fault: DocumentFault) -> bool:
        """Plant a fault in a copy of a file. False if there is none to copy."""
        if not self.contents:
            return False
        content, sha256 = self.random.choice(self.contents)
        changed = fault.mutate(content, self.random)
        if changed == content:
            return False
        identity = self._enter(sha256, changed)
        expected = Counter([(identity, FILE, "mismatched")])
        self.planted.append(Planted(fault.name, FILE, frozenset([identity]), expected))
        return True

    def change(self, name: str) -> bool:
        """Make a benign change (`fault.benign.DOCUMENT_CHANGES`). False if there is no file."""
        if not self.contents:
            return False
        content, sha256 = self.random.choice(self.contents)
        identity = self._enter(sha256, content)
        place = self.shadow / identity
        if name == "file written anew":
            place.chmod(0o400)
            os.utime(place, (0, 0))
        elif name == "file behind a link":
            place.rename(place.with_suffix(".kept"))
            place.symlink_to(place.with_suffix(".kept"))
        elif name == "further files":
            (self.shadow / draw_id(self.random)).write_bytes(b"of nobody")
        else:
            raise ValueError(f"no such change of a file: {name}")
        self.harmless.append(Harmless(name, FILE, frozenset([identity])))
        return True

    def compare(self, sql: duckdb.DuckDBPyConnection) -> list[Finding]:
        """What the comparison of files reports of the copies. Needs the table `difference`."""
        table = pa.table(
            {
                name: pa.array([e[at] for e in self.entries], pa.string())
                for at, name in enumerate(("id", "sha256", "storage_path"))
            }
        )
        entries = self.shadow / "entries.parquet"
        pq.write_table(table, entries)
        compare_files(sql, f"read_parquet({quote_text(str(entries))})", self.shadow)
        return sql.execute(
            f"SELECT id, field, status FROM difference WHERE field = '{FILE}'"
        ).fetchall()

    def _enter(self, sha256: str, content: bytes | None) -> str:
        """An entry with the digest that was sent, and the file that is there."""
        identity = draw_id(self.random)
        if content is not None:
            (self.shadow / identity).write_bytes(content)
        self.entries.append((identity, sha256, identity))
        return identity


def _read(file: Path) -> bytes | None:
    """A file's content; None for one that is not there or too large, which proves nothing here."""
    try:
        return file.read_bytes() if file.stat().st_size <= LARGEST_FILE else None
    except OSError:
        return None
