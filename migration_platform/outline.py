"""Outline: what most commands need to know of an entity, without its mapping.

Importing the mappings takes longer than all the rest of such a command, because every one of them
brings Polars. So what their declarations say is kept, under a digest of the files that say it
(`registry`). A mapping's digest is never kept: it is taken of its files as they are now.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from migration_platform.evidence.blind_spot import BlindSpot, declare_blind_spots

if TYPE_CHECKING:
    from migration_platform.entity import Entity


@dataclass(frozen=True, slots=True)
class FieldOutline:
    """A destination column, the rule for it in words, and the source columns that it is made of."""

    name: str
    sentence: str
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Outline:
    """An entity as seen from outside. `files`: all that decides what its records become, beside the
    engine's own."""

    name: str
    is_reference: bool
    has_retention: bool
    parents: tuple[str, ...]
    fields: tuple[FieldOutline, ...]
    files: tuple[str, ...]
    blind_spots: tuple[BlindSpot, ...] = ()


def outline_entity(entity: Entity) -> Outline:
    """What the entity's declaration says."""
    from migration_platform.entity import Translation

    files = {str(entity.file)}
    origins: list[object] = [f.origin for f in entity.fields]
    if entity.retention:
        origins.append(entity.retention.since)
    for origin in origins:
        if isinstance(origin, Translation):
            files.update(str(file) for file in origin.files)
    return Outline(
        name=entity.name,
        is_reference=entity.is_reference,
        has_retention=entity.retention is not None,
        parents=entity.parents,
        fields=tuple(FieldOutline(f.name, f.origin.sentence, f.columns) for f in entity.fields),
        files=tuple(sorted(files)),
        blind_spots=declare_blind_spots(entity),
    )


def read_outlines(path: Path, key: str) -> dict[str, Outline] | None:
    """What was kept under this key; None if nothing was, or it is of other files."""
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
        if kept["key"] != key:
            return None
        return {each["name"]: _outline(each) for each in kept["entities"]}
    except (OSError, ValueError, KeyError, TypeError):
        return None  # it is made again from the mappings themselves


def keep_outlines(path: Path, key: str, outlines: Iterable[Outline]) -> None:
    """Keep them for the next command, in a home that is there and may be written."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    with suppress(OSError):  # the next command imports the mappings, as this one did
        draft.write_text(
            json.dumps({"key": key, "entities": [asdict(each) for each in outlines]}, indent=1),
            encoding="utf-8",
        )
        os.replace(draft, path)


def _outline(kept: dict[str, Any]) -> Outline:
    return Outline(
        name=kept["name"],
        is_reference=kept["is_reference"],
        has_retention=kept["has_retention"],
        parents=tuple(kept["parents"]),
        fields=tuple(
            FieldOutline(f["name"], f["sentence"], tuple(f["columns"])) for f in kept["fields"]
        ),
        files=tuple(kept["files"]),
        blind_spots=tuple(BlindSpot(**each) for each in kept["blind_spots"]),
    )
