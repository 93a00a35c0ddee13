"""Suite batch: which records a suite is to look at, and the outcome it is recorded with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from migration_platform.check import Batch, CheckOutcome, ExpectationResult, Point, overall_outcome
from migration_platform.destination.staged_table import SCHEMA, table_name
from migration_platform.platform import Platform
from migration_platform.stage.record import require
from migration_platform.staging import quote_name, quote_text
from migration_platform.store import Stage


def batch(platform: Platform, cohort: str, entity: str, point: Point) -> Batch:
    """The records a suite is to look at: as transformed, or as they are in the destination."""
    declared = platform.entity(entity)
    columns = ("id", *[f.name for f in declared.fields])
    stage: Stage = "transform" if point == "transformed" else "load"
    run = require(platform, cohort, entity, stage)
    staged = Batch(
        cohort=cohort,
        entity=entity,
        point=point,
        rows=run.row_count,
        digest=run.digest,
        columns=columns,
        url=platform.destination_url,
    )
    if point == "transformed":
        return replace(staged, schema=SCHEMA, table=table_name(cohort, entity))
    chosen = ", ".join(f"d.{quote_name(c)}" for c in columns)
    query = (
        f"SELECT {chosen} FROM {quote_name(entity)} d JOIN migration.crosswalk c "
        f"ON c.destination_id = d.id WHERE c.cohort = {quote_text(cohort)} "
        f"AND c.entity = {quote_text(entity)} AND c.fingerprint IS NOT NULL"
    )
    return replace(staged, query=query)


def record_check(
    platform: Platform, batch: Batch, suite_digest: str, results: Sequence[ExpectationResult]
) -> CheckOutcome:
    """Keep a suite's results, bound to the content it saw. Counts only."""
    outcome = CheckOutcome(
        cohort=batch.cohort,
        entity=batch.entity,
        point=batch.point,
        digest=batch.digest,
        suite_digest=suite_digest,
        outcome=overall_outcome(results),
        results=tuple(results),
        checked_at=datetime.now(UTC),
    )
    platform.store.record_check(outcome)
    return outcome


def newest_check(platform: Platform, cohort: str, entity: str, point: Point) -> CheckOutcome | None:
    found = platform.store.check_outcomes([cohort], entity)
    return next((c for c in found if c.point == point), None)
