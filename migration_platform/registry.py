"""Registry: the entities of this migration, found by entry point, and their mapping digests.

The engine imports no entity: an adapter's package announces its own under the entry point group
`migration_platform.entities` (pyproject.toml), so that the engine stays free of what it moves.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path

from migration_platform.entity import Entity, Translation, order_entities
from migration_platform.errors import ConfigurationError

GROUP = "migration_platform.entities"


@cache
def load_entities() -> dict[str, Entity]:
    """Every entity by name, parents first.

    Raises ConfigurationError if no package announces any, two share a name, or they refer to each
    other in a circle.
    """
    found = list(entry_points(group=GROUP))
    if not found:
        raise ConfigurationError(
            f"no package announces entities under the entry point group '{GROUP}'. Install the "
            "project (make demo does it) or add the group to your pyproject.toml."
        )
    entities: list[Entity] = [e for point in found for e in point.load()]
    names = [e.name for e in entities]
    twice = sorted({n for n in names if names.count(n) > 1})
    if twice:
        raise ConfigurationError(f"two entities are named {', '.join(twice)}: rename one of them")
    try:
        ordered = order_entities(entities)
    except ValueError as error:
        raise ConfigurationError(f"assets/entities: {error}") from error
    return {e.name: e for e in ordered}


@cache
def _engine_digest() -> bytes:
    """Digest of the engine files that decide a mapped value."""
    here = Path(__file__).parent
    files = [here / "entity.py", here / "mapping.py", *sorted((here / "translation").glob("*.py"))]
    return _digest_files(files)


def mapping_digest(entity: Entity) -> str:
    """Digest (64 hex digits) of all that decides what an entity's records become.

    Its own file, the code maps it reads, and the engine's translations. Files are read anew each
    time, so that an edited code map counts at once.
    """
    files = {entity.file}
    origins: list[object] = [f.origin for f in entity.fields]
    if entity.retention:
        origins.append(entity.retention.since)
    for origin in origins:
        if isinstance(origin, Translation):
            files.update(origin.files)
    return hashlib.sha256(_engine_digest() + _digest_files(sorted(files))).hexdigest()


def _digest_files(files: Sequence[Path]) -> bytes:
    digest = hashlib.sha256()
    for path in files:
        digest.update(path.name.encode() + b"\0")
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.digest()


def suite_digest(entity: str) -> str:
    """Digest of the entity's suite as it is now, from the package that announces it under the entry
    point group `migration_platform.suites`.

    Raises ConfigurationError if none does, or the entity has no suite.
    """
    return _find_suites()(entity)


@cache
def _find_suites() -> Callable[[str], str]:
    found = list(entry_points(group="migration_platform.suites", name="digest"))
    if len(found) != 1:
        raise ConfigurationError(
            f"{len(found)} packages announce 'digest' under the entry point group "
            "'migration_platform.suites'; there must be one. Install the project (make demo)."
        )
    announced: Callable[[str], str] = found[0].load()
    return announced
