"""Change: are the source's records of a cohort still those that were extracted?

Told by the versions of the source's rows (`row_version`), without reading them. Which records are in
a cohort's scope stands in `extraction`. A stored file that was written over, with its row left as it
was, is not seen here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from migration_platform.entity import Entity
from migration_platform.row_version import RowVersions, read_versions, visible_at
from migration_platform.source.extraction import Scope, scope_filter
from migration_platform.staging import quote_name


@dataclass(frozen=True, slots=True)
class SourceChange:
    """What became of an entity's source records since the extract. `records` changed, came or went,
    as far as can be told; `reason` says why it cannot be told, or what else changed."""

    entity: str
    changed: bool | None
    records: int = 0
    reason: str = ""


def read_source_versions(connection: Any, entity: Entity, scope: Scope) -> RowVersions:
    """The versions of an entity's rows in scope, in the connection's transaction."""
    keys = [*([entity.source.patient] if entity.source.patient else []), *entity.source.key]
    key = f"ROW({', '.join(f't.{quote_name(k)}' for k in keys)})::text"
    with connection.cursor() as cursor:
        return read_versions(
            cursor,
            (quote_name(entity.source.table),),
            f"sum(hashtextextended({key}, t.xmin::text::bigint))::text",
            _covered(entity, scope),
        )


def find_change(
    connection: Any, entity: Entity, scope: Scope, before: Mapping[str, Any]
) -> SourceChange:
    """Compare the rows in scope with what the extract kept of them (a `RowVersions` as a mapping)."""
    if not before.get("digest"):
        reason = before.get("reason") or "its extract kept no row versions"
        return SourceChange(entity.name, None, reason=f"cannot be proven: {reason}")
    now = read_source_versions(connection, entity, scope)
    if not now.digest:
        return SourceChange(entity.name, True, reason=now.reason)
    if now.digest == before["digest"]:
        return SourceChange(entity.name, False)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT count(*) FILTER (WHERE {visible_at(before['snapshot'], 't')}) "
            f"{_covered(entity, scope)}"
        )
        kept = int(cursor.fetchone()[0])
    records = max(before["rows"] - kept, now.rows - kept)
    reason = "" if records else f"the table {entity.source.table} was altered"
    return SourceChange(entity.name, True, records, reason)


def _covered(entity: Entity, scope: Scope) -> str:
    return f"FROM {quote_name(entity.source.table)} t {scope_filter(entity, scope)}"
