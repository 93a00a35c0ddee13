"""Written there: what people or another application wrote on the destination since the loads.

Found by comparing each record with the row as the load left it, which the journal keeps. The values
are patient data: they go into the staging area only, and are named elsewhere by token and count.
"""

from __future__ import annotations

import csv
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from migration_platform.destination.after_image import as_json
from migration_platform.destination.undo import Undoing
from migration_platform.entity import Entity
from migration_platform.staging import telling_if_full

COLUMNS = (
    "entity", "source_id", "destination_id", "kind", "field", "owner",
    "loaded", "found", "found_source_id",
)  # fmt: skip
"""Of the file. `found_source_id`: of the record that the found value names, if it is a reference."""

KINDS: Mapping[str, str] = {
    "changed": "a field of a loaded record has another value than the load wrote",
    "deleted": "a loaded record is gone",
    "made": "a record was made there that hangs on a loaded one",
    "overwritten": "a later load wrote over what had been written there",
    "withdrawn": "a record made there went with one that a load withdrew",
    "emptied": "a reference of another table's row, which the destination empties with the rollback",
}

FIELDS = (
    "CROSS JOIN LATERAL jsonb_object_keys(coalesce({written}, jsonb_build_object()) || "
    "coalesce({found}, jsonb_build_object())) AS k (field) "
    "WHERE {written}->k.field IS DISTINCT FROM {found}->k.field "
    "AND coalesce({written}->>k.field, {found}->>k.field) IS NOT NULL"
)
"""The fields in which two rows differ: a field that is not there is as good as an empty one."""


def find_writes(cursor: psycopg.Cursor, undoing: Undoing) -> None:
    """List everything written there into the temporary table `finding`: a line a field, and one
    without a field for each record that was made, withdrawn or deleted there."""
    cursor.execute(
        "CREATE TEMP TABLE finding (cohort text, entity text, id text, kind text, field text, "
        "loaded text, found text) ON COMMIT DROP"
    )
    one = FIELDS.format(written="u.written", found="u.present")
    cursor.execute(
        "INSERT INTO finding SELECT u.cohort, u.entity, u.id, u.status, k.field, "
        f"u.written->>k.field, u.present->>k.field FROM undo u {one} AND u.status IN ('changed', 'made')"
    )
    cursor.execute(
        "INSERT INTO finding SELECT cohort, entity, id, status, '', NULL, NULL FROM undo "
        "WHERE status IN ('deleted', 'made', 'withdrawn')"
    )
    cursor.execute(
        "INSERT INTO finding SELECT u.cohort, u.entity, u.id, u.status, k.key, NULL, k.value "
        "FROM undo u CROSS JOIN LATERAL jsonb_each_text(u.written) k WHERE u.status = 'withdrawn' "
        "AND k.value IS NOT NULL"
    )
    row = "coalesce(l.image->>'id', 'row ' || l.tid)"
    cursor.execute(
        f"INSERT INTO finding SELECT l.cohort, l.entity, {row}, 'made', '', NULL, NULL "
        "FROM leaving l WHERE l.made"
    )
    cursor.execute(
        f"INSERT INTO finding SELECT l.cohort, l.entity, {row}, 'made', k.key, NULL, k.value "
        "FROM leaving l CROSS JOIN LATERAL jsonb_each_text(l.image) k WHERE l.made "
        "AND k.value IS NOT NULL"
    )
    cursor.execute(
        f"INSERT INTO finding SELECT l.cohort, l.name, {row}, 'emptied', l.field, NULL, "
        "l.image->>l.field FROM emptied l"
    )
    cursor.execute("SELECT DISTINCT entity FROM touched WHERE first < last ORDER BY entity")
    for (entity,) in cursor.fetchall():
        _find_overwritten(cursor, undoing, entity)


def _find_overwritten(cursor: psycopg.Cursor, undoing: Undoing, entity: str) -> None:
    """What a load found otherwise than the load before it had left it, and wrote over."""
    fields = FIELDS.format(written="j.written", found="j.before")
    cursor.execute(
        sql.SQL(
            "INSERT INTO finding SELECT j.cohort, j.entity, j.destination_id, CASE WHEN j.before IS NULL "
            "THEN 'deleted' ELSE 'overwritten' END, CASE WHEN j.before IS NULL THEN '' ELSE "
            "k.field END, CASE WHEN j.before IS NOT NULL THEN j.written->>k.field END, "
            "j.before->>k.field FROM ("
            "SELECT cohort, entity, destination_id, before, earlier, {written} AS written FROM ("
            "SELECT t.cohort, j.entity, j.destination_id, j.before, lag(j.after) OVER w AS after, "
            "lag(j.load_id) OVER w AS earlier_load, lag(j.action) OVER w AS earlier "
            "FROM migration.journal j JOIN touched t ON t.entity = j.entity "
            "AND t.id = j.destination_id AND t.first < t.last "
            "WHERE j.load_id = ANY(%(loads)s) AND j.entity = %(entity)s "
            "WINDOW w AS (PARTITION BY j.destination_id ORDER BY j.load_id)) j) j "
            + fields
            + " AND j.earlier IS NOT NULL AND (j.written IS NOT NULL OR j.earlier = 'withdraw') "
            "GROUP BY 1, 2, 3, 4, 5, 6, 7"
        ).format(written=as_json(undoing.kinds, entity, "earlier_load", "after")),
        {"loads": undoing.loads, "entity": entity},
    )


def read_writes(
    cursor: psycopg.Cursor,
    cohort: str,
    entities: Mapping[str, Entity],
    owner: Callable[[str, str], str],
) -> Iterator[dict[str, Any]]:
    """Each line of a cohort in `finding` with what the file says of it, in a stable order."""
    references = {
        (name, field.name) for name, entity in entities.items() for field, _ in entity.references
    }
    cursor.execute(
        "SELECT f.entity, c.source_id, f.id, f.kind, f.field, f.loaded, f.found, n.source_id "
        f"FROM finding f LEFT JOIN migration.crosswalk c ON c.destination_id = {_as_id('f.id')} "
        f"LEFT JOIN migration.crosswalk n ON n.destination_id = {_as_id('f.found')} "
        "WHERE f.cohort = %s ORDER BY f.entity, f.id, f.kind, f.field, f.loaded, f.found",
        (cohort,),
    )
    for entity, source_id, number, kind, field, loaded, found, named in cursor:
        yield {
            "entity": entity,
            "source_id": source_id,
            "destination_id": number,
            "kind": kind,
            "field": field,
            "owner": owner(entity, field),
            "loaded": loaded,
            "found": found,
            "found_source_id": named if (entity, field) in references else None,
        }


def _as_id(column: str) -> str:
    """A text as a destination id, null if it is none."""
    return f"CASE WHEN {column} ~ '^[0-9a-f]{{8}}(-[0-9a-f]{{4}}){{3}}-[0-9a-f]{{12}}$' THEN {column}::uuid END"


def write_file(path: Path, lines: Iterator[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Put the lines into a CSV file that only its owner may read, passing each on.

    An empty cell is an empty text; a null is written as `\\N`, a backslash as two. The file is there
    as a whole, on the disk, when the last line is through.
    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with telling_if_full(path.parent):
            with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
                writer = csv.writer(file)
                writer.writerow(COLUMNS)
                for line in lines:
                    writer.writerow(_cell(line[name]) for name in COLUMNS)
                    yield line
                file.flush()
                os.fsync(file.fileno())
            os.replace(draft, path)
    finally:
        draft.unlink(missing_ok=True)


def _cell(value: str | None) -> str:
    return r"\N" if value is None else value.replace("\\", "\\\\")
