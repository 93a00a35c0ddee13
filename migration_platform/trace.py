"""Trace: one record's whole way, from the source to the last reconciliation.

It reads patient data on purpose, for the person who asks; nothing of it is kept or logged.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from migration_platform.errors import MigrationError
from migration_platform.exception.ruling import find_rulings
from migration_platform.exception.store import acts_of
from migration_platform.outline import Outline
from migration_platform.platform import REFERENCE, Platform
from migration_platform.source_record import read_ruled
from migration_platform.staging import Kind, quote_name, quote_text
from migration_platform.token import token


@dataclass(frozen=True, slots=True)
class FieldTrace:
    """One destination field: the rule, what it was made of, what it became, what is there."""

    field: str
    rule: str
    source: dict[str, str | None]
    mapped: str | None
    destination: str | None


@dataclass(frozen=True, slots=True)
class Trace:
    """A record's way. `end` is mapped, archived, excluded or excepted; `rule` says why."""

    entity: str
    cohort: str
    source_id: str
    destination_id: str
    token: str
    end: str
    rule: str | None
    field: str | None
    source: dict[str, str | None]
    fields: tuple[FieldTrace, ...]
    loads: tuple[dict[str, Any], ...]
    checks: tuple[dict[str, Any], ...]
    reconciliations: tuple[dict[str, Any], ...]
    differences: tuple[tuple[str, str, str], ...]
    """At the last reconciliation: status, field (empty: the whole record) and kind of each."""
    corrected: dict[str, str | None]
    """What people said a source column should have said, as the next run applies it."""
    acts: tuple[dict[str, Any], ...]
    """What people did about the record in the exception queue."""


def trace_record(platform: Platform, entity: str, identifier: str) -> Trace:
    """Follow a record named by source id, destination id or token.

    Raises MigrationError if no cohort that was transformed has it.
    """
    declared = platform.outline(entity)
    cohorts = [REFERENCE] if declared.is_reference else [c.name for c in platform.plan.cohorts]
    for cohort in cohorts:
        row = _find(platform, declared, cohort, identifier)
        if row is not None:
            return _follow(platform, declared, cohort, *row)
    raise MigrationError(
        f"{entity}: no record with that id in what was transformed. Give its source id, its "
        "destination id or its token; a cohort that has not run has no records here yet."
    )


def _find(
    platform: Platform, entity: Outline, cohort: str, identifier: str
) -> tuple[str, str, str, str | None, str | None] | None:
    path = platform.staging.path(cohort, entity.name, "ends")
    if not path.exists():
        return None
    columns = 'source_id, id, "end", rule, field'
    with platform.staging.connect() as duck:
        row = duck.execute(
            f"SELECT {columns} FROM read_parquet({quote_text(str(path))}) "
            "WHERE source_id = ? OR id = ? LIMIT 1",
            [identifier, identifier],
        ).fetchone()
        if row is None and len(identifier) == 16:
            # Perhaps a token: those cannot be turned back, only made again and compared.
            key = platform.settings.token_key()
            for source_id, *rest in (
                duck.cursor()
                .execute(f"SELECT {columns} FROM read_parquet({quote_text(str(path))})")
                .fetchall()
            ):
                if token(key, entity.name, source_id) == identifier:
                    return (source_id, *rest)
    return row


def _follow(
    platform: Platform,
    entity: Outline,
    cohort: str,
    source_id: str,
    destination_id: str,
    end: str,
    rule: str | None,
    field: str | None,
) -> Trace:
    source = _row(platform, cohort, entity.name, "extract", "_source_id", source_id) or {}
    mapped = _row(platform, cohort, entity.name, "mapped", "id", destination_id) or {}
    differing = _rows(platform, cohort, entity.name, "differences", "id", destination_id)
    there, loads = _destination(platform, entity, destination_id)
    store, mark = platform.store, token(platform.settings.token_key(), entity.name, source_id)
    acts = [a for a in acts_of(store, cohort, entity.name) if a.token == mark]
    return Trace(
        entity=entity.name,
        cohort=cohort,
        source_id=source_id,
        destination_id=destination_id,
        token=mark,
        end=end,
        rule=rule,
        field=field,
        source={k: v for k, v in source.items() if not k.startswith("_")},
        fields=tuple(
            FieldTrace(
                field=f.name,
                rule=f.sentence,
                source={c: source.get(c) for c in f.columns},
                mapped=_said(mapped.get(f.name)),
                destination=_said(there.get(f.name)),
            )
            for f in entity.fields
        ),
        loads=tuple(loads),
        checks=tuple(
            {
                "point": c.point,
                "outcome": c.outcome,
                "expectations": len(c.results),
                "checked_at": c.checked_at,
            }
            for c in store.check_outcomes([cohort], entity.name)
        ),
        reconciliations=tuple(store.history(cohort, entity.name, "reconcile")),
        differences=tuple((d["status"], d["field"], d["kind"]) for d in differing),
        corrected={
            r.about: read_ruled(platform, cohort, entity.name, r.number)
            for r in find_rulings(acts)
            if r.effect == "correct"
        },
        acts=tuple(
            {"person": a.person, "action": a.action, "reason": a.reason, "at": a.acted_at}
            for a in acts
        ),
    )


def _row(
    platform: Platform, cohort: str, entity: str, kind: Kind, key: str, value: str
) -> dict[str, Any] | None:
    rows = _rows(platform, cohort, entity, kind, key, value)
    return rows[0] if rows else None


def _rows(
    platform: Platform, cohort: str, entity: str, kind: Kind, key: str, value: str
) -> list[dict[str, Any]]:
    path = platform.staging.path(cohort, entity, kind)
    if not path.exists():
        return []
    with platform.staging.connect() as duck:
        found = duck.execute(
            f"SELECT * FROM read_parquet({quote_text(str(path))}) WHERE {quote_name(key)} = ?",
            [value],
        )
        names = [column[0] for column in found.description]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def _destination(
    platform: Platform, entity: Outline, destination_id: str
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    from psycopg import sql
    from psycopg.rows import dict_row

    with platform.destination() as connection, connection.cursor(row_factory=dict_row) as cursor:
        row = cursor.execute(
            sql.SQL("SELECT * FROM {} WHERE id = %s").format(sql.Identifier(entity.name)),
            (destination_id,),
        ).fetchone()
        loads = cursor.execute(
            "SELECT j.load_id, j.action, l.committed_at FROM migration.journal j "
            "JOIN migration.load l ON l.id = j.load_id "
            "WHERE j.entity = %s AND j.destination_id = %s ORDER BY j.load_id",
            (entity.name, destination_id),
        ).fetchall()
    return dict(row or {}), [dict(each) for each in loads]


def _said(value: Any) -> str | None:
    return None if value is None else str(value)
