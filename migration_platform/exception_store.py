"""Exception store: the open exceptions and the history of what people did about them, in the
platform store.

Reads and writes only. No patient data: records appear as keyed tokens.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

from migration_platform.ruling import Act
from migration_platform.store import Store

_ACT = "number, cohort, entity, token, action, person, reason, detail, acted_at"

_ROW = "cohort, entity, token, stage, kind, rule, field, owner, opened_at, due_at, closed_at"


def record_act(
    connection: psycopg.Connection[dict[str, Any]],
    *,
    cohort: str,
    entity: str,
    token: str,
    action: str,
    person: str,
    reason: str,
    detail: Mapping[str, Any] | None = None,
) -> Act:
    """Append to the history, within the caller's transaction."""
    row = connection.execute(
        "INSERT INTO migration.exception_act (cohort, entity, token, action, person, reason, detail) "
        f"VALUES (%s, %s, %s, %s, %s, %s, %s) RETURNING {_ACT}",
        (cohort, entity, token, action, person, reason, Jsonb(dict(detail or {}))),
    ).fetchone()
    assert row is not None
    return Act(**row)


def lock_records(connection: psycopg.Connection[Any], cohort: str, entity: str) -> None:
    """Of two who decide about records of one entity at once, one waits for the other."""
    connection.execute(
        "SELECT pg_advisory_xact_lock(hashtextextended(%s, 3))", (f"{cohort}/{entity}",)
    )


def acts_of(store: Store, cohort: str, entity: str, *, until: int | None = None) -> list[Act]:
    """The history of a cohort's entity, in order, up to an entry."""
    with store.transaction() as c:
        rows = c.execute(
            f"SELECT {_ACT} FROM migration.exception_act WHERE cohort = %s AND entity = %s "
            "AND (%s::bigint IS NULL OR number <= %s) ORDER BY number",
            (cohort, entity, until, until),
        ).fetchall()
    return [Act(**row) for row in rows]


def acts_in(store: Store, cohorts: Sequence[str]) -> list[Act]:
    """The history of some cohorts, in order."""
    with store.transaction() as c:
        rows = c.execute(
            f"SELECT {_ACT} FROM migration.exception_act WHERE cohort = ANY(%s) ORDER BY number",
            (list(cohorts),),
        ).fetchall()
    return [Act(**row) for row in rows]


def acts_on(store: Store, token: str) -> list[Act]:
    """The history of one record, in order."""
    with store.transaction() as c:
        rows = c.execute(
            f"SELECT {_ACT} FROM migration.exception_act WHERE token = %s ORDER BY number", (token,)
        ).fetchall()
    return [Act(**row) for row in rows]


def exceptions_of(store: Store, token: str) -> list[dict[str, Any]]:
    """Why a record waits or waited: open ones first."""
    with store.transaction() as c:
        return c.execute(
            f"SELECT {_ROW} FROM migration.exception WHERE token = %s "
            "ORDER BY closed_at IS NOT NULL, opened_at DESC, stage",
            (token,),
        ).fetchall()


def list_open(
    store: Store,
    cohorts: Sequence[str],
    *,
    kind: str | None = None,
    entity: str | None = None,
    owner: str | None = None,
    overdue: bool = False,
) -> list[dict[str, Any]]:
    """Open exceptions record by record, those due first at the top, with who works on each."""
    with store.transaction() as c:
        return c.execute(
            f"SELECT {', '.join('e.' + n for n in _ROW.split(', '))}, "
            "e.due_at < clock_timestamp() AS overdue, COALESCE((SELECT a.detail->>'to' "
            "FROM migration.exception_act a WHERE a.cohort = e.cohort AND a.entity = e.entity "
            "AND a.token = e.token AND a.action = 'assign' ORDER BY a.number DESC LIMIT 1), '') "
            "AS assignee FROM migration.exception e WHERE e.closed_at IS NULL "
            "AND e.cohort = ANY(%(cohorts)s) AND (%(kind)s::text IS NULL OR e.kind = %(kind)s) "
            "AND (%(entity)s::text IS NULL OR e.entity = %(entity)s) "
            "AND (%(owner)s::text IS NULL OR e.owner = %(owner)s) "
            "AND (NOT %(overdue)s OR e.due_at < clock_timestamp()) "
            "ORDER BY e.due_at, e.cohort, e.entity, e.token",
            {
                "cohorts": list(cohorts),
                "kind": kind,
                "entity": entity,
                "owner": owner,
                "overdue": overdue,
            },
        ).fetchall()
