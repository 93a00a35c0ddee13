"""Merging: one registration of a person proposed to move as another, and what is known of the two.

Only what a search has put together can be merged, and only once another person accepts it
(`resolution.accept`). The merged record stays behind; what that does to its chart is in `stand_in`.
"""

from __future__ import annotations

from typing import Any

from migration_platform.duplicate.pair_store import (
    Member,
    Search,
    members_of,
    newest_search,
    pairs_of,
)
from migration_platform.errors import ConfigurationError, GateClosedError
from migration_platform.exception_store import acts_in, acts_on, exceptions_of
from migration_platform.platform import Platform
from migration_platform.resolution import find_suspected, record_ruling
from migration_platform.ruling import (
    SUSPECTED,
    WHERE_IT_GOES,
    Act,
    find_open_proposals,
    find_rulings,
)
from migration_platform.source_record import POPULATION, find_source_id


def propose_merge(platform: Platform, token: str, *, into: str, person: str, reason: str) -> Act:
    """Propose that a record is the same person's as another, and its chart moves as that one's.

    Raises ConfigurationError if no search has put the two together, or the other one does not move;
    GateClosedError if a merge is proposed already.
    """
    waiting = find_suspected(platform, token)
    platform.people.require(person)
    search = require_search(platform)
    if waiting.entity != search.entity:
        raise ConfigurationError(
            f"{token} is a record of {waiting.entity}: {search.entity} records are merged, and what "
            "belongs to them follows"
        )
    members = {m.token: m for m in members_of(platform.store, search)}
    own, other = members.get(token), members.get(into)
    others = [m.token for m in members.values() if own and m.cluster == own.cluster]
    if own is None or other is None or other.cluster != own.cluster or token == into:
        named = ", ".join(t for t in others if t != token) or "none"
        raise ConfigurationError(
            f"the search of {search.found_at:%Y-%m-%d} put {token} together with: {named}. Merge it "
            "into one of those; search again if the source has changed (duplicates find)"
        )
    _require_moving(platform, other)
    for proposed in find_open_proposals(acts_on(platform.store, token)):
        if proposed.action == "merge":
            raise GateClosedError(
                f"{proposed.person} has proposed to merge {token} already (proposal "
                f"{proposed.number}): accept or reject it first."
            )
    survivor = find_source_id(platform, POPULATION, waiting.entity, into)
    detail = {"into": into}
    return record_ruling(platform, waiting, "merge", "", survivor, person, reason, detail)


def require_search(platform: Platform) -> Search:
    """The newest search. Raises ConfigurationError if nobody has searched."""
    search = newest_search(platform.store)
    if search is None:
        raise ConfigurationError(
            "nobody has searched for duplicates: `migration duplicates find` does"
        )
    return search


def describe_likeness(platform: Platform, token: str) -> list[dict[str, Any]]:
    """The records that the newest search takes for the same person's, by token: the likeliest first."""
    search = newest_search(platform.store)
    if search is None:
        return []
    ends = {m.token: m for m in members_of(platform.store, search)}
    found = []
    for pair in pairs_of(platform.store, search, token):
        other = pair.other if pair.token == token else pair.token
        found.append(
            {
                "token": other,
                "end": ends[other].end,
                "rule": ends[other].rule,
                "probability": pair.probability,
                "weight": pair.weight,
                "agrees": pair.agrees,
                "differs": pair.differs,
            }
        )
    return found


def list_likeness(platform: Platform) -> tuple[Search, list[dict[str, Any]]]:
    """The newest search and its pairs, the one that waits named first. `decision` is what is in force
    for it, or empty. Raises ConfigurationError if nobody has searched."""
    search = require_search(platform)
    places = {m.token: m.place for m in members_of(platform.store, search)}
    acts = acts_in(platform.store, [c.name for c in platform.plan.cohorts])
    ruled = {
        r.token: f"merge into {r.about}" if r.effect == "merge" else r.effect
        for r in find_rulings(acts)
        if r.entity == search.entity and r.effect in WHERE_IT_GOES
    }
    found = []
    for pair in pairs_of(platform.store, search):
        first, second = sorted((pair.token, pair.other), key=lambda t: -places[t])
        found.append(
            {
                "token": first,
                "other": second,
                "decision": ruled.get(first, ""),
                "probability": pair.probability,
                "weight": pair.weight,
                "agrees": pair.agrees,
                "differs": pair.differs,
            }
        )
    return search, found


def _require_moving(platform: Platform, survivor: Member) -> None:
    """Raise ConfigurationError if what is merged into a record would stay behind with it."""
    if survivor.end == "archived":
        raise ConfigurationError(
            f"{survivor.token} is archived ({survivor.rule}): a chart merged into it would be archived "
            "too. Keep the two apart, or have the source open it again and search again"
        )
    for row in exceptions_of(platform.store, survivor.token):
        if row["closed_at"] is None and row["rule"] == SUSPECTED:
            raise ConfigurationError(
                f"{survivor.token} is held back as a suspected duplicate: merge it, not into it"
            )
