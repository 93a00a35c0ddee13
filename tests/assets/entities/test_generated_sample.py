"""Every mapping over a generated sample: only the faults that were planted find no translation."""

from __future__ import annotations

import polars as pl

from assets.entities import ENTITIES
from migration_platform.entity import Translation
from migration_platform.sample.generate import generate

PLANTED = {
    ("patient", "sex_code", "no translation in code_maps/sex.csv"),
    ("encounter", "class_code", "no translation in code_maps/encounter_class.csv"),
    ("payment", "paid_at", "a wall time that the clock change skipped"),
    ("payment", "paid_at", "a wall time that the clock change showed twice"),
}


def test_only_planted_faults_find_no_translation() -> None:
    reference, chunks = generate(600, 7)
    tables = dict(reference)
    for chunk in chunks:
        for name, rows in chunk.tables.items():
            tables[name] = pl.concat([tables[name], rows]) if name in tables else rows

    found: set[tuple[str, str, str]] = set()
    for entity in ENTITIES:
        frame = tables[entity.source.table]
        absent = [name for name in entity.columns if name not in frame.columns]
        frame = frame.with_columns(
            *(pl.lit(None, pl.String).alias(name) for name in absent),
            pl.lit("0" * 64).alias("_sha256"),
            pl.lit("1").alias("_size"),
            pl.lit(None, pl.String).alias("_document_problem"),
        )
        assert not set(absent) & set(entity.required_columns), entity.name
        for field in entity.fields:
            if isinstance(field.origin, Translation) and field.origin.problem is not None:
                problems = frame.select(field.origin.problem.alias("problem")).to_series()
                found |= {(entity.name, field.name, p) for p in problems.drop_nulls().unique()}

    assert found == PLANTED
