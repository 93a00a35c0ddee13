"""A code that no code map has is resolved by a row, for every record that has it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from migration_platform import stage as stages
from migration_platform.entity import Field
from migration_platform.errors import ConfigurationError, GateClosedError
from migration_platform.exception.code_row import add_code, find_missing_code
from migration_platform.exception.store import acts_on, list_open
from migration_platform.platform import Platform
from migration_platform.token import token
from migration_platform.translation import code
from tests.migration_platform.stage.small_migration import PATIENT, VISIT, destination, move, source

MAP = "source_code,destination_code,note\nMA,east,\nTX,south,\n"


@pytest.fixture
def coded(platform: Platform, tmp_path: Path) -> Platform:
    """The small migration with a region for each patient; two of MA are written in another way."""
    file = tmp_path / "region.csv"
    file.write_text(MAP)
    region = Field("region", "text", code("REGION", file))
    platform.entities = {
        "patient": replace(PATIENT, fields=(*PATIENT.fields, region)),
        "visit": VISIT,
    }
    source(
        platform.settings,
        'ALTER TABLE people ADD "REGION" text',
        "UPDATE people SET \"REGION\" = CASE WHEN \"Id\" IN ('a', 'b') THEN ' Mass, old ' END, "
        '"NAME" = coalesce("NAME", \'Cleo\')',
    )
    destination(platform, "ALTER TABLE patient ADD region text")
    return platform


def reload(platform: Platform, folder: Path) -> None:
    """The mapping read anew, as the next process does."""
    region = Field("region", "text", code("REGION", folder / "region.csv"))
    platform.entities = {
        "patient": replace(PATIENT, fields=(*PATIENT.fields, region)),
        "visit": VISIT,
    }


def test_a_row_resolves_every_record_with_its_code(coded: Platform, tmp_path: Path) -> None:
    move(coded)
    mark = token(coded.settings.token_key(), "patient", "a")
    assert len(list_open(coded.store, ["one"], kind="unmapped code")) == 2

    _, missing = find_missing_code(coded, mark)
    act, _ = add_code(coded, mark, becomes="east", person="Bob", reason="as once printed")
    reload(coded, tmp_path)
    move(coded)

    assert (missing.source_code, missing.becomes) == ("Mass, old", ("east", "south"))
    assert (tmp_path / "region.csv").read_text() == MAP + '"Mass, old",east,as once printed\n'
    assert list_open(coded.store, ["one"]) == []
    assert destination(coded, "SELECT count(*) FROM patient WHERE region = 'east'") == [(2,)]
    assert "Mass" not in str(acts_on(coded.store, mark))
    assert act.detail == {"file": "code_maps/region.csv", "becomes": "east"}


def test_a_row_needs_a_known_code_the_owners_role_and_a_reason(
    coded: Platform, tmp_path: Path
) -> None:
    move(coded)
    mark = token(coded.settings.token_key(), "patient", "a")

    with pytest.raises(ConfigurationError, match=r"no row of region\.csv becomes 'west'"):
        add_code(coded, mark, becomes="west", person="Bob", reason="guess")
    with pytest.raises(GateClosedError, match="for the operations lead to decide"):
        add_code(coded, mark, becomes="east", person="Cleo", reason="guess")
    with pytest.raises(ConfigurationError, match="say why"):
        add_code(coded, mark, becomes="east", person="Bob", reason=" ")

    assert (tmp_path / "region.csv").read_text() == MAP


def test_a_record_that_waits_for_something_else_lacks_no_code(coded: Platform) -> None:
    move(coded)
    mark = token(coded.settings.token_key(), "visit", "v1")
    assert stages.transform(coded, "one", "visit").counts["excepted"] == 3

    with pytest.raises(ConfigurationError, match="waits as waiting"):
        find_missing_code(coded, mark)
