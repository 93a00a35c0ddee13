"""A migration of two small entities, and how its tests move it through the stages."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from migration_platform import stage as stages
from migration_platform.check import ExpectationResult
from migration_platform.database import connect
from migration_platform.entity import Entity, Field, Reference, Source, Translation
from migration_platform.platform import Platform
from migration_platform.settings import Settings

WAVES = """\
[population]
table = "people"
key = "Id"
state = "STATE"

[[wave]]
name = "pilot"
max_excepted_percent = 50

[[wave.cohort]]
name = "one"
where = { state = ["MA"] }

[[wave]]
name = "rest"
max_excepted_percent = 50

[[wave.cohort]]
name = "two"

[[wave.cohort]]
name = "lost"
orphans = true
"""


def text(column: str) -> Translation:
    return Translation(f"{column} as it is", (column,), pl.col(column))


def amount(column: str) -> Translation:
    value = pl.col(column).str.to_decimal(scale=6)
    return Translation(f"{column} exact", (column,), value)


PATIENT = Entity(
    "patient", "A person.", Source("people", ("Id",), "Id"),
    (Field("name", "text", text("NAME"), required=True),), Path(__file__),
)  # fmt: skip
VISIT = Entity(
    "visit", "A visit.", Source("visits", ("Id",), "PATIENT"),
    (
        Field("patient_id", "uuid", Reference("patient", "PATIENT"), required=True),
        Field("note", "text", text("NOTE")),
        Field("cost", "decimal", amount("COST")),
    ),
    Path(__file__),
)  # fmt: skip


def source(settings: Settings, *statements: str) -> None:
    with connect(settings, "source") as connection:
        for statement in statements:
            connection.execute(statement)


def destination(platform: Platform, statement: str) -> list[tuple]:
    with connect(platform.settings, "destination") as connection:
        cursor = connection.execute(statement)
        return cursor.fetchall() if cursor.description else []


def check(platform: Platform, cohort: str, entity: str, point: str, outcome: str) -> None:
    batch = stages.batch(platform, cohort, entity, point)
    results = [ExpectationResult("e", "", "s", outcome, batch.rows, 0, 0)] if batch.rows else []
    stages.record_check(platform, batch, "suite", results)


def move(platform: Platform, cohort: str = "one", outcome: str = "passed") -> dict[str, dict]:
    """All stages of a cohort; returns each entity's load counts."""
    loads = {}
    stages.extract(platform, cohort, ["patient", "visit"])
    for entity in ("patient", "visit"):
        stages.transform(platform, cohort, entity)
        check(platform, cohort, entity, "transformed", outcome)
        loads[entity] = stages.load(platform, cohort, entity).counts
        check(platform, cohort, entity, "destination", outcome)
        stages.reconcile(platform, cohort, entity)
    return loads
