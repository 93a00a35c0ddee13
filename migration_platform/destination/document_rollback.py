"""Stored files after a rollback: those that its loads brought go, those that they replaced return.

Read from the journal after the rollback is committed, so that it can be done again at any time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql

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
    loads = (
        "SELECT l.id FROM migration.load l JOIN migration.rollback r ON r.cohort = l.cohort "
        "WHERE r.cohort = %(cohort)s AND r.number = %(number)s AND l.id <= r.last_load_id AND l.id > "
        "coalesce((SELECT max(b.last_load_id) FROM migration.rollback b WHERE b.cohort = r.cohort "
        "AND b.number < r.number), 0)"
    )
    scope = {"cohort": cohort, "number": number}
    for name in [e.name for e in entities.values() if e.document_path is not None]:
        written = (
            "SELECT j.destination_id, j.after->>'storage_path' AS path, j.after->>'sha256' AS sha256 "
            f"FROM migration.journal j WHERE j.load_id IN ({loads}) AND j.entity = %(entity)s "
            "AND j.after IS NOT NULL"
        )
        table = sql.Identifier(name)
        values = {**scope, "entity": name}
        gone = connection.execute(
            sql.SQL(
                "SELECT w.path, array_agg(DISTINCT w.sha256) FROM ({written}) w WHERE NOT EXISTS "
                "(SELECT FROM {table} d WHERE d.storage_path = w.path) GROUP BY w.path"
            ).format(written=sql.SQL(written), table=table),
            values,
        ).fetchall()
        for path, digests in gone:
            fine = take_back_document(folder, path, digests)
            removed, left = removed + fine, left + (not fine)
        back = connection.execute(
            sql.SQL(
                "WITH w AS ({written}) SELECT DISTINCT d.storage_path, d.sha256 FROM {table} d "
                "WHERE d.id IN (SELECT destination_id FROM w) "
                "OR d.storage_path IN (SELECT path FROM w)"
            ).format(written=sql.SQL(written), table=table),
            values,
        ).fetchall()
        for path, sha256 in back:
            left += not bring_back_document(folder, path, sha256)
    return DocumentsRight(removed, left)
