"""Exception queue: which records wait for a person, who owns them, and until when.

What makes a record an exception is decided in `mapping` and in the entity files, and of a difference
in `reconciliation`; whose it is and for how long in `exceptions.toml`. What people do about one
stands in `resolution`.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from migration_platform.duplicate.chain import find_merges
from migration_platform.duplicate.pair_store import members_of, newest_search
from migration_platform.exception.kind import BY_FIELD, find_kind
from migration_platform.exception.ruling import (
    POSSIBLE,
    SUSPECTED,
    WHERE_IT_GOES,
    find_paired,
    find_rulings,
)
from migration_platform.exception.store import OpenException, acts_of, replace_exceptions
from migration_platform.staging import quote_text
from migration_platform.store import StageRun
from migration_platform.token import tokens
from migration_platform.waiver.waiver import mark_waived

if TYPE_CHECKING:
    from collections.abc import Mapping

    import duckdb

    from migration_platform.entity import Concern
    from migration_platform.platform import Platform


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
    return [
        _open(platform, entity, mark, kind, rule, field)
        for mark, (_, kind, rule, field) in zip(marks, rows, strict=True)
    ]


def read_concerns(
    platform: Platform, entity: str, concerns: Mapping[str, Concern]
) -> list[OpenException]:
    """The records that move and that somebody must look at, by token."""
    marks = tokens(platform.settings.token_key(), entity, list(concerns))
    return [
        _open(platform, entity, mark, concern.kind, concern.name, "")
        for mark, concern in zip(marks, concerns.values(), strict=True)
    ]


def queue_duplicates(platform: Platform, cohort: str, entity: str) -> None:
    """Make the queue's possible duplicates of a cohort's entity those that the newest search or a
    person proposes and nobody has decided about. Those that wait already, held back by the source's
    own rule, or stay behind are not queued a second time; who others were merged into stays."""
    search = newest_search(platform.store)
    if search is None or search.entity != entity:
        return
    proposed = {m.token for m in members_of(platform.store, search) if m.place > 0}
    acts = acts_of(platform.store, cohort, entity)
    proposed |= set(find_paired(acts))
    proposed -= {r.token for r in find_rulings(acts) if r.effect in WHERE_IT_GOES}
    proposed -= set(find_merges(platform, entity).values())
    names: list[str] = []
    if proposed:
        path = platform.staging.path(cohort, entity, "ends")
        with platform.staging.connect() as duck:
            rows = duck.execute(
                f"SELECT source_id FROM read_parquet({quote_text(str(path))}) "
                "WHERE \"end\" <> 'excluded' AND coalesce(rule, '') <> ? ORDER BY source_id",
                [SUSPECTED],
            ).fetchall()
        names = [row[0] for row in rows]
    found = [
        _open(platform, entity, mark, POSSIBLE, POSSIBLE, "")
        for mark in tokens(platform.settings.token_key(), entity, names)
        if mark in proposed
    ]
    replace_exceptions(platform.store, cohort, entity, "duplicate", found)


def queue_differences(platform: Platform, reconciled: StageRun) -> bool:
    """Make the queue's differences of a cohort's entity exactly those that a reconciliation found and
    nobody has waived; returns whether there are waived ones only.

    A record waits once, under the first of its differing fields.
    """
    cohort, entity = reconciled.cohort, reconciled.entity
    clusters = mark_waived(
        reconciled.detail.get("clusters", []),
        platform.store.waivers(),
        cohort,
        datetime.now(UTC),
    )
    waived = {(c["leg"], c["field"], c["kind"]) for c in clusters if c["waived"]}
    found: dict[str, OpenException] = {}
    if len(waived) < len(clusters):
        path = platform.staging.path(cohort, entity, "differences")
        with platform.staging.connect() as duck:
            rows = duck.execute(
                "SELECT DISTINCT token, leg, field, kind FROM "
                f"read_parquet({quote_text(str(path))}) ORDER BY token, leg, field, kind"
            ).fetchall()
        for mark, leg, field, kind in rows:
            if (leg, field, kind) not in waived and mark not in found:
                found[mark] = _open(platform, entity, mark, "difference", kind, field)
    replace_exceptions(platform.store, cohort, entity, "reconcile", list(found.values()))
    return bool(clusters) and len(waived) == len(clusters)


def _open(
    platform: Platform, entity: str, mark: str, kind: str, rule: str, field: str
) -> OpenException:
    """An exception with owner and hours of its kind. Raises ConfigurationError for an unknown one."""
    declared = find_kind(platform.kinds, kind)
    owner = platform.owner(entity, field) if declared.owner == BY_FIELD else declared.owner
    return OpenException(entity, mark, kind, rule, field, owner, declared.hours)
