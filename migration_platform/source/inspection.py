"""Inspection: which tables and columns the source has, and what that means for each entity.

A table or column that is not there is named; it never passes as empty.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import psycopg

    from migration_platform.entity import Entity


@dataclass(frozen=True, slots=True)
class Applicability:
    """Whether an entity can be moved from this source, and which optional columns it will lack."""

    applicable: bool
    reason: str
    absent: frozenset[str]


def read_tables(connection: psycopg.Connection) -> dict[str, frozenset[str]]:
    """Columns of every table and view in the source's search path."""
    rows = connection.execute(
        "SELECT table_name, column_name FROM information_schema.columns "
        "WHERE table_schema = ANY(current_schemas(false))"
    ).fetchall()
    found: dict[str, set[str]] = {}
    for table, column in rows:
        found.setdefault(table, set()).add(column)
    return {table: frozenset(columns) for table, columns in found.items()}


def judge_entity(entity: Entity, tables: Mapping[str, frozenset[str]]) -> Applicability:
    """Whether the source has what the entity needs. Columns named `_…` are made by extract."""
    table = entity.source.table
    if table not in tables:
        return Applicability(False, f"the source has no table {table}", frozenset())
    has = tables[table]
    lacking = [c for c in entity.required_columns if not c.startswith("_") and c not in has]
    absent = frozenset(c for c in entity.columns if not c.startswith("_") and c not in has)
    if lacking:
        return Applicability(
            False, f"the source's table {table} has no column {', '.join(lacking)}", absent
        )
    return Applicability(True, "", absent)


def judge_entities(
    entities: Mapping[str, Entity], tables: Mapping[str, frozenset[str]]
) -> dict[str, Applicability]:
    """Applicability of each entity; without the entity that a required field names, not applicable."""
    found: dict[str, Applicability] = {}
    for entity in entities.values():
        judged = judge_entity(entity, tables)
        for field, reference in entity.references:
            parent = found[reference.entity]
            if judged.applicable and field.required and not parent.applicable:
                judged = Applicability(
                    False,
                    f"needs {reference.entity}, which is not applicable: {parent.reason}",
                    judged.absent,
                )
        found[entity.name] = judged
    return found
