"""What the tests of entities share: one source record mapped as the engine maps a batch."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import polars as pl
import pytest

from migration_platform.entity import POLARS_TYPE, Entity, Reference
from migration_platform.exception.ruling import MERGED
from migration_platform.mapping import ENDS_SCHEMA, map_batch

WINDOW_START = datetime(2024, 6, 30, tzinfo=UTC)
"""Records from before this are old."""

Translate = Callable[[Entity, Mapping[str, str | None]], dict[str, Any]]
Judge = Callable[..., tuple[str, str | None]]


@pytest.fixture(scope="session")
def translate() -> Translate:
    """Every field of a record; a reference as the source id that it names, a problem as 'problem: …'.

    Columns that the record does not give are NULL.
    """

    def run(entity: Entity, record: Mapping[str, str | None]) -> dict[str, Any]:
        frame = make_batch(entity, record)
        exprs = []
        for each in entity.fields:
            if isinstance(each.origin, Reference):
                named = pl.col(each.origin.column)
                value = pl.when(~named.is_in(["", *each.origin.absent])).then(named)
            else:
                value = each.origin.value.cast(POLARS_TYPE[each.type])
            exprs.append(value.alias(each.name))
            if not isinstance(each.origin, Reference) and each.origin.problem is not None:
                exprs.append(each.origin.problem.cast(pl.String).alias(f"{each.name}!"))
        row = frame.select(exprs).row(0, named=True)
        problems = {n[:-1]: f"problem: {v}" for n, v in row.items() if n.endswith("!") and v}
        return {
            each.name: problems.get(each.name, row[each.name])
            for each in entity.fields
            if each.name in problems or row[each.name] is not None
        }

    return run


@pytest.fixture(scope="session")
def judge() -> Judge:
    """A record's end and the rule that decided it, every record that it names being on its way.

    `parents` gives dates that the rules read of a record it names: {"patient": {"death_date": …}};
    `merged` among them says that it was merged into another.
    """

    def run(
        entity: Entity,
        record: Mapping[str, str | None],
        parents: Mapping[str, Mapping[str, Any]] | None = None,
        absent: frozenset[str] = frozenset(),
    ) -> tuple[str, str | None]:
        batch = make_batch(entity, record)
        known: dict[str, pl.DataFrame] = {}
        for _, reference in entity.references:
            named = record.get(reference.column)
            rows = [] if named is None or named in reference.absent else [named]
            carried = dict((parents or {}).get(reference.entity, {}))
            rule = MERGED if carried.pop("merged", False) else None
            ends = pl.DataFrame(
                {
                    "source_id": rows,
                    "id": rows,
                    "patient": [record.get(entity.source.patient or "")] * len(rows),
                    "end": ["mapped"] * len(rows),
                },
                schema_overrides=dict.fromkeys(("source_id", "id", "patient", "end"), pl.String),
            ).with_columns(
                pl.lit(rule, pl.String).alias("rule"),
                *[pl.lit(None, pl.String).alias(n) for n in ("kind", "field")],
                *[pl.lit(value, pl.Date).alias(name) for name, value in carried.items()],
            )
            assert set(ENDS_SCHEMA) <= set(ends.columns)
            earlier = known.get(reference.entity)
            known[reference.entity] = (
                ends if earlier is None else pl.concat([earlier, ends]).unique("source_id")
            )
        mapped = map_batch(entity, batch, known, window_start=WINDOW_START, absent=absent)
        end, rule = mapped.ends.select("end", "rule").row(0)
        return end, rule

    return run


def make_batch(entity: Entity, record: Mapping[str, str | None]) -> pl.DataFrame:
    """One record with the columns that extract adds."""
    unknown = set(record) - {*entity.columns, "_sha256", "_size", "_document_problem"}
    assert not unknown, f"{entity.name} does not read {sorted(unknown)}"
    columns = {name: [record.get(name)] for name in entity.columns}
    frame = pl.DataFrame(columns, schema=dict.fromkeys(entity.columns, pl.String))
    return frame.with_columns(
        pl.lit("00000000-0000-4000-8000-000000000001").alias("_id"),
        pl.lit("record").alias("_source_id"),
        pl.lit(record.get(entity.source.patient or ""), pl.String).alias("_patient"),
        pl.lit(None, pl.String).alias("_repeat"),
        pl.lit(False).alias("_suspect"),
        pl.lit(record.get("_sha256"), pl.String).alias("_sha256"),
        pl.lit(record.get("_size"), pl.String).alias("_size"),
        pl.lit(record.get("_document_problem"), pl.String).alias("_document_problem"),
    )
