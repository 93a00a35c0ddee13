"""Extract: a cohort's records of several entities, read from the source at one instant."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from migration_platform.duplicate.population import is_searched
from migration_platform.entity import Entity
from migration_platform.platform import Platform
from migration_platform.source.change import SourceChange, find_change, read_source_versions
from migration_platform.source.extraction import Scope, Snapshot
from migration_platform.stage.record import (
    NOT_APPLICABLE_DIGEST,
    StageResult,
    recorded,
    result_of,
)
from migration_platform.stage.scope import count_unassigned_patients, scope_of


def extract(platform: Platform, cohort: str, entities: Sequence[str]) -> dict[str, StageResult]:
    """Read a cohort's records of several entities at one instant into staging.

    The first extract of a cohort freezes its membership. Raises SourceError or ConfigurationError.
    """
    done: dict[str, StageResult] = {}
    store, staging = platform.store, platform.staging
    applicability = platform.applicability
    scope = scope_of(platform, cohort)
    with platform.streaming("source") as connection, staging.connect() as duck:
        snapshot = Snapshot(connection, scope, duck)
        for name in entities:
            entity, judged = platform.entity(name), applicability[name]
            with recorded(platform, cohort, name, "extract") as run:
                if not judged.applicable:
                    run.update(applicable=False, reason=judged.reason, digest=NOT_APPLICABLE_DIGEST)
                    continue
                with staging.replacing(cohort, name, "extract") as path:
                    rows, digest = snapshot.write(
                        entity, judged.absent, path, platform.settings.source_documents
                    )
                    size = path.stat().st_size
                detail: dict[str, Any] = {
                    "source": asdict(read_source_versions(connection, entity, scope)),
                    "unread": _unread_columns(platform, entity),
                }
                if is_searched(platform, entity):
                    everybody = read_source_versions(connection, entity, Scope(None))
                    detail["population"] = asdict(everybody)
                run.update(
                    row_count=rows,
                    digest=digest,
                    byte_count=size,
                    counts={
                        "extracted": rows,
                        **count_unassigned_patients(platform, cohort, entity),
                    },
                    reason=_absent_sentence(entity, judged.absent),
                    detail=detail,
                )
            done[name] = result_of(run.ended)
        for name in entities:
            if name not in done:
                latest = store.latest(cohort, name, "extract")
                assert latest is not None
                done[name] = result_of(latest)
    return done


def look_at_source(platform: Platform, cohort: str) -> list[SourceChange]:
    """What became, since they were extracted, of the source's records of a cohort. Reads no record.

    Raises ConfigurationError if the source cannot be reached.
    """
    runs = {r.entity: r for r in platform.store.latest_runs([cohort]) if r.stage == "extract"}
    names = [n for n in platform.cohort_entities(cohort) if n in runs and runs[n].applicable]
    scope = scope_of(platform, cohort)
    with platform.streaming("source") as connection, platform.staging.connect() as duck:
        Snapshot(connection, scope, duck)
        return [
            find_change(
                connection, platform.entity(name), scope, runs[name].detail.get("source", {})
            )
            for name in names
        ]


def _unread_columns(platform: Platform, entity: Entity) -> list[str]:
    """Columns of the entity's source table that no entity reads."""
    table = entity.source.table
    read = {c for e in platform.entities.values() if e.source.table == table for c in e.columns}
    return sorted(platform.source_tables[table] - read)


def _absent_sentence(entity: Entity, absent: frozenset[str]) -> str:
    if not absent:
        return ""
    named = ", ".join(sorted(absent))
    return f"the source's table {entity.source.table} has no column {named}: those stay empty"
