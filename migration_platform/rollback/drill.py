"""Drill: a cohort's rollback rehearsed on a shadow of it, from the load to the last byte.

What is staged for the cohort is loaded into the shadow, people's writes are made there, the loads are
taken back by the same code as in earnest, and the shadow must be what it was. The result is evidence.
"""

from __future__ import annotations

import hashlib
import shutil
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import psycopg

from migration_platform.destination.digest import digest_tables
from migration_platform.destination.document_rollback import put_documents_right
from migration_platform.destination.documents import file_digest
from migration_platform.destination.foreign_key import name_own_tables, read_tables
from migration_platform.destination.load import load_staged
from migration_platform.destination.shadow import shadow
from migration_platform.destination.staged_table import staged_digest
from migration_platform.destination.synthetic_write import SyntheticWrite, write_synthetically
from migration_platform.destination.undo import work_out
from migration_platform.destination.written_there import find_writes, read_writes
from migration_platform.errors import MigrationError
from migration_platform.platform import Platform
from migration_platform.rollback.cohort_rollback import take_back
from migration_platform.rollback.drill_record import Drill, record_drill
from migration_platform.stage.load import copy_documents

KINDS = ("changed", "made", "deleted")
"""Of synthetic writes; a drill in which one of them could not be made proves too little."""


def drill(platform: Platform, cohort: str) -> Drill:
    """Rehearse the cohort's rollback on a shadow and record what came of it.

    Raises MigrationError if there is nothing to rehearse with, or no shadow can be made.
    """
    platform.plan.cohort(cohort)
    staged = _require_staged(platform, cohort)
    place = platform.settings.staging / cohort / ".drill"
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True, mode=0o700)
    try:
        with shadow(platform.settings, cohort, platform.entities) as settings:
            stand_in = Platform(
                replace(settings, destination_documents=place / "documents"),
                platform.plan,
                platform.entities,
                platform.suites,
            )
            try:
                result = _rehearse(stand_in, cohort, staged, place)
            finally:
                stand_in.close()
    finally:
        shutil.rmtree(place, ignore_errors=True)
    return record_drill(platform.store, result)


def _require_staged(platform: Platform, cohort: str) -> dict[str, str]:
    """Digest of what is staged, by entity. Raises MigrationError if the cohort is not ready."""
    staged = {}
    with platform.destination() as connection:
        for name in platform.cohort_entities(cohort):
            run = platform.store.latest(cohort, name, "transform")
            if run is not None and not run.applicable:
                continue
            if run is None or staged_digest(connection, cohort, name) != run.digest:
                raise MigrationError(
                    f"{name} in cohort {cohort} is not staged, so there is nothing to rehearse with: "
                    f"`migration run --cohort {cohort}` first (a closed gate stops it only at the "
                    "load)."
                )
            staged[name] = run.digest
    return staged


def _rehearse(platform: Platform, cohort: str, staged: Mapping[str, str], place: Path) -> Drill:
    with platform.destination() as connection:
        if _is_loaded(connection, cohort):
            _roll_back(platform, connection, cohort, place / "before.csv")
        before = _digest(platform, connection)
        started = time.monotonic()
        records = _load(platform, connection, cohort, staged)
        loaded = time.monotonic() - started
        if not records:
            raise MigrationError(
                f"nothing of cohort {cohort} is mapped: a drill without a record proves nothing."
            )
        row = connection.execute(
            "SELECT min(id) FROM migration.load WHERE cohort = %s AND id > coalesce((SELECT "
            "max(last_load_id) FROM migration.rollback WHERE cohort = %s), 0)",
            (cohort, cohort),
        ).fetchone()
        writes = write_synthetically(
            connection, cohort, platform.entities, int(row[0]) if row else 0
        )
        started = time.monotonic()
        captured = _roll_back(platform, connection, cohort, place / "after.csv")
        restored = time.monotonic() - started
        after = _digest(platform, connection)
    return Drill(
        cohort=cohort,
        passed=not (problem := _judge(before, after, writes, captured)),
        reason=problem
        or f"{records:,} records loaded and taken back in {restored:.1f} s, "
        f"{len(captured):,} writes carried out, every byte as it was",
        records=records,
        writes=len(writes),
        captured=len(captured & set(writes)),
        seconds_to_load=loaded,
        seconds_to_restore=restored,
        digest_before=before,
        digest_after=after,
        staged_digest=hashlib.sha256(
            "\n".join(map(str, sorted(staged.items()))).encode()
        ).hexdigest(),
    )


def _judge(
    before: str, after: str, writes: list[SyntheticWrite], captured: set[SyntheticWrite]
) -> str:
    """What is not as it must be, in words; empty if everything is."""
    if before != after:
        return "after the rollback the shadow is not what it was before the load"
    if lost := set(writes) - captured:
        return f"{len(lost):,} of {len(writes):,} writes were not carried out"
    if more := captured - set(writes):
        return f"{len(more):,} writes were carried out that nobody made"
    if lacking := [kind for kind in KINDS if kind not in {w.kind for w in writes}]:
        return f"nothing could be {' or '.join(lacking)} in the shadow: it proves too little"
    return ""


def _is_loaded(connection: psycopg.Connection, cohort: str) -> bool:
    row = connection.execute(
        "SELECT FROM migration.crosswalk WHERE cohort = %s AND fingerprint IS NOT NULL LIMIT 1",
        (cohort,),
    )
    return row.rowcount > 0


def _load(
    platform: Platform, connection: psycopg.Connection, cohort: str, staged: Mapping[str, str]
) -> int:
    records = 0
    for name, digest in staged.items():
        entity = platform.entity(name)
        copy_documents(platform, cohort, entity)
        counts = load_staged(
            connection,
            cohort,
            entity,
            platform.entities,
            digest=digest,
            mapping_digest=platform.mapping_digest(name),
        )
        connection.commit()
        records += counts.loaded
    return records


def _roll_back(
    platform: Platform, connection: psycopg.Connection, cohort: str, file: Path
) -> set[SyntheticWrite]:
    """Take the loads back as in earnest; returns what was carried out."""
    with connection.cursor() as cursor:
        undoing = work_out(cursor, [cohort], platform.entities, lock=True)
        if undoing.refusals:
            raise MigrationError(
                f"cohort {cohort} could not be rolled back: {'; '.join(r.sentence for r in undoing.refusals)}."
            )
        find_writes(cursor, undoing)
        lines = read_writes(cursor, cohort, platform.entities, platform.owner)
        captured = {
            SyntheticWrite(line["entity"], line["destination_id"], line["kind"], line["field"])
            for line in lines
            if line["kind"] != "made" or not line["field"]
        }
        take_back(
            platform, cursor, undoing, lambda part: file,
            person="drill", reason="drill", begin=lambda part, groups: None,
        )  # fmt: skip
    connection.commit()
    put_documents_right(
        connection,
        platform.settings.destination_documents,
        platform.entities,
        cohort,
        undoing.parts[0].number,
    )
    return captured


def _digest(platform: Platform, connection: psycopg.Connection) -> str:
    """Of the entities' tables and the stored files."""
    with connection.cursor() as cursor:
        names = name_own_tables(cursor, platform.entities).values()
        tables = read_tables(cursor, names)
    rows = digest_tables(connection, [t.identifier for t in tables.values()])
    connection.commit()
    folder = platform.settings.destination_documents
    files = [
        f"{path.relative_to(folder)} {file_digest(path)}"
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    ]
    return hashlib.sha256("\n".join([rows, *files]).encode()).hexdigest()
