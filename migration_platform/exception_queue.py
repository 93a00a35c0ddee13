"""Exception queue: which records wait for a person, who owns them, and until when.

What makes a record an exception is decided in `mapping` and in the entity files.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from migration_platform.staging import quote_text
from migration_platform.store import OpenException
from migration_platform.token import tokens

if TYPE_CHECKING:
    import duckdb

    from migration_platform.platform import Platform

HOURS = {
    "duplicate": 72,
    "broken reference": 48,
    "untranslated": 48,
    "unmapped code": 24,
    "waiting": 72,
}
"""Hours until an exception is due, by kind."""

HOURS_OTHERWISE = 48


def read_exceptions(
    platform: Platform, entity: str, ends: Path, duck: duckdb.DuckDBPyConnection
) -> list[OpenException]:
    """The excepted records among an entity's ends, by token, each with owner and time limit."""
    rows = (
        duck.cursor()
        .execute(
            "SELECT source_id, kind, rule, COALESCE(field, '') FROM "
            f"read_parquet({quote_text(str(ends))}) WHERE \"end\" = 'excepted' ORDER BY source_id"
        )
        .fetchall()
    )
    marks = tokens(platform.settings.token_key(), entity, [r[0] for r in rows])
    owners = {name: platform.owner(entity, name) for name in {r[3] for r in rows}}
    return [
        OpenException(
            entity=entity,
            token=mark,
            kind=kind,
            rule=rule,
            field=field,
            owner=owners[field],
            hours=HOURS.get(kind, HOURS_OTHERWISE),
        )
        for mark, (_, kind, rule, field) in zip(marks, rows, strict=True)
    ]
