"""Documents: the stored files that come with records, copied to the destination and verified.

A record's `storage_path` says where its file stands below the documents folder. What a copy replaces
is kept under its digest, so that a rollback can bring it back.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
from collections.abc import Collection
from pathlib import Path

from migration_platform.errors import MigrationError

REPLACED = ".replaced"
"""Folder below the documents, for files that a copy took the place of: each named by its SHA-256."""


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
    draft = place.with_name(f".{place.name}.{os.getpid()}.{secrets.token_hex(4)}")
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
        if place.exists():
            _keep(place, folder)
        os.replace(draft, place)
    except FileNotFoundError:
        raise MigrationError(
            "a stored document is gone from the source since it was extracted: run the cohort "
            "again from extract. Nothing was loaded."
        ) from None
    finally:
        draft.unlink(missing_ok=True)
    return written


def _keep(place: Path, folder: Path) -> None:
    """Keep the file that is about to be replaced, under its digest."""
    kept = folder / REPLACED / file_digest(place)
    kept.parent.mkdir(exist_ok=True, mode=0o700)
    if not kept.exists():
        os.link(place, kept)


def take_back_document(folder: Path, path: str, digests: Collection[str]) -> bool:
    """Remove a file that a load copied, if its content is one of those that loads brought.

    Returns whether nothing of it is left: a file that somebody changed since stays.
    """
    place = (folder / path).resolve()
    if not place.is_relative_to(folder.resolve()) or not place.exists():
        return True
    if file_digest(place) not in digests:
        return False
    place.unlink()
    return True


def bring_back_document(folder: Path, path: str, sha256: str) -> bool:
    """Put a replaced file back where a record names it; returns whether the content is right."""
    place = (folder / path).resolve()
    if not place.is_relative_to(folder.resolve()):
        return False
    if place.exists() and file_digest(place) == sha256:
        return True
    kept = folder / REPLACED / sha256
    if not kept.exists():
        return False
    place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = place.with_name(f".{place.name}.{os.getpid()}.{secrets.token_hex(4)}")
    shutil.copyfile(kept, draft)
    os.replace(draft, place)
    return True


def file_digest(path: Path) -> str:
    """SHA-256 of a file, 64 hex digits."""
    with path.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
