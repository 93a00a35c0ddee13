"""Every mapping over three real Synthea exports (2017, 2023, 2024), where they are at hand."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from assets.entities import ENTITIES
from migration_platform.entity import POLARS_TYPE, Entity, Translation
from migration_platform.sample.schema import spell

DATA = Path(__file__).resolve().parents[4] / "shared" / "data"
EXPORTS = ("synthea-csv-a-157", "synthea-csv-b-107", "synthea-csv-c-27")
NOT_IN_2017 = {"organization", "practitioner", "payer", "coverage", "claim", "claim_transaction"}
OWN_TABLES = {
    "portal_identity",
    "clinical_note",
    "document_reference",
    "subscription",
    "payment",
    "intake_response",
    "communication_preference",
}

pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="the real exports are not at hand")


def read_export(export: str, entity: Entity) -> pl.DataFrame | None:
    """The entity's table as the import spells it; None where the entity is not applicable."""
    path = DATA / export / f"{entity.source.table}.csv"
    if not path.exists():
        return None
    frame = pl.read_csv(path, infer_schema=False)
    frame = frame.rename({name: spell(entity.source.table, name) for name in frame.columns})
    return frame if set(entity.required_columns) <= set(frame.columns) else None


@pytest.mark.parametrize("export", EXPORTS)
def test_only_what_an_export_lacks_is_not_applicable(export: str) -> None:
    missing = {each.name for each in ENTITIES if read_export(export, each) is None}

    expected = {
        "synthea-csv-a-157": OWN_TABLES | NOT_IN_2017,
        "synthea-csv-b-107": OWN_TABLES | {"claim_transaction"},
        "synthea-csv-c-27": OWN_TABLES,
    }
    assert missing == expected[export]


@pytest.mark.parametrize("export", EXPORTS)
def test_every_value_of_an_export_is_translated(export: str) -> None:
    counts: dict[str, int] = {}
    problems: dict[str, list[str]] = {}
    for entity in ENTITIES:
        frame = read_export(export, entity)
        if frame is None:
            continue
        absent = [name for name in entity.columns if name not in frame.columns]
        frame = frame.with_columns(pl.lit(None, pl.String).alias(name) for name in absent)
        counts[entity.name] = frame.height
        for field in entity.fields:
            if not isinstance(field.origin, Translation):
                continue
            origin = field.origin
            problem = pl.lit(None, pl.String) if origin.problem is None else origin.problem
            read = frame.select(
                origin.value.cast(POLARS_TYPE[field.type]).alias("value"),
                problem.alias("problem"),
            )
            found = read["problem"].drop_nulls().unique().to_list()
            if found:
                problems[f"{entity.name}.{field.name}"] = found
            if field.required:
                assert read["value"].null_count() == 0, f"{entity.name}.{field.name}"
    print(export, counts)

    assert counts["patient"] > 0
    assert problems == {}


@pytest.mark.parametrize("export", EXPORTS)
def test_keys_tell_the_records_of_an_export_apart(export: str) -> None:
    for entity in ENTITIES:
        frame = read_export(export, entity)
        if frame is None or not entity.source.unique or entity.name == "practitioner":
            continue  # one export repeats a provider's Id with another content, which is a finding
        assert frame.select(entity.source.key).is_duplicated().sum() == 0, entity.name
