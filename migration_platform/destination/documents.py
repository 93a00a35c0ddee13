"""Documents: the stored files that come with records, copied to the destination and verified.

A record's `storage_path` says where its file stands below the documents folder.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from migration_platform.errors import MigrationError


def copy_document(source: Path, folder: Path, path: str, sha256: str) -> int:
    """Copy a file to `path` below `folder` unless it is there with that content; returns bytes
    written.

    Raises MigrationError if the place is not below the folder, or if the source's file is not (any more) what was extracted.
    """
    place = (folder / path).resolve()
    if not place.is_relative_to(folder.resolve()):
        raise MigrationError(
            "a stored document's path leaves the destination's documents folder. Nothing was loaded."
        )
    if place.exists() and file_digest(place) == sha256:
        return 0
    place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = place.with_name(f".{place.name}.{os.getpid()}")
    digest, written = hashlib.sha256(), 0
    try:
        with source.open("rb") as reading, draft.open("wb") as writing:
            while block := reading.read(1 << 20):
                digest.update(block)
                writing.write(block)
                written += len(block)
            writing.flush()
            os.fsync(writing.fileno())
        if digest.hexdigest() != sha256:
            raise MigrationError(
                "a stored document changed on the source since it was extracted: run the cohort "
                "again from extract. Nothing was loaded."
            )
        os.replace(draft, place)
    except FileNotFoundError:
        raise MigrationError(
            "a stored document is gone from the source since it was extracted: run the cohort "
            "again from extract. Nothing was loaded."
        ) from None
    finally:
        draft.unlink(missing_ok=True)
    return written


def file_digest(path: Path) -> str:
    """SHA-256 of a file, 64 hex digits."""
    with path.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
