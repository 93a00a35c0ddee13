"""Value view: who looked at a patient's values, at which record, when and why. Append-only.

Whoever shows values calls `record_view` first, on the pages and on the command line alike. It names
the record by token; no value comes near it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Literal

from migration_platform.decision.right import require_right
from migration_platform.errors import ConfigurationError

if TYPE_CHECKING:
    from migration_platform.platform import Platform

Way = Literal["page", "command line"]

SHORTEST_REASON = 8
"""Characters. "x" and "test" are no reason that somebody can ask back about."""


@dataclass(frozen=True, slots=True)
class ValueView:
    """One look. `what` is `chart` or the entity of a record."""

    person: str
    way: Way
    what: str
    token: str
    reason: str
    viewed_at: datetime


def record_view(
    platform: Platform, *, person: str, way: Way, what: str, token: str, reason: str
) -> None:
    """Record that a person is about to see the values of a record.

    Raises GateClosedError if their roles do not allow it, ConfigurationError if they give no reason.
    """
    require_right(platform.people, person, "see values")
    if len(reason.strip()) < SHORTEST_REASON:
        raise ConfigurationError(
            f"to see patients' values give a reason of {SHORTEST_REASON} characters or more: it is "
            "kept with your name"
        )
    with platform.store.transaction() as connection:
        connection.execute(
            "INSERT INTO migration.value_view (person, way, what, token, reason) "
            "VALUES (%s, %s, %s, %s, %s)",
            (person, way, what, token, reason.strip()),
        )


def read_views(platform: Platform, at_most: int = 500) -> list[ValueView]:
    """The last looks, newest first."""
    with platform.store.transaction() as connection:
        rows = connection.execute(
            "SELECT person, way, what, token, reason, viewed_at FROM migration.value_view "
            "ORDER BY id DESC LIMIT %s",
            (at_most,),
        ).fetchall()
    return [ValueView(**row) for row in rows]
