"""Load: what was transformed and checked, into the destination, behind the gate."""

from __future__ import annotations

from collections.abc import Sequence

import duckdb

from migration_platform import gate
from migration_platform.destination.documents import copy_document
from migration_platform.destination.load import count_leaving, count_loaded, load_staged
from migration_platform.destination.staged_table import staged_digest
from migration_platform.entity import Entity
from migration_platform.errors import GateClosedError, MigrationError
from migration_platform.platform import REFERENCE, Platform
from migration_platform.rollback.cohort_rollback import settle
from migration_platform.stage.record import (
    NOT_APPLICABLE_DIGEST,
    StageResult,
    recorded,
    require,
    result_of,
)
from migration_platform.stage.suite_batch import newest_check
from migration_platform.staging import quote_text


def load(
    platform: Platform, cohort: str, entity: str, *, rewrite: Sequence[str] = ()
) -> StageResult:
    """Load what was transformed and checked, in one transaction.

    Written is what changed since the last load, and the records of the destination ids `rewrite`.

    Raises GateClosedError if the wave before is not promoted, or the suite has not passed on exactly
    what is staged; MigrationError if the destination refuses it.
    """
    declared = platform.entity(entity)
    settle(platform, [cohort])
    if cohort != REFERENCE:
        gate.require_open(platform, cohort)
    with recorded(platform, cohort, entity, "load") as run:
        transformed = require(platform, cohort, entity, "transform")
        run.update(input_digest=transformed.digest, mapping_digest=transformed.mapping_digest)
        if not transformed.applicable:
            with platform.destination() as connection:
                there = count_loaded(connection, cohort, entity)
            if there:
                raise GateClosedError(
                    f"{entity} in cohort {cohort}: {there:,} records are loaded, and now the "
                    f"entity is not applicable: {transformed.reason}. Restore what the source had."
                )
            run.update(applicable=False, reason=transformed.reason, digest=NOT_APPLICABLE_DIGEST)
        else:
            outcome = newest_check(platform, cohort, entity, "transformed")
            gate.require_checked(outcome, transformed, platform.suite_digest(entity))
            with platform.destination() as connection:
                if staged_digest(connection, cohort, entity) != transformed.digest:
                    raise MigrationError(
                        f"{entity} in cohort {cohort}: what is staged beside the destination is not "
                        f"what was transformed. Materialize transform/{entity} again."
                    )
                if entity not in platform.settings.allow_withdrawal:
                    gate.require_still_there(
                        cohort,
                        entity,
                        loaded=count_loaded(connection, cohort, entity),
                        withdrawn=count_leaving(connection, cohort, entity),
                    )
                copied = copy_documents(platform, cohort, declared)
                counts = load_staged(
                    connection,
                    cohort,
                    declared,
                    platform.entities,
                    digest=transformed.digest,
                    mapping_digest=transformed.mapping_digest,
                    rewrite=rewrite,
                )
                if cohort != REFERENCE:
                    # Again just before the commit: a promotion may have been undone meanwhile.
                    gate.require_open(platform, cohort)
                connection.commit()
            run.update(
                row_count=counts.loaded,
                digest=transformed.digest,
                byte_count=copied,
                counts={
                    "loaded": counts.loaded,
                    "inserted": counts.inserted,
                    "updated": counts.updated,
                    "withdrawn": counts.withdrawn,
                    "unchanged": counts.unchanged,
                },
            )
    return result_of(run.ended)


def copy_documents(platform: Platform, cohort: str, entity: Entity) -> int:
    """Copy the files of the cohort's mapped records to the destination; returns bytes written."""
    if entity.document_path is None:
        return 0
    mapped = quote_text(str(platform.staging.path(cohort, entity.name, "mapped")))
    extracted = quote_text(str(platform.staging.path(cohort, entity.name, "extract")))
    settings, written = platform.settings, 0
    with platform.staging.connect() as duck:
        cursor: duckdb.DuckDBPyConnection = duck.execute(
            f'SELECT btrim(e."{entity.document_path}"), m.storage_path, m.sha256 '
            f"FROM read_parquet({mapped}) m JOIN read_parquet({extracted}) e "
            "ON e._source_id = m.source_id".replace("btrim", "trim")
        )
        for path, place, sha256 in cursor.fetchall():
            written += copy_document(
                settings.source_documents / path, settings.destination_documents, place, sha256
            )
    return written
