"""All entities together: against the destination's schema, the ownership matrix and each other."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest

from assets.entities import ENTITIES
from migration_platform.entity import Entity, Reference, Translation, order_entities
from migration_platform.translation.code_map import read_code_map

ROOT = Path(__file__).resolve().parents[3]
SCHEMA = (ROOT / "migration_platform" / "destination" / "schema.sql").read_text(encoding="utf-8")
CODE_MAPS = ROOT / "assets" / "entities" / "code_maps"
SQL_TYPE = {
    "text": "text",
    "uuid": "uuid",
    "date": "date",
    "timestamp": "timestamptz",
    "decimal": "numeric(18, 6)",
    "integer": "bigint",
    "boolean": "boolean",
}

each_entity = pytest.mark.parametrize("entity", ENTITIES, ids=lambda each: each.name)


def table(name: str) -> dict[str, str]:
    """The columns of a destination table and what follows each name."""
    body = re.search(rf"CREATE TABLE IF NOT EXISTS {name} \(\n(.*?)\n\);", SCHEMA, re.S)
    assert body, f"the destination has no table {name}"
    lines = [line.strip().rstrip(",") for line in body.group(1).splitlines()]
    return {
        line.split(None, 1)[0]: line.split(None, 1)[1].strip()
        for line in lines
        if not line.startswith("CONSTRAINT")
    }


def test_there_are_22_and_parents_come_first() -> None:
    assert len(ENTITIES) == 22
    assert order_entities(ENTITIES) == list(ENTITIES)


@each_entity
def test_the_destination_table_has_the_fields_in_order(entity: Entity) -> None:
    columns = table(entity.name)

    assert list(columns) == ["id", *(field.name for field in entity.fields)]
    for field in entity.fields:
        declared = columns[field.name]
        assert declared.startswith(SQL_TYPE[field.type]), field.name
        assert ("NOT NULL" in declared) == field.required, field.name
        if isinstance(field.origin, Reference):
            assert f"REFERENCES {field.origin.entity} (id)" in declared, field.name


@each_entity
def test_code_maps_lead_only_to_codes_that_the_destination_takes(entity: Entity) -> None:
    columns = table(entity.name)
    for field in entity.fields:
        if not isinstance(field.origin, Translation) or not field.origin.files:
            continue
        codes = {c for file in field.origin.files for c in read_code_map(file).values()}
        listed = re.search(r"IN \((.*?)\)", columns[field.name])
        formed = re.search(r"~ '(.*?)'", columns[field.name])
        assert listed or formed, f"{entity.name}.{field.name} has no check"
        if listed:
            assert codes <= set(re.findall(r"'(.*?)'", listed.group(1))), field.name
        elif formed:
            assert all(re.search(formed.group(1), code) for code in codes), field.name


@each_entity
def test_an_entity_says_what_a_reader_needs(entity: Entity) -> None:
    assert entity.file == ROOT / "assets" / "entities" / f"{entity.name}.py"
    assert entity.description
    assert all(field.description for field in entity.fields)
    assert entity.group in {"reference", "identity", "clinical", "billing", "engagement"}
    assert all(rule.sentence for rule in entity.rules)
    names = [field.name for field in entity.fields]
    assert len(names) == len(set(names))
    if not entity.is_reference and entity.name != "patient":
        assert names[0] == "patient_id"


def test_references_lead_to_entities_and_only_patients_records_to_their_own() -> None:
    by_name = {entity.name: entity for entity in ENTITIES}
    for entity in ENTITIES:
        for field, reference in entity.references:
            named = by_name[reference.entity]
            assert reference.same_patient != named.is_reference, f"{entity.name}.{field.name}"


def test_the_ownership_matrix_has_one_row_for_every_field() -> None:
    path = ROOT / "assets" / "ownership.csv"
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))

    listed = [(row["entity"], row["field"]) for row in rows]
    assert listed == [(e.name, field.name) for e in ENTITIES for field in e.fields]
    assert {row["owner"] for row in rows} <= {
        "clinical lead",
        "operations lead",
        "technical lead",
        "compliance",
    }
    assert {row["writer_after_cutover"] for row in rows} == {"source", "destination"}
    assert all(row["note"] for row in rows)


def test_every_code_map_is_used() -> None:
    used = {
        file
        for entity in ENTITIES
        for field in entity.fields
        if isinstance(field.origin, Translation)
        for file in field.origin.files
    }

    assert used == set(CODE_MAPS.glob("*.csv"))


def test_every_state_has_its_code_and_its_name() -> None:
    states = read_code_map(CODE_MAPS / "state.csv")

    assert len(set(states.values())) == 56  # 50 states, DC, and five territories
    assert states["massachusetts"] == states["ma"] == states["mass."] == "MA"
    assert states["puerto rico"] == "PR"
    assert states["district of columbia"] == "DC"


def test_the_class_that_holds_the_pilot_has_no_row() -> None:
    assert "televisit" not in read_code_map(CODE_MAPS / "encounter_class.csv")
