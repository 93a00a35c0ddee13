"""Unchanged: the proof that a comparison made before would come out the same now.

The proof has four parts: the rows of the destination (`row_version`), the staged files that they are
compared with, the stored files (by size and time), and the code that compares. All four are taken at
a full comparison and kept with it; a night that finds them equal repeats that comparison's result
instead of reading everything back. A comparison rests on a proof for so many nights only.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import duckdb

import migration_platform
from migration_platform.platform import Platform
from migration_platform.row_version import RowVersions
from migration_platform.staging import Kind, quote_text
from migration_platform.store import StageRun

STAGED: tuple[Kind, ...] = ("extract", "mapped", "ends")
COMPARING = ("reconciliation", "stage", "entity.py", "row_version.py")
"""What decides the result of a comparison, below the engine's folder."""


def prove(
    platform: Platform, cohort: str, loaded: StageRun, duck: duckdb.DuckDBPyConnection
) -> dict[str, str]:
    """The parts of the proof that stand on this side, as they are now. Take them before comparing:
    what changes meanwhile then counts as changed."""
    entity = platform.entity(loaded.entity)
    inputs = [loaded.digest, loaded.mapping_digest, platform.mapping_digest(entity.name)]
    for kind in STAGED:
        inputs.append(_file_digest(platform.staging.path(cohort, entity.name, kind)))
    rulings = platform.staging.path(cohort, entity.name, "rulings")
    inputs.append(_file_digest(rulings) if rulings.exists() else "")
    parts = {"inputs": _digest(inputs), "code": _code_digest()}
    if entity.document_path is not None:
        mapped = platform.staging.path(cohort, entity.name, "mapped")
        parts["files"] = _stat_files(platform.settings.destination_documents, mapped, duck)
    return parts


def describe_comparison(
    parts: Mapping[str, str], versions: RowVersions | None, seen_at: datetime | None
) -> dict[str, Any]:
    """What a full comparison leaves for later nights: its proof, or why there can be none."""
    since = seen_at and seen_at.isoformat(timespec="microseconds")
    if versions is None or not versions.digest:
        reason = versions.reason if versions else "the rows' versions were not read"
        return {"compared": True, "since": since, "reason": reason}
    return {"compared": True, "since": since, "proof": join_proof(parts, versions)}


def join_proof(parts: Mapping[str, str], versions: RowVersions) -> dict[str, Any]:
    """The whole proof: equal proofs, equal comparisons."""
    return {**parts, "rows": versions.rows, "row_versions": versions.digest}


def may_rest(previous: StageRun | None, now: datetime, nights: int) -> bool:
    """Whether a proof is worth asking for: there is a comparison to rest on, and it is not too old."""
    before = previous.detail.get("unchanged", {}) if previous and previous.applicable else {}
    if "proof" not in before or not before.get("since"):
        return False
    return (now.date() - datetime.fromisoformat(before["since"]).date()).days < nights


def rest_on(
    previous: StageRun, proof: Mapping[str, Any], seen_at: datetime
) -> dict[str, Any] | None:
    """The detail of a reconciliation that repeats `previous`, None unless the proofs are equal."""
    before = previous.detail["unchanged"]
    if before["proof"] != proof:
        return None
    return {
        **previous.detail,
        "seen_at": seen_at.isoformat(timespec="microseconds"),
        "unchanged": {**before, "compared": False},
    }


def _stat_files(folder: Path, mapped: Path, duck: duckdb.DuckDBPyConnection) -> str:
    """Digest of path, size and time of change of every stored file that was sent."""
    digest = hashlib.sha256()
    cursor = duck.execute(
        f"SELECT storage_path FROM read_parquet({quote_text(str(mapped))}) "
        "WHERE storage_path IS NOT NULL ORDER BY id"
    )
    while rows := cursor.fetchmany(10_000):
        for (path,) in rows:
            try:
                found = (folder / path).stat()
                state = f"{found.st_size} {found.st_mtime_ns} {found.st_ctime_ns} {found.st_ino}"
            except OSError as error:
                state = type(error).__name__
            digest.update(f"{path}\0{state}\n".encode())
    return digest.hexdigest()


@cache
def _code_digest() -> str:
    here = Path(migration_platform.__file__).parent
    files = [f for name in COMPARING for f in _files(here / name)]
    return _digest([duckdb.__version__, *[_file_digest(file) for file in files]])


def _files(path: Path) -> list[Path]:
    return sorted(path.glob("*.py")) if path.is_dir() else [path]


def _file_digest(path: Path) -> str:
    with path.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def _digest(parts: list[str]) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()
