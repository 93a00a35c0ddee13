"""Chain: what keeps merges one step long.

A record that others were merged into is not merged away itself, and nothing is merged into a record
that was: so each merged record has one survivor, and a merge is undone without asking for others.
"""

from __future__ import annotations

from typing import Any

import psycopg

from migration_platform.errors import GateClosedError
from migration_platform.exception.ruling import Act, find_rulings
from migration_platform.exception.store import acts_with, lock_records
from migration_platform.platform import Platform

EVERYWHERE = "*"
"""In place of a cohort: merges of all cohorts are looked at together."""


def find_merges(platform: Platform, entity: str) -> dict[str, str]:
    """The merges in force, of all cohorts: the survivor's token by that of the merged record."""
    acts = acts_with(platform.store, "merge")
    found = (r for r in find_rulings(acts) if r.effect == "merge" and r.entity == entity)
    return {r.token: r.about for r in found}


def find_merged_into(platform: Platform, entity: str, token: str) -> list[str]:
    """The records that were merged into one, by token."""
    merges = find_merges(platform, entity)
    return sorted(merged for merged, survivor in merges.items() if survivor == token)


def require_no_chain(
    platform: Platform, connection: psycopg.Connection[Any], proposed: Act
) -> None:
    """Raise GateClosedError if a merge would hang on another one. Within the transaction that accepts
    it: of two at once, the second sees the first."""
    lock_records(connection, EVERYWHERE, proposed.entity)
    merged = find_merges(platform, proposed.entity)
    into = proposed.detail["into"]
    if into in merged:
        raise GateClosedError(
            f"{into} is merged itself, into {merged[into]}: merge {proposed.token} into that one."
        )
    if others := find_merged_into(platform, proposed.entity, proposed.token):
        raise GateClosedError(
            f"{', '.join(others)} is merged into {proposed.token}: take that back first (exception "
            f"reopen), and merge both into {into}."
        )
