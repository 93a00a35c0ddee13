"""The small migration, ready to move."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from migration_platform.database import connect
from migration_platform.platform import Platform
from migration_platform.reset import start_anew
from migration_platform.settings import Settings
from migration_platform.wave import load_plan
from tests.decisions import decide_beforehand
from tests.migration_platform.stage.small_migration import PATIENT, VISIT, WAVES, source


@pytest.fixture
def platform(settings: Settings, tmp_path: Path) -> Iterator[Platform]:
    """Three patients in MA (one visit each, one of them two), one elsewhere, one orphan visit."""
    waves = tmp_path / "waves.toml"
    waves.write_text(WAVES)
    decide_beforehand(tmp_path, ("pilot", "rest"))
    owners = tmp_path / "ownership.csv"
    owners.write_text("entity,field,owner\npatient,name,operations lead\n")
    settings = replace(settings, ownership_file=owners, staging=tmp_path / "staging")
    entities = {"patient": PATIENT, "visit": VISIT}
    platform = Platform(settings, load_plan(waves), entities, suites=lambda entity: "suite")
    start_anew(platform)
    source(
        settings,
        "DROP TABLE IF EXISTS people, visits",
        'CREATE TABLE people ("Id" text, "NAME" text, "STATE" text)',
        'CREATE TABLE visits ("Id" text, "PATIENT" text, "NOTE" text, "COST" text)',
        "INSERT INTO people VALUES ('a', 'Ann', 'MA'), ('b', 'Bea', 'MA'), ('c', NULL, 'MA'), "
        "('d', 'Dan', 'TX')",
        "INSERT INTO visits VALUES ('v1', 'a', '', '10.50'), ('v2', 'a', NULL, '-3'), "
        "('v3', 'b', 'x', NULL), ('v4', 'c', 'y', '1'), ('v5', 'nobody', 'z', '1')",
    )
    with connect(settings, "destination") as connection:
        connection.execute("CREATE TABLE patient (id uuid PRIMARY KEY, name text NOT NULL)")
        connection.execute(
            "CREATE TABLE visit (id uuid PRIMARY KEY, patient_id uuid NOT NULL REFERENCES patient, "
            "note text, cost numeric(12,2) CHECK (cost < 1000))"
        )
    yield platform
    platform.close()
