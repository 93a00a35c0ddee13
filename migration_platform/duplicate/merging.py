"""Merging: one registration of a person proposed to move as another, and what is known of the two.

Only what a search or a person (`pairing`) has put together can be merged, and only once another person
accepts exactly that (`resolution.accept`). The merged record stays behind; what that does to its chart is in `stand_in`.
"""

from __future__ import annotations

from typing import Any

from migration_platform.duplicate.pair_store import (
    PairRow,
    Search,
    members_of,
    newest_search,
    pairs_of,
)
from migration_platform.duplicate.pairing import (
    find_mates,
    propose_pair,
    read_registration,
    require_search,
)
from migration_platform.errors import ConfigurationError, GateClosedError
from migration_platform.exception.resolution import find_suspected, is_suspected, record_ruling
from migration_platform.exception.ruling import (
    WHERE_IT_GOES,
    Act,
    find_open_proposals,
    find_paired,
    find_rulings,
)
from migration_platform.exception.store import acts_in, acts_on, acts_with
from migration_platform.platform import Platform


def propose_merge(platform: Platform, token: str, *, into: str, person: str, reason: str) -> Act:
    """Propose that a record is the same person's as another, and its chart moves as that one's. Which
    of the two stays is said by who proposes it: the one that waits need not be the one that goes.

    Raises ConfigurationError if neither a search nor a person has put the two together, or the other
    one does not move; GateClosedError if a merge of the two is proposed already.
    """
    other_waits = not is_suspected(platform, token) and is_suspected(platform, into)
    waiting = find_suspected(platform, into if other_waits else token)
    platform.people.require(person)
    search = require_search(platform)
    if waiting.entity != search.entity:
        raise ConfigurationError(
            f"{token} is a record of {waiting.entity}: {search.entity} records are merged, and what "
            "belongs to them follows"
        )
    mates = find_mates(platform, search, token)
    if into not in mates:
        raise ConfigurationError(
            f"the search of {search.found_at:%Y-%m-%d} put {token} together with: "
            f"{', '.join(mates) or 'none'}. Merge it into one of those; search again if the source has "
            "changed (duplicates find), or propose a pair that it missed (duplicates propose)"
        )
    survivor = read_registration(platform, search, into)
    if survivor.end in ("archived", "excluded"):
        raise ConfigurationError(
            f"{into} is {survivor.end} ({survivor.rule}): a chart merged into it would be {survivor.end} "
            "too. Keep the two apart, or have the source open it again and search again"
        )
    _require_unproposed(platform, token, into)
    if other_waits:
        propose_pair(platform, token, other=into, person=person, reason=reason)
        waiting = find_suspected(platform, token)
    detail = {"into": into}
    return record_ruling(platform, waiting, "merge", "", survivor.source_id, person, reason, detail)


def _require_unproposed(platform: Platform, token: str, into: str) -> None:
    """Raise GateClosedError if the record is proposed to be merged, or the other one into it."""
    for proposed in find_open_proposals(
        [*acts_on(platform.store, token), *acts_on(platform.store, into)]
    ):
        if proposed.action == "merge" and (
            proposed.token == token or proposed.detail["into"] == token
        ):
            raise GateClosedError(
                f"{proposed.person} has proposed to merge {proposed.token} already (proposal "
                f"{proposed.number}): accept or reject it first."
            )


def describe_likeness(platform: Platform, token: str) -> list[dict[str, Any]]:
    """The records that the newest search or a person takes for the same person's, by token: the
    likeliest first. `proposed_by` is empty for those of the search; `merged` says whether the other one
    is merged into this one, or proposed to be."""
    search = newest_search(platform.store)
    if search is None:
        return []
    ends = {m.token: m for m in members_of(platform.store, search)}
    found = {}
    for pair in pairs_of(platform.store, search, token):
        other = pair.other if pair.token == token else pair.token
        found[other] = {
            "token": other,
            "end": ends[other].end,
            "rule": ends[other].rule,
            **_weigh(pair),
        }
    for own, other, person in _list_paired(platform):
        if token in (own, other) and (mate := other if token == own else own) not in found:
            read = read_registration(platform, search, mate)
            found[mate] = {
                "token": mate,
                "end": read.end,
                "rule": read.rule,
                **_weigh(None, person),
            }
    return [{**each, "merged": _say_merged(platform, name, token)} for name, each in found.items()]


def list_likeness(platform: Platform) -> tuple[Search, list[dict[str, Any]]]:
    """The newest search and its pairs, then those that people proposed; the one that waits is named
    first, or the one that was merged. `decision` is what is in force for it, or empty. Raises
    ConfigurationError if nobody has searched."""
    search = require_search(platform)
    places = {m.token: m.place for m in members_of(platform.store, search)}
    acts = acts_in(platform.store, [c.name for c in platform.plan.cohorts])
    ruled = {
        r.token: f"merge into {r.about}" if r.effect == "merge" else r.effect
        for r in find_rulings(acts)
        if r.entity == search.entity and r.effect in WHERE_IT_GOES
    }
    listed = {}
    for pair in pairs_of(platform.store, search):
        first, second = sorted((pair.token, pair.other), key=lambda t: -places[t])
        listed[first, second] = _weigh(pair)
    for own, other, person in _list_paired(platform):
        if (own, other) not in listed and (other, own) not in listed:
            listed[own, other] = _weigh(None, person)
    found = []
    for (first, second), weighed in listed.items():
        if ruled.get(second) == f"merge into {first}":
            first, second = second, first
        found.append({"token": first, "other": second, "decision": ruled.get(first, ""), **weighed})
    return search, found


def _weigh(pair: PairRow | None, person: str = "") -> dict[str, Any]:
    """What speaks for a pair: the search's figures, or who proposed it."""
    return {
        "probability": pair and pair.probability,
        "weight": pair and pair.weight,
        "agrees": pair.agrees if pair else [],
        "differs": pair.differs if pair else [],
        "proposed_by": person,
    }


def _list_paired(platform: Platform) -> list[tuple[str, str, str]]:
    """The pairs that people proposed: who would go, who would stay, and by whom."""
    acts = acts_with(platform.store, "pair")
    standing = find_paired(acts)
    pairs = {
        (a.token, a.detail["with"]): a.person
        for a in acts
        if a.action == "pair" and a.detail["with"] in standing.get(a.token, [])
    }
    return [(own, other, person) for (own, other), person in pairs.items()]


def _say_merged(platform: Platform, other: str, into: str) -> str:
    acts = acts_on(platform.store, other)
    if any(r.effect == "merge" and r.about == into for r in find_rulings(acts)):
        return "merged into this one"
    for each in find_open_proposals(acts):
        if each.action == "merge" and each.detail["into"] == into:
            return f"proposal {each.number} merges it into this one"
    return ""
