"""The clinic, ready to move."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from migration_platform.platform import Platform
from migration_platform.reset import start_anew
from migration_platform.settings import Settings
from migration_platform.wave import load_plan
from tests.decisions import decide_beforehand
from tests.migration_platform.duplicate.clinic import ENTITIES, WAVES, fill_source, make_destination


@pytest.fixture
def platform(settings: Settings, tmp_path: Path) -> Iterator[Platform]:
    """Two cohorts of the pilot: MA, and everybody else."""
    waves = tmp_path / "waves.toml"
    waves.write_text(WAVES)
    decide_beforehand(tmp_path, ("pilot", "rest"))
    owners = tmp_path / "ownership.csv"
    owners.write_text("entity,field,owner\npatient,first_name,operations lead\n")
    settings = replace(settings, ownership_file=owners, staging=tmp_path / "staging")
    platform = Platform(settings, load_plan(waves), ENTITIES, suites=lambda entity: "suite")
    start_anew(platform)
    fill_source(platform)
    make_destination(platform)
    yield platform
    platform.close()
