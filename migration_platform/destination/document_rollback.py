"""Stored files after a rollback: those that its loads brought go, those that they replaced return.

Read from the journal after the rollback is committed, so that it can be done again at any time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql

from migration_platform.destination.after_image import Kinds, as_json, read_kinds
from migration_platform.destination.documents import bring_back_document, take_back_document
from migration_platform.entity import Entity


@dataclass(frozen=True, slots=True)
class DocumentsRight:
    """Files that are gone, and files that stayed because their content is not what a load brought
    (or that cannot come back because nobody kept them)."""

    removed: int = 0
    left: int = 0


def put_documents_right(
    connection: psycopg.Connection,
    folder: Path,
    entities: Mapping[str, Entity],
    cohort: str,
    number: int,
) -> DocumentsRight:
    """Make the stored files those of the records that are there after the cohort's rollback."""
    removed = left = 0
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT l.id FROM migration.load l JOIN migration.rollback r ON r.cohort = l.cohort "
            "WHERE r.cohort = %s AND r.number = %s AND l.id <= r.last_load_id AND l.id > "
            "coalesce((SELECT max(b.last_load_id) FROM migration.rollback b "
            "WHERE b.cohort = r.cohort AND b.number < r.number), 0)",
            (cohort, number),
        )
        loads = [int(row[0]) for row in cursor.fetchall()]
        kinds = read_kinds(cursor, loads)
        for name in [e.name for e in entities.values() if e.document_path is not None]:
            gone, back = _find_files(cursor, kinds, loads, name)
            for path, digests in gone:
                fine = take_back_document(folder, path, digests)
                removed, left = removed + fine, left + (not fine)
            for path, sha256 in back:
                left += not bring_back_document(folder, path, sha256)
    connection.commit()
    return DocumentsRight(removed, left)


def _find_files(
    cursor: psycopg.Cursor, kinds: Kinds, loads: list[int], entity: str
) -> tuple[list[tuple[str, list[str]]], list[tuple[str, str]]]:
    """Paths that no record names any more, with the digests that loads brought there; and paths with
    the digest that a record names for them."""
    values = {"loads": loads, "entity": entity}
    written = sql.SQL(
        "WITH w AS (SELECT id, image->>'storage_path' AS path, image->>'sha256' AS sha256 FROM ("
        "SELECT destination_id AS id, {} AS image FROM migration.journal "
        "WHERE load_id = ANY(%(loads)s) AND entity = %(entity)s AND after IS NOT NULL) i) "
    ).format(as_json(kinds, entity, "load_id", "after"))
    table = sql.Identifier(entity)
    cursor.execute(
        written
        + sql.SQL(
            "SELECT w.path, array_agg(DISTINCT w.sha256) FROM w WHERE NOT EXISTS "
            "(SELECT FROM {} d WHERE d.storage_path = w.path) GROUP BY w.path ORDER BY w.path"
        ).format(table),
        values,
    )
    gone = cursor.fetchall()
    cursor.execute(
        written
        + sql.SQL(
            "SELECT DISTINCT d.storage_path, d.sha256 FROM {} d "
            "WHERE d.id IN (SELECT id FROM w) OR d.storage_path IN (SELECT path FROM w)"
        ).format(table),
        values,
    )
    return gone, cursor.fetchall()
