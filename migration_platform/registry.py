"""Registry: the entities of this migration, found by entry point, and their mapping digests.

The engine imports no entity: an adapter's package announces its own under the entry point group
`migration_platform.entities` (pyproject.toml), so that the engine stays free of what it moves.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache, cached_property
from importlib.metadata import EntryPoint, entry_points
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from migration_platform.errors import ConfigurationError
from migration_platform.outline import Outline, keep_outlines, outline_entity, read_outlines

if TYPE_CHECKING:
    from migration_platform.entity import Entity

GROUP = "migration_platform.entities"


class Announced(Mapping[str, "Entity"]):
    """Every announced entity by name, parents first. Their mappings are imported when the first of
    them is asked for; until then their outlines, kept in a file, say which there are."""

    def __init__(self, kept: Path) -> None:
        self.kept = kept

    def __getitem__(self, name: str) -> Entity:
        return self._loaded[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.outlines)

    def __len__(self) -> int:
        return len(self.outlines)

    def __contains__(self, name: object) -> bool:
        return name in self.outlines

    @cached_property
    def outlines(self) -> dict[str, Outline]:
        """What is known of each without importing its mapping, if its files are as they were."""
        return read_outlines(self.kept, _announced_digest()) or self._outline()

    @cached_property
    def _loaded(self) -> dict[str, Entity]:
        entities = load_entities()
        if "outlines" in self.__dict__ and self._outline() != self.outlines:
            raise ConfigurationError(
                "the entities changed while this ran, or they are declared by files outside of "
                "the package that announces them. Start it again."
            )
        return entities

    def _outline(self) -> dict[str, Outline]:
        """Of the mappings themselves; kept for the next command."""
        outlines = {name: outline_entity(entity) for name, entity in load_entities().items()}
        if read_outlines(self.kept, _announced_digest()) != outlines:
            keep_outlines(self.kept, _announced_digest(), outlines.values())
        return outlines


@cache
def load_entities() -> dict[str, Entity]:
    """Every entity by name, parents first.

    Raises ConfigurationError if no package announces any, two share a name, or they refer to each
    other in a circle.
    """
    from migration_platform.entity import order_entities

    entities: list[Entity] = [e for point in _announcements() for e in point.load()]
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
def _all_points() -> Any:  # of another class in each release of Python
    """Of every group: each question reads a file of every installed package."""
    return entry_points()


@cache
def _announcements() -> tuple[EntryPoint, ...]:
    found = tuple(_all_points().select(group=GROUP))
    if not found:
        raise ConfigurationError(
            f"no package announces entities under the entry point group '{GROUP}'. Install the "
            "project (make demo does it) or add the group to your pyproject.toml."
        )
    return found


@cache
def _engine_digest() -> bytes:
    """Digest of the engine files that decide a mapped value."""
    here = Path(__file__).parent
    files = [here / "entity.py", here / "mapping.py", *sorted((here / "translation").glob("*.py"))]
    return _digest_files(files)


def mapping_digest(outline: Outline) -> str:
    """Digest (64 hex digits) of all that decides what an entity's records become.

    Its own file, the code maps it reads, and the engine's translations. Files are read anew each
    time, so that an edited code map counts at once.
    """
    files = sorted(Path(file) for file in outline.files)
    return hashlib.sha256(_engine_digest() + _digest_files(files)).hexdigest()


@cache
def _announced_digest() -> str:
    """Digest of all files beside the modules that announce entities, and of what reads them."""
    digest = hashlib.sha256(_engine_digest())
    here = Path(__file__).parent
    digest.update(_digest_files([here / "outline.py", here / "evidence" / "blind_spot.py"]))
    for point in _announcements():
        spec = find_spec(point.module)
        if spec is None or spec.origin is None:
            raise ConfigurationError(
                f"the entry point '{point.value}' of the group '{GROUP}' names no module that can "
                "be found. Correct it in the pyproject.toml that announces it."
            )
        folder = Path(spec.origin).parent
        files = [f for f in folder.rglob("*") if f.is_file() and f.suffix != ".pyc"]
        digest.update(point.value.encode() + str(folder).encode())
        digest.update(_digest_files(sorted(files)))
    return digest.hexdigest()


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
    found = list(_all_points().select(group="migration_platform.suites", name="digest"))
    if len(found) != 1:
        raise ConfigurationError(
            f"{len(found)} packages announce 'digest' under the entry point group "
            "'migration_platform.suites'; there must be one. Install the project (make demo)."
        )
    announced: Callable[[str], str] = found[0].load()
    return announced
