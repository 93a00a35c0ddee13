"""Total: an entity's control totals, computed once its records have been compared."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from migration_platform.control_total import ControlTotal, digest_totals
from migration_platform.errors import ConfigurationError
from migration_platform.platform import REFERENCE, Platform
from migration_platform.reconciliation.entity_reconciliation import PAUSE_SECONDS
from migration_platform.reconciliation.total import (
    SourceTable,
    TotalResult,
    compare_total,
    prepare_macros,
    prepare_tables,
    tables_of,
)
from migration_platform.stage.correction import corrections_of
from migration_platform.stage.record import require


def compare_totals(platform: Platform, cohort: str, entity: str) -> dict[str, Any]:
    """The part of a reconciliation's detail that says what its control totals came to.

    Raises ConfigurationError for a total that cannot be computed, MigrationError if a table that it
    reads has not been extracted for the cohort.
    """
    asked = platform.totals_of(entity)
    results = _compare(platform, cohort, entity, asked) if asked else []
    return {"totals": [asdict(r) for r in results], "totals_digest": digest_totals(asked)}


def _compare(
    platform: Platform, cohort: str, entity: str, asked: Sequence[ControlTotal]
) -> list[TotalResult]:
    homes = {e.name: REFERENCE if e.is_reference else cohort for e in platform.entities.values()}
    with platform.staging.connect(prepare_macros) as sql:
        found: dict[str, TotalResult] = {}
        tables: dict[str, SourceTable] = {}
        for total in asked:
            lacking = []
            for table in sorted(tables_of(total, sql)):
                name = _read_from(platform, total, table)
                judged = platform.applicability[name]
                if not judged.applicable:
                    lacking.append(judged.reason)
                elif table not in tables:
                    require(platform, homes[name], name, "transform")
                    tables[table] = SourceTable(
                        platform.staging.path(homes[name], name, "extract"),
                        platform.staging.path(homes[name], name, "ends"),
                        corrections_of(platform, homes[name], name),
                    )
            if lacking:
                found[total.name] = TotalResult(
                    total.name, total.sentence, "not applicable", "; ".join(lacking)
                )
        prepare_tables(sql, tables)
        open_totals = [t for t in asked if t.name not in found]
        for look in (1, 2):
            with platform.destination() as destination:
                destination.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
                for total in open_totals:
                    found[total.name] = compare_total(total, sql, destination, homes)
            open_totals = [t for t in open_totals if found[t.name].outcome == "differs"]
            if open_totals and look == 1:
                time.sleep(PAUSE_SECONDS)  # a change in flight has settled by then, or is none
    return [found[t.name] for t in asked]


def _read_from(platform: Platform, total: ControlTotal, table: str) -> str:
    """The entity whose snapshot a source table is: the total's own, if it is read from it."""
    names = [e.name for e in platform.entities.values() if e.source.table == table]
    if not names:
        raise ConfigurationError(
            f"control total '{total.name}', source: no entity is read from a table '{table}'"
        )
    return total.entity if total.entity in names else names[0]
