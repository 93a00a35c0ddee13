"""Reset: a new source starts a new migration on the embedded platforms.

Only for trials: `migration sample` refuses when source or destination is a server of your own.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from migration_platform import schema
from migration_platform.decision import log_head
from migration_platform.errors import ConfigurationError
from migration_platform.platform import Platform
from migration_platform.settings import Settings, variable

if TYPE_CHECKING:
    from migration_platform.sample import SourceBuild

DESTINATION_SCHEMA = Path(__file__).parent / "destination" / "schema.sql"


def build_source(
    platform: Platform,
    *,
    patients: int,
    synthea: Path | None,
    seed: int,
    progress: Callable[[int, int], None],
) -> tuple[SourceBuild, bool]:
    """Rebuild the source; if it is another than before, empty everything behind it.

    Returns the build, and whether a new migration starts.
    """
    from migration_platform.sample import build_sample, import_synthea

    require_trial(platform.settings)
    before = platform.store.source_build()
    if synthea is None:
        build = build_sample(platform.settings, patients=patients, seed=seed, progress=progress)
    else:
        build = import_synthea(platform.settings, synthea, progress=progress)
    moved = {entity.source.table for entity in platform.entities.values()}
    unread = [name for name in build.unmoved if name not in build.tables]
    build = replace(build, unmoved=(*sorted(set(build.tables) - moved), *unread))
    fresh = before is None or before["digest"] != build.digest
    if fresh:
        start_anew(platform)
    prepare_destination(platform)
    platform.store.record_source_build(
        build.kind, build.digest, build.tables, build.missing, build.unmoved
    )
    return build, fresh


def require_trial(settings: Settings) -> None:
    """Raise ConfigurationError unless all that a new source empties is the embedded trial's own."""
    own = [variable(n) for n in ("source", "destination", "platform") if settings.given_url(n)]
    if own:
        raise ConfigurationError(
            "a new sample source empties source, destination and platform store, and "
            f"{', '.join(own)} names a server of your own. Unset it, or set MIGRATION_HOME to a "
            "folder for a trial."
        )


def start_anew(platform: Platform) -> None:
    """Empty the destination, the staging area, the reports and the platform store.

    Folders outside the home are left alone: what lies there may be somebody's own.
    """
    from migration_platform.database import connect

    require_trial(platform.settings)

    with connect(platform.settings, "destination") as connection:
        for name in ("migration", "migration_staging", "public"):
            connection.execute(f"DROP SCHEMA IF EXISTS {name} CASCADE")
        connection.execute("CREATE SCHEMA public")
    platform.close()
    with connect(platform.settings, "platform", owner=True) as connection:
        connection.execute("DROP SCHEMA IF EXISTS migration CASCADE")
    settings = platform.settings
    log_head.forget(settings.home)
    for folder in (settings.staging, settings.destination_documents, settings.reports):
        if folder.is_relative_to(settings.home):
            shutil.rmtree(folder, ignore_errors=True)
    for target in ("platform", "destination"):
        schema.upgrade(platform.settings, target)


def prepare_destination(platform: Platform) -> None:
    """Create the sample destination's tables if they are not there."""
    with platform.destination() as connection:
        connection.execute(DESTINATION_SCHEMA.read_text(encoding="utf-8"))
