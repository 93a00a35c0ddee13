"""Transform: the extracted records mapped, staged beside the destination, exceptions queued."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import duckdb

from migration_platform.destination.staged_table import stage_records
from migration_platform.duplicate.stand_in import find_stand_ins
from migration_platform.exception.concern import find_concerns
from migration_platform.exception.queue import queue_duplicates, read_concerns, read_exceptions
from migration_platform.exception.ruling import Act, Rulings, find_rulings
from migration_platform.exception.ruling_file import apply_rows, read_rows
from migration_platform.exception.store import acts_of, replace_exceptions
from migration_platform.ledger import input_digest
from migration_platform.platform import REFERENCE, Platform
from migration_platform.stage.record import (
    NOT_APPLICABLE_DIGEST,
    StageResult,
    recorded,
    require,
    result_of,
)
from migration_platform.transformation import transform_snapshot


def transform(platform: Platform, cohort: str, entity: str) -> StageResult:
    """Map the extracted records, as people corrected them; stage those mapped beside the
    destination; queue the exceptions and the concerns."""
    store, staging, declared = platform.store, platform.staging, platform.entity(entity)
    with recorded(platform, cohort, entity, "transform") as run:
        extracted = require(platform, cohort, entity, "extract")
        acts = acts_of(store, cohort, entity)
        run.update(
            input_digest=input_digest(platform, cohort, entity, store.latest, acts),
            mapping_digest=platform.mapping_digest(entity),
        )
        if not extracted.applicable:
            run.update(applicable=False, reason=extracted.reason, digest=NOT_APPLICABLE_DIGEST)
        else:
            parents, stand_ins = {}, {}
            for name in declared.parents:
                home = REFERENCE if platform.entity(name).is_reference else cohort
                mapped_before = require(platform, home, name, "transform")
                if mapped_before.applicable:
                    parents[name] = staging.path(home, name, "ends")
                    stand_ins[name] = find_stand_ins(platform, mapped_before)
            rulings, newest = _read_rulings(platform, cohort, entity, acts)
            with (
                staging.replacing(cohort, entity, "mapped") as mapped,
                staging.replacing(cohort, entity, "ends") as ends,
                staging.connect() as duck,
            ):
                result = transform_snapshot(
                    declared,
                    staging.path(cohort, entity, "extract"),
                    parents,
                    mapped,
                    ends,
                    duck,
                    window_start=platform.window_start(cohort, entity),
                    absent=platform.applicability[entity].absent,
                    rulings=rulings,
                    stand_ins=stand_ins,
                )
                size = mapped.stat().st_size + ends.stat().st_size
                with platform.streaming("destination") as stream:
                    stage_records(
                        stream, cohort, declared, mapped, result.digest, result.mapped, duck
                    )
                replace_exceptions(
                    store,
                    cohort,
                    entity,
                    "transform",
                    read_exceptions(platform, entity, ends, duck),
                )
                _queue_concerns(platform, cohort, entity, mapped, rulings, duck)
            queue_duplicates(platform, cohort, entity)
            run.update(
                row_count=result.mapped,
                digest=result.digest,
                byte_count=size,
                counts={
                    "extracted": result.extracted,
                    "mapped": result.mapped,
                    "archived": result.archived,
                    "excluded": result.excluded,
                    "excepted": result.excepted,
                },
                detail={"rulings_until": newest, "corrected": _count_corrected(rulings)},
            )
    return result_of(run.ended)


def _read_rulings(
    platform: Platform, cohort: str, entity: str, acts: Sequence[Act]
) -> tuple[Rulings, int]:
    """What people decided up to now, and the newest entry of the history that it rests on."""
    key = platform.settings.token_key()
    rows = read_rows(platform.staging, key, cohort, entity, find_rulings(acts))
    return apply_rows(rows), acts[-1].number if acts else 0


def _count_corrected(rulings: Rulings) -> dict[str, int]:
    return {column: len(values) for column, values in sorted(rulings.corrections.items())}


def _queue_concerns(
    platform: Platform,
    cohort: str,
    entity: str,
    mapped: Path,
    rulings: Rulings,
    duck: duckdb.DuckDBPyConnection,
) -> None:
    """Open an exception for each record that moves and that somebody must look at, and close those
    of the past."""
    declared = platform.entity(entity)
    files = {entity: mapped}
    for name in declared.parents:
        home = REFERENCE if platform.entity(name).is_reference else cohort
        if require(platform, home, name, "transform").applicable:
            files[name] = platform.staging.path(home, name, "mapped")
    found = find_concerns(declared, files, platform.as_of(cohort), duck)
    waiting = {s: c for s, c in found.items() if (s, c.name) not in rulings.settled}
    replace_exceptions(
        platform.store, cohort, entity, "concern", read_concerns(platform, entity, waiting)
    )
