"""Population: whether the patients that the newest search for duplicates read are still those there are.

An extract looks at the whole population's row versions beside its own records, and so does a search:
one that saw others since makes the search old. Nothing is read at the source to tell. What an old
search does to a verdict is decided in `threshold`.
"""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING, Any

from migration_platform.duplicate.pair_store import find_changed, newest_search

if TYPE_CHECKING:
    from migration_platform.entity import Entity
    from migration_platform.platform import Platform


def is_searched(platform: Platform, entity: Entity) -> bool:
    """Whether an entity's records are those that a search for duplicates reads."""
    table = platform.plan.population["table"]
    return entity.likeness is not None and entity.source.table == table


def describe_search(platform: Platform) -> dict[str, Any] | None:
    """The newest search, for an evidence document; None if nobody has searched. `changed` names the
    cohorts that were extracted since from a population that changed, or of which nobody can tell."""
    search = newest_search(platform.store)
    if search is None:
        return None
    return {
        "read_at": search.read_at.astimezone(UTC).isoformat(timespec="seconds"),
        "records": search.records,
        "changed": find_changed(platform.store, search),
    }
