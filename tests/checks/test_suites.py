"""Every suite: what it says, that sound records pass it, and that every expectation has failed.

For each expectation a fault is planted. For the usual kinds (a missing value, a code that is none)
it follows from the declaration; for SQL it is written by hand (`faults.py`).
"""

from __future__ import annotations

import re
from typing import Any

import psycopg
import pytest
from psycopg import sql

from assets.entities import ENTITIES
from checks import validation
from checks.suite_plan import expectations_at, load_suite
from migration_platform.check import ExpectationResult
from tests.checks.faults import faults_of
from tests.checks.records import sound

ENTITY_NAMES = [entity.name for entity in ENTITIES]
SENTENCE = re.compile(r"^[A-Z].*[^.]\.$")


@pytest.fixture(scope="session", autouse=True)
def _loaded(destination: psycopg.Connection) -> None:
    """Two records of everything that others refer to."""
    for entity in (
        *("organization", "practitioner", "payer", "patient"),
        *("encounter", "claim", "subscription"),
    ):
        for n in (1, 2):
            row = sound(entity, n)
            destination.execute(
                sql.SQL("INSERT INTO {} ({}) VALUES ({})").format(
                    sql.Identifier(entity),
                    sql.SQL(", ").join(map(sql.Identifier, row)),
                    sql.SQL(", ").join(sql.Placeholder() * len(row)),
                ),
                list(row.values()),
            )


def not_passed(results: list[ExpectationResult]) -> list[str]:
    return [
        f"{r.outcome} {r.error}: {r.sentence}"
        for r in results
        if r.outcome not in ("passed", "not applicable")
    ]


def test_every_entity_has_a_suite_and_no_suite_is_left_over() -> None:
    suites = {path.stem for path in validation.SUITES.glob("*.py")} - {"__init__"}

    assert suites == set(ENTITY_NAMES)


@pytest.mark.parametrize("entity", ENTITY_NAMES)
def test_a_suite_is_about_columns_that_its_entity_has(entity: str) -> None:
    declared = next(e for e in ENTITIES if e.name == entity)
    columns = {"id", "source_id", *(field.name for field in declared.fields)}

    for each in load_suite(entity).expectations:
        named = {
            getattr(each, name)
            for name in ("column", "column_A", "column_B")
            if hasattr(each, name)
        }

        assert named <= columns, each.description


@pytest.mark.parametrize("entity", ENTITY_NAMES)
def test_every_expectation_says_itself_in_one_sentence(entity: str) -> None:
    sentences = [each.description or "" for each in load_suite(entity).expectations]

    assert all(SENTENCE.match(sentence) for sentence in sentences)
    assert len(sentences) == len(set(sentences))


@pytest.mark.parametrize("point", ["transformed", "destination"])
@pytest.mark.parametrize("entity", ENTITY_NAMES)
def test_sound_records_pass(entity: str, point: Any, stage: Any) -> None:
    rows = [{**sound(entity, n), "source_id": f"source-{n}"} for n in (1, 2)]

    results = validation.validate(stage(entity, rows, point))

    assert not_passed(results) == []
    assert sum(r.outcome == "passed" for r in results) > len(results) // 2


@pytest.mark.parametrize("point", ["transformed", "destination"])
@pytest.mark.parametrize("entity", ENTITY_NAMES)
def test_every_expectation_fails_of_a_record_that_breaks_it(
    entity: str, point: Any, stage: Any
) -> None:
    asked = expectations_at(entity, point)
    changes = [change for each in asked for change in faults_of(entity, each)]
    parents = {name: to for name, to in sound(entity, 1).items() if name.endswith("_id")}
    rows = [
        {**sound(entity, n), **parents, "source_id": f"source-{n}", **change}
        for n, change in enumerate(changes, start=10)
    ]

    results = validation.validate(stage(entity, rows, point, rows_expected=len(rows) + 1))

    assert [r.sentence for r in results if r.outcome != "failed"] == []
