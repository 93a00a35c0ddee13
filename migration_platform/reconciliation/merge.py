"""Merge: the ends of an entity as references read them when people merged duplicates, in
reconciliation's own reading.

Which record is merged into which stands in a file beside the entity's snapshot; which of its rows are
in force is told by their numbers. Shares no code with the transform that follows them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from migration_platform.reconciliation.column import quote_text


@dataclass(frozen=True, slots=True)
class Merges:
    """The file with the merges, the numbers of its rows in force, and the ends of every cohort that
    may have a survivor."""

    file: Path
    numbers: tuple[int, ...]
    homes: Sequence[Path]


def parents_sql(ends: Path, merges: Merges | None) -> str:
    """SQL for the relation of an entity's ends by `key`: a merged record has the id and the end of
    its survivor, and stays whose it is. One whose survivor is nowhere waits."""
    own = f"read_parquet({quote_text(str(ends))})"
    if merges is None:
        return f'(SELECT source_id AS key, id, patient, "end" FROM {own})'
    numbers = ", ".join(map(str, merges.numbers))
    files = ", ".join(quote_text(str(path)) for path in merges.homes)
    everywhere = f'SELECT source_id, id, "end" FROM read_parquet([{files}])'
    return (
        "(SELECT e.source_id AS key, CASE WHEN m.source_id IS NULL THEN e.id ELSE h.id END AS id, "
        'e.patient, CASE WHEN m.source_id IS NULL THEN e."end" ELSE coalesce(h."end", \'excepted\') '
        f'END AS "end" FROM {own} e LEFT JOIN (SELECT source_id, value FROM '
        f"read_parquet({quote_text(str(merges.file))}) WHERE number IN ({numbers})) m "
        f"ON m.source_id = e.source_id LEFT JOIN ({everywhere}) h ON h.source_id = m.value)"
    )
