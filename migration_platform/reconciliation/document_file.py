"""Document files: each sent record's stored file at the destination, opened and hashed."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import duckdb
import pyarrow as pa

FILE = "file"
"""The field under which a difference of the stored file itself is kept."""

BATCH = 10_000


def compare_files(sql: duckdb.DuckDBPyConnection, sent: str, folder: Path) -> None:
    """Add a difference for each sent record whose file below `folder` is not what was sent.

    `sent` has id, sha256 and storage_path. A record that is missing altogether is not looked at.
    The difference says `sent` and `found` as SHA-256, or in words why there is none.
    """
    cursor = sql.cursor()
    reader = cursor.execute(f"SELECT id, sha256, storage_path FROM {sent} WHERE sha256 IS NOT NULL")
    known = {
        row[0]
        for row in sql.execute("SELECT id FROM difference WHERE status = 'missing'").fetchall()
    }
    with ThreadPoolExecutor(4) as pool:
        while rows := reader.fetchmany(BATCH):
            todo = [r for r in rows if r[0] not in known]
            states = pool.map(lambda r: look_at_file(folder, r[2], r[1]), todo)
            wrong = [
                (r[0], "destination", FILE, "mismatched", FILE, r[1], state)
                for r, state in zip(todo, states, strict=True)
                if state != r[1]
            ]
            if wrong:
                names = ("id", "leg", "field", "status", "kind", "sent", "found")
                columns = zip(*wrong, strict=True)
                table = pa.table({n: list(c) for n, c in zip(names, columns, strict=True)})
                sql.register("wrong_file", table)
                sql.execute("INSERT INTO difference SELECT * FROM wrong_file").fetchall()
                sql.unregister("wrong_file")


def look_at_file(folder: Path, path: str, sha256: str) -> str:
    """The file's SHA-256, or in words why it has none: there is no other way to tell."""
    file = (folder / path).resolve()
    if not file.is_relative_to(folder.resolve()):
        return "outside the documents folder"
    try:
        with file.open("rb") as opened:
            digest = hashlib.file_digest(opened, "sha256").hexdigest()
        size = file.stat().st_size
    except FileNotFoundError:
        return "there is no such file"
    except OSError:
        return "the file cannot be read"
    return digest if size or digest == sha256 else "the file is empty"
