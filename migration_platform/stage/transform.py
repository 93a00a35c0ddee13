"""Transform: the extracted records mapped, staged beside the destination, exceptions queued."""

from __future__ import annotations

from migration_platform.destination.staged_table import stage_records
from migration_platform.exception_queue import read_exceptions
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
    """Map the extracted records; stage those mapped beside the destination; queue the exceptions."""
    store, staging, declared = platform.store, platform.staging, platform.entity(entity)
    with recorded(platform, cohort, entity, "transform") as run:
        extracted = require(platform, cohort, entity, "extract")
        mapping = platform.mapping_digest(entity)
        run.update(
            input_digest=input_digest(platform, cohort, entity, store.latest),
            mapping_digest=mapping,
        )
        if not extracted.applicable:
            run.update(applicable=False, reason=extracted.reason, digest=NOT_APPLICABLE_DIGEST)
        else:
            parents = {}
            for name in declared.parents:
                home = REFERENCE if platform.entity(name).is_reference else cohort
                if require(platform, home, name, "transform").applicable:
                    parents[name] = staging.path(home, name, "ends")
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
                )
                size = mapped.stat().st_size + ends.stat().st_size
                with platform.destination() as connection:
                    stage_records(
                        connection, cohort, declared, mapped, result.digest, result.mapped, duck
                    )
                store.replace_exceptions(
                    cohort, entity, "transform", read_exceptions(platform, entity, ends, duck)
                )
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
            )
    return result_of(run.ended)
