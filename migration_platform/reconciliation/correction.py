"""Correction: a snapshot as people corrected it, in reconciliation's own reading.

The values stand in a file beside the snapshot; which of its rows are in force is told by their
numbers. Shares no code with the transform that applies them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from migration_platform.reconciliation.column import quote_name, quote_text


@dataclass(frozen=True, slots=True)
class Corrections:
    """The file with the values, and the numbers of the rows in force by source column."""

    file: Path
    columns: Mapping[str, tuple[int, ...]]


def snapshot_sql(snapshot: Path, corrections: Corrections | None) -> str:
    """SQL for the relation of a snapshot's records, each corrected text in place of the source's."""
    read = f"read_parquet({quote_text(str(snapshot))})"
    if corrections is None or not corrections.columns:
        return read
    said, texts = [], []
    for at, (column, numbers) in enumerate(sorted(corrections.columns.items())):
        own = f"number IN ({', '.join(map(str, numbers))})"
        said.append(f"bool_or({own}) AS said{at}, max(value) FILTER (WHERE {own}) AS value{at}")
        name = quote_name(column)
        texts.append(f"CASE WHEN c.said{at} THEN c.value{at} ELSE s.{name} END AS {name}")
    return (
        f"(SELECT s.* REPLACE ({', '.join(texts)}) FROM {read} s LEFT JOIN (SELECT source_id, "
        f"{', '.join(said)} FROM read_parquet({quote_text(str(corrections.file))}) "
        "GROUP BY source_id) c ON c.source_id = s._source_id)"
    )
