"""Every mapping is proved: over a generated sample, and over real Synthea exports where at hand."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

import duckdb
import polars as pl
import pytest

from assets.entities import ENTITIES
from migration_platform.entity import Entity, Reference
from migration_platform.mapping import map_batch
from migration_platform.reconciliation.lookup import Origin
from migration_platform.reconciliation.round_trip import RoundTrip, prove_mapping
from migration_platform.sample.generate import generate
from tests.assets.entities.test_real_exports import DATA, EXPORTS, read_export

Proof = tuple[int, RoundTrip, list[tuple[object, ...]]]


def with_files(frame: pl.DataFrame, folder: Path) -> pl.DataFrame:
    """A small file for each path, and what extract says of it."""
    paths = frame["PATH"].str.strip_chars().to_list()
    for path in paths:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(path.encode())
    return frame.with_columns(
        pl.Series("_sha256", [hashlib.sha256(p.encode()).hexdigest() for p in paths]),
        pl.Series("_size", [str(len(p.encode())) for p in paths]),
        pl.lit(None, pl.String).alias("_document_problem"),
    )


def extracted(entity: Entity, table: pl.DataFrame, folder: Path) -> pl.DataFrame:
    """The table as extract leaves it, for all patients at once."""
    absent = [name for name in entity.columns if name not in table.columns]
    patient = entity.source.patient
    frame = table.select(
        *[pl.lit(None, pl.String).alias(c) if c in absent else pl.col(c) for c in entity.columns],
        (pl.col(patient).str.strip_chars() if patient else pl.lit(None, pl.String)).alias(
            "_patient"
        ),
        pl.lit(False).alias("_suspect"),
        pl.concat_list(pl.col(c).str.strip_chars() for c in entity.source.key).alias("_key"),
    ).with_columns(pl.int_range(pl.len()).over("_key").alias("_copy"))
    frame = frame.with_columns(
        (pl.col("_key").list.join("|", ignore_nulls=True) + pl.when(pl.col("_copy") > 0).then(
            "#" + pl.col("_copy").cast(pl.String)).otherwise(pl.lit(""))).alias("_source_id"),
        pl.when((pl.col("_copy") > 0) & entity.source.unique).then(pl.lit("conflict")).alias("_repeat"),
    ).drop("_key", "_copy")  # fmt: skip
    return with_files(frame, folder) if entity.document_path else frame


def prove_all(tables: Mapping[str, pl.DataFrame], folder: Path) -> dict[str, Proof]:
    """Map every entity that has a table, parents first, and prove each."""
    found: dict[str, Proof] = {}
    ends: dict[str, pl.DataFrame] = {}
    for entity in ENTITIES:
        needed = {r.entity for f, r in entity.references if f.required}
        if entity.source.table not in tables or not needed <= set(ends):
            continue
        batch = extracted(entity, tables[entity.source.table], folder)
        parents = {name: ends[name] for name in entity.parents if name in ends}
        ids = pl.concat_str(pl.lit(entity.name + " "), "_source_id").alias("_id")
        mapped = map_batch(entity, batch.with_columns(ids), parents)
        ends[entity.name] = mapped.ends
        place = folder / entity.name
        place.mkdir()
        batch.write_parquet(place / "extract.parquet")
        mapped.records.write_parquet(place / "mapped.parquet")
        mapped.ends.write_parquet(place / "ends.parquet")
        with duckdb.connect() as sql:
            sql.execute(
                "CREATE TEMP TABLE difference (id VARCHAR, leg VARCHAR, field VARCHAR, "
                "status VARCHAR, kind VARCHAR, sent VARCHAR, found VARCHAR)"
            ).fetchall()
            origin = Origin(
                place / "extract.parquet",
                {name: folder / name / "ends.parquet" for name in parents},
                folder,
            )
            records = f"read_parquet('{place / 'mapped.parquet'}')"
            result = prove_mapping(sql, entity, origin, records)
            differences = sql.execute("SELECT field, kind, sent, found FROM difference").fetchall()
        found[entity.name] = (mapped.records.height, result, differences)
    return found


def test_every_record_of_a_generated_sample_is_proved(tmp_path: Path) -> None:
    reference, chunks = generate(300, 7)
    tables = dict(reference)
    for chunk in chunks:
        for name, rows in chunk.tables.items():
            tables[name] = pl.concat([tables[name], rows]) if name in tables else rows

    proofs = prove_all(tables, tmp_path)

    assert len(proofs) == 22
    for name, (mapped, result, differences) in proofs.items():
        assert differences == [], name
        assert result.compared == mapped > 0, name
        assert result.unproven == (), name


@pytest.mark.skipif(not DATA.is_dir(), reason="the real exports are not at hand")
@pytest.mark.parametrize("export", EXPORTS)
def test_every_record_of_a_real_export_is_proved(export: str, tmp_path: Path) -> None:
    tables = {
        entity.source.table: frame
        for entity in ENTITIES
        if (frame := read_export(export, entity)) is not None
    }

    proofs = prove_all(tables, tmp_path)

    assert {"patient", "encounter", "observation", "immunization"} <= set(proofs)
    for name, (mapped, result, differences) in proofs.items():
        assert differences == [], name
        assert result.compared == mapped, name


def test_every_field_declares_how_it_is_proved() -> None:
    unproven = [
        f"{entity.name}.{field.name}"
        for entity in ENTITIES
        for field in entity.fields
        if not isinstance(field.origin, Reference) and field.origin.reading is None
    ]

    assert unproven == []
