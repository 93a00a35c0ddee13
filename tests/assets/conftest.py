"""A tiny migration in Dagster: a reference entity, two patient entities, and suites that obey."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import dagster as dg
import polars as pl
import pytest

from assets.definitions import build_definitions
from migration_platform.check import Batch, ExpectationResult, Outcome
from migration_platform.database import connect
from migration_platform.entity import Entity, Field, Reference, Source, Translation
from migration_platform.launcher import dagster_environment
from migration_platform.platform import Platform
from migration_platform.reset import start_anew
from migration_platform.settings import Settings
from migration_platform.wave import load_plan
from tests.decisions import decide_beforehand

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

[[wave.cohort]]
name = "two"
where = { state = ["TX"] }

[[wave]]
name = "rest"
max_excepted_percent = 50

[[wave.cohort]]
name = "three"

[[wave.cohort]]
name = "lost"
orphans = true
"""
OWNERS = """\
entity,field,owner
patient,name,operations lead
visit,note,clinical lead
"""


def text(column: str) -> Translation:
    return Translation(f"{column} as it is", (column,), pl.col(column))


SITE = Entity(
    "site", "A place of care", Source("sites", ("Id",)), (Field("name", "text", text("NAME")),),
    Path(__file__), group="reference",
)  # fmt: skip
PATIENT = Entity(
    "patient", "A person", Source("people", ("Id",), "Id"),
    (Field("name", "text", text("NAME"), required=True, description="Full name"),),
    Path(__file__), group="identity",
)  # fmt: skip
VISIT = Entity(
    "visit", "A visit", Source("visits", ("Id",), "PATIENT"),
    (
        Field("patient_id", "uuid", Reference("patient", "PATIENT"), required=True),
        Field("site_id", "uuid", Reference("site", "SITE", same_patient=False)),
        Field("note", "text", text("NOTE")),
    ),
    Path(__file__),
)  # fmt: skip

ENTITIES = {"site": SITE, "patient": PATIENT, "visit": VISIT}


def name_suite(entity: str) -> str:
    """The digest of an entity's suite."""
    return f"suite of {entity}"


@dataclass
class ObedientSuites:
    """Suites that answer what a test tells them. `answers`: by entity and point; else passed."""

    answers: dict[tuple[str, str], Outcome | Literal["raise"]]

    def validate(self, batch: Batch) -> Sequence[ExpectationResult]:
        outcome = self.answers.get((batch.entity, batch.point), "passed")
        if outcome == "raise":
            raise ValueError("the value 'Ann Smith' is not allowed")
        bad = 1 if outcome == "failed" else 0
        sentence = "name is always there"
        return [ExpectationResult("expect_x", "name", sentence, outcome, batch.rows, bad, 0)]

    def suite_digest(self, entity: str) -> str:
        return name_suite(entity)


@pytest.fixture
def suites() -> ObedientSuites:
    return ObedientSuites({})


@pytest.fixture
def platform(settings: Settings, tmp_path: Path) -> Iterator[Platform]:
    """One patient in MA with two visits, one in TX with none, one elsewhere; one site."""
    waves = tmp_path / "waves.toml"
    waves.write_text(WAVES)
    decide_beforehand(tmp_path, ("pilot", "rest"))
    owners = tmp_path / "ownership.csv"
    owners.write_text(OWNERS)
    settings = replace(
        settings, ownership_file=owners, staging=tmp_path / "staging", reports=tmp_path / "reports"
    )
    platform = Platform(settings, load_plan(waves), ENTITIES, suites=name_suite)
    start_anew(platform)
    with connect(settings, "source") as connection:
        connection.execute(
            'DROP TABLE IF EXISTS sites, people, visits; CREATE TABLE sites ("Id" text, "NAME" text);'
            'CREATE TABLE people ("Id" text, "NAME" text, "STATE" text);'
            'CREATE TABLE visits ("Id" text, "PATIENT" text, "SITE" text, "NOTE" text);'
            "INSERT INTO sites VALUES ('s', 'North');"
            "INSERT INTO people VALUES ('a', 'Ann', 'MA'), ('b', 'Bea', 'TX'), ('c', 'Cid', 'WA');"
            "INSERT INTO visits VALUES ('v1', 'a', 's', 'x'), ('v2', 'a', NULL, 'y')"
        )
    with connect(settings, "destination") as connection:
        connection.execute(
            "CREATE TABLE site (id uuid PRIMARY KEY, name text);"
            "CREATE TABLE patient (id uuid PRIMARY KEY, name text NOT NULL);"
            "CREATE TABLE visit (id uuid PRIMARY KEY, patient_id uuid NOT NULL REFERENCES patient,"
            "site_id uuid REFERENCES site, note text)"
        )
    yield platform
    platform.close()
    with connect(settings, "source") as connection:
        connection.execute("DROP TABLE sites, people, visits")


@pytest.fixture
def definitions(platform: Platform, suites: ObedientSuites) -> dg.Definitions:
    """The tiny migration as Dagster sees it."""
    return build_definitions(lambda: platform, suites)


@pytest.fixture
def instance(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[dg.DagsterInstance]:
    """The Dagster instance of `dagster.yaml`, on the session's Postgres."""
    for name, value in dagster_environment(settings).items():
        monkeypatch.setenv(name, value)
    with dg.DagsterInstance.get() as found:
        yield found
