"""Ruling file: the source ids and values behind rulings, beside a cohort's staged records.

Patient data: it stands in the staging area and nowhere else. The history in the platform store has a
keyed seal of each row, so that a row that is lost or altered is found before it is applied.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from migration_platform.errors import MigrationError
from migration_platform.exception.ruling import (
    EXCLUDED,
    MERGED,
    WHILE_MERGED,
    Ruling,
    Rulings,
    seal,
)
from migration_platform.staging import Staging

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True, slots=True)
class RuledRecord:
    """A row: the act that it belongs to, whose record it is, and the value, if there is one:
    the corrected text, or the source id of the record that it is merged into."""

    number: int
    source_id: str
    value: str | None


def add_row(staging: Staging, cohort: str, entity: str, row: RuledRecord) -> None:
    """Add a row. The caller holds the lock of the cohort's entity (`exception.store`).

    A row whose act was never committed stays without effect, and leaves when its number is used.
    """
    import pyarrow.parquet as pq

    kept = [r for r in _read(staging, cohort, entity) if r.number != row.number]
    with staging.replacing(cohort, entity, "rulings") as path:
        pq.write_table(_table([*kept, row]), path)


def read_rows(
    staging: Staging, key: bytes, cohort: str, entity: str, rulings: Sequence[Ruling]
) -> list[tuple[Ruling, RuledRecord]]:
    """Each ruling with its row. Raises MigrationError if one is lost or is not what was decided."""
    rows = {r.number: r for r in _read(staging, cohort, entity)} if rulings else {}
    found = []
    for ruling in rulings:
        row = rows.get(ruling.number)
        about = ruling.about if ruling.effect == "correct" else ""
        if row is None or seal(key, entity, row.source_id, about, row.value) != ruling.seal:
            state = "is lost" if row is None else "is not what was decided"
            raise MigrationError(
                f"{entity} in cohort {cohort}: the value behind entry {ruling.number} of the "
                f"exceptions' history {state} (record {ruling.token}). Restore rulings.parquet of the "
                "staging area from your backup, or take the decision back: `migration exception "
                f"reopen {ruling.token}`."
            )
        found.append((ruling, row))
    return found


def apply_rows(rows: Sequence[tuple[Ruling, RuledRecord]]) -> Rulings:
    """The rulings by source id, for a transform."""
    corrections: dict[str, dict[str, str | None]] = {}
    excluded: dict[str, str] = {}
    apart, settled, while_merged = set(), set(), set()
    for ruling, row in rows:
        if ruling.effect == "correct":
            corrections.setdefault(ruling.about, {})[row.source_id] = row.value
        elif ruling.effect == "exclude":
            excluded[row.source_id] = EXCLUDED
            if ruling.about == WHILE_MERGED:
                while_merged.add(row.source_id)
        elif ruling.effect == "merge":
            excluded[row.source_id] = MERGED
        elif ruling.effect == "keep apart":
            apart.add(row.source_id)
        else:
            settled.add((row.source_id, ruling.about))
    return Rulings(
        corrections, excluded, frozenset(apart), frozenset(settled), frozenset(while_merged)
    )


def _read(staging: Staging, cohort: str, entity: str) -> list[RuledRecord]:
    path = staging.path(cohort, entity, "rulings")
    if not path.exists():
        return []
    import pyarrow.parquet as pq

    return [RuledRecord(**row) for row in pq.read_table(path).to_pylist()]


def _table(rows: Sequence[RuledRecord]) -> pa.Table:
    import pyarrow as pa

    return pa.table(
        {
            "number": pa.array([r.number for r in rows], pa.int64()),
            "source_id": pa.array([r.source_id for r in rows], pa.string()),
            "value": pa.array([r.value for r in rows], pa.string()),
        }
    )
