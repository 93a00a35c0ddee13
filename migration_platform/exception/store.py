"""Exception store: the open exceptions and the history of what people did about them, in the
platform store.

Reads and writes only. No patient data: records appear as keyed tokens.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import psycopg
from psycopg.types.json import Jsonb

from migration_platform.exception.ruling import Act
from migration_platform.store import Store

_ACT = "number, cohort, entity, token, action, person, reason, detail, acted_at"

_ROW = "cohort, entity, token, stage, kind, rule, field, owner, opened_at, due_at, closed_at"


Finder = Literal["transform", "concern", "duplicate", "reconcile"]
"""What opened an exception: `transform` holds the record back, a `concern` or a possible `duplicate`
lets it move."""


@dataclass(frozen=True, slots=True)
class OpenException:
    """A record that waits for a person, by token."""

    entity: str
    token: str
    kind: str
    rule: str
    field: str
    owner: str
    hours: int


def replace_exceptions(
    store: Store, cohort: str, entity: str, stage: Finder, exceptions: Sequence[OpenException]
) -> None:
    """Make the open exceptions that a finder has for a cohort's entity exactly these.

    One that was open stays open since when it was; one that is gone is closed.
    """
    now = datetime.now(UTC)
    if not exceptions:
        store.write(
            "UPDATE migration.exception SET closed_at = %s WHERE cohort = %s AND entity = %s "
            "AND stage = %s AND closed_at IS NULL",
            (now, cohort, entity, stage),
        )
        return
    with store.transaction() as c:
        c.execute(
            "CREATE TEMP TABLE incoming (token text, kind text, rule text, field text, "
            "owner text, due_at timestamptz) ON COMMIT DROP"
        )
        with c.cursor().copy("COPY incoming FROM STDIN") as copy:
            for e in exceptions:
                due = now + timedelta(hours=e.hours)
                copy.write_row((e.token, e.kind, e.rule, e.field, e.owner, due))
        c.execute(
            "INSERT INTO migration.exception AS e (entity, token, cohort, stage, kind, rule, "
            "field, owner, opened_at, due_at) SELECT %s, token, %s, %s, kind, rule, field, "
            "owner, %s, due_at FROM incoming "
            "ON CONFLICT (cohort, entity, token, stage) DO UPDATE SET "
            "kind = excluded.kind, rule = excluded.rule, "
            "field = excluded.field, owner = excluded.owner, closed_at = NULL, "
            "opened_at = CASE WHEN e.closed_at IS NULL THEN e.opened_at ELSE excluded.opened_at"
            " END, due_at = CASE WHEN e.closed_at IS NULL THEN e.due_at ELSE excluded.due_at "
            "END",
            (entity, cohort, stage, now),
        )
        c.execute(
            "UPDATE migration.exception e SET closed_at = %s WHERE cohort = %s AND entity = %s "
            "AND stage = %s AND closed_at IS NULL AND NOT EXISTS "
            "(SELECT FROM incoming i WHERE i.token = e.token)",
            (now, cohort, entity, stage),
        )


def count_exceptions(store: Store, cohorts: Sequence[str]) -> list[dict[str, Any]]:
    """Open exceptions by cohort, entity, finder, kind, rule, field and owner, with the first due
    time and since when the oldest is open."""
    with store.transaction() as c:
        return c.execute(
            "SELECT cohort, entity, stage, kind, rule, field, owner, count(*)::int AS count, "
            "count(*) FILTER (WHERE due_at < clock_timestamp())::int AS overdue, "
            "min(due_at) AS due_at, min(opened_at) AS opened_at FROM migration.exception "
            "WHERE closed_at IS NULL AND cohort = ANY(%s) "
            "GROUP BY cohort, entity, stage, kind, rule, field, owner "
            "ORDER BY count(*) DESC, cohort, entity, rule",
            (list(cohorts),),
        ).fetchall()


def count_overdue(store: Store, cohorts: Sequence[str]) -> list[dict[str, Any]]:
    """Open exceptions past their due time by kind, cohort and owner, with the first due time that has
    passed and the last."""
    return store.read(
        "SELECT kind, cohort, owner, count(*)::int AS count, min(due_at) AS due_at, "
        "max(due_at) AS newest_due_at FROM migration.exception WHERE closed_at IS NULL "
        "AND cohort = ANY(%s) AND due_at < clock_timestamp() GROUP BY kind, cohort, owner",
        (list(cohorts),),
    )


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
    rows = store.read(
        f"SELECT {_ACT} FROM migration.exception_act WHERE cohort = %s AND entity = %s "
        "AND (%s::bigint IS NULL OR number <= %s) ORDER BY number",
        (cohort, entity, until, until),
    )
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


def acts_with(store: Store, action: str) -> list[Act]:
    """The whole history of every record that ever had such an act, in order."""
    rows = store.read(
        f"SELECT {_ACT} FROM migration.exception_act WHERE (cohort, entity, token) IN "
        "(SELECT cohort, entity, token FROM migration.exception_act WHERE action = %s) "
        "ORDER BY number",
        (action,),
    )
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
