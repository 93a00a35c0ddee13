"""Sample: a generated source, extracted and mapped in a home of its own, for the matrix to plant in.

Nothing of the migration in hand is touched, nor any database that the environment names.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from migration_platform import stage as stages
from migration_platform.platform import REFERENCE, Platform
from migration_platform.registry import load_entities
from migration_platform.reset import build_source
from migration_platform.server import embedded
from migration_platform.server.server import find
from migration_platform.settings import Settings
from migration_platform.wave import Cohort, Plan, Wave, load_plan

EVERYBODY = "everybody"
"""The only cohort."""


@contextmanager
def mapped_sample(settings: Settings, patients: int, seed: int) -> Iterator[Platform]:
    """A platform with a sample of so many patients, every record of it extracted and mapped."""
    home = Path(tempfile.mkdtemp(prefix="migration-faults-")).resolve()
    own = Settings.load({"MIGRATION_HOME": str(home), "MIGRATION_PROJECT": str(settings.root)})
    # Waves of its own, beside which nobody has decided anything: it is never to be promoted.
    waves = shutil.copy(settings.waves_file, home / "waves.toml")
    shutil.copy(settings.waves_file.with_name("exceptions.toml"), home)
    own = replace(own, waves_file=Path(waves), ownership_file=settings.ownership_file)
    platform = Platform(own, _plan(own), load_entities())
    try:
        build_source(
            platform, patients=patients, synthea=None, seed=seed, progress=lambda done, total: None
        )
        for cohort in (REFERENCE, EVERYBODY):
            names = platform.cohort_entities(cohort)
            stages.extract(platform, cohort, names)
            for name in names:
                stages.transform(platform, cohort, name)
        yield platform
    finally:
        platform.close()
        _discard(home)


def home_of(platform: Platform, entity: str) -> str:
    """The cohort under which an entity is staged."""
    return REFERENCE if platform.entity(entity).is_reference else EVERYBODY


def _plan(settings: Settings) -> Plan:
    everybody = Cohort(EVERYBODY, EVERYBODY)
    wave = Wave(
        EVERYBODY,
        (everybody,),
        max_patients=None,
        max_excepted_percent=100.0,
        max_unmapped_codes=0,
        freshness_hours=24.0,
        drill_days=0.0,
        min_sample_charts=0,
        line=1,
    )
    return replace(load_plan(settings.waves_file), waves=(wave,))


def _discard(home: Path) -> None:
    """Stop the home's server and leave nothing behind, in the home or outside of it."""
    server = find(home)
    embedded.stop(home)
    shutil.rmtree(home, ignore_errors=True)
    if server is not None:
        for left in (Path(server.socket), Path(server.folder).parent):
            shutil.rmtree(left, ignore_errors=True)
