"""Pairing: two registrations that a person puts together: a pair that the search missed, or the record
of a pair that the search would have kept.

It decides nothing and holds nothing back: the record is queued as a possible duplicate, and two persons
decide about it as about any other. Taken back with everything else about it (`resolution.reopen`).
"""

from __future__ import annotations

from dataclasses import dataclass

from migration_platform.duplicate.chain import find_merged_into
from migration_platform.duplicate.pair_store import Search, members_of, newest_search
from migration_platform.errors import ConfigurationError, GateClosedError
from migration_platform.exception.queue import queue_duplicates
from migration_platform.exception.resolution import is_suspected, require_text
from migration_platform.exception.ruling import WHERE_IT_GOES, Act, find_paired, find_rulings
from migration_platform.exception.store import acts_on, acts_with, lock_records, record_act
from migration_platform.platform import Platform
from migration_platform.source_record import POPULATION, find_source_id
from migration_platform.staging import quote_text
from migration_platform.token import token as token_of


@dataclass(frozen=True, slots=True)
class Registration:
    """A patient that the newest search has read. `end` and `rule` are what the mapping says of it."""

    token: str
    source_id: str
    end: str
    rule: str


def require_search(platform: Platform) -> Search:
    """The newest search. Raises ConfigurationError if nobody has searched."""
    search = newest_search(platform.store)
    if search is None:
        raise ConfigurationError(
            "nobody has searched for duplicates: `migration duplicates find` does"
        )
    return search


def propose_pair(platform: Platform, record: str, *, other: str, person: str, reason: str) -> Act:
    """Put a patient into the queue as possibly the same person as another one. Both by token or source
    id; `record` is the one that would go.

    Raises ConfigurationError for a patient that the newest search has not read or whose cohort has not
    run, GateClosedError for one that waits or was decided about.
    """
    platform.people.require(person)
    require_text(reason)
    search = require_search(platform)
    own, mate = (read_registration(platform, search, each) for each in (record, other))
    if own.token == mate.token:
        raise ConfigurationError(f"{own.token} is one registration: name two")
    if mate.token in find_mates(platform, search, own.token) and is_suspected(platform, own.token):
        raise GateClosedError(
            f"{own.token} waits as a possible duplicate of {mate.token} already: `migration exception "
            f"show {own.token}`."
        )
    _require_undecided(platform, search.entity, own.token)
    cohort = _find_home(platform, own)
    if not platform.staging.path(cohort, search.entity, "ends").exists():
        raise ConfigurationError(
            f"cohort {cohort} of {own.token} has not run: `migration run --cohort {cohort}`"
        )
    with platform.store.transaction() as connection:
        lock_records(connection, cohort, search.entity)
        act = record_act(
            connection, cohort=cohort, entity=search.entity, token=own.token, action="pair",
            person=person, reason=reason, detail={"with": mate.token},
        )  # fmt: skip
    queue_duplicates(platform, cohort, search.entity)
    return act


def find_mates(platform: Platform, search: Search, token: str) -> list[str]:
    """Who may be the same person as a record, by token: in its cluster, or paired with it by a person,
    whichever of the two was named first."""
    members = {m.token: m.cluster for m in members_of(platform.store, search)}
    cluster = members.get(token)
    found = [t for t, of in members.items() if of == cluster and t != token]
    for own, others in find_paired(acts_with(platform.store, "pair")).items():
        if own == token:
            found += others
        elif token in others:
            found.append(own)
    return list(dict.fromkeys(found))


def read_registration(platform: Platform, search: Search, record: str) -> Registration:
    """A patient of the newest search by token or source id. Raises ConfigurationError if it has none
    such."""
    path = platform.staging.path(POPULATION, search.entity, "ends")
    query = f'SELECT source_id, "end", rule FROM read_parquet({quote_text(str(path))})'
    with platform.staging.connect() as duck:
        known = f"{query} WHERE source_id = ?"
        rows = duck.execute(known, [record]).fetchall() if path.exists() else []
        if not rows:
            name = find_source_id(platform, POPULATION, search.entity, record)
            rows = duck.execute(known, [name]).fetchall()
    [(source_id, end, rule)] = rows
    key = platform.settings.token_key()
    return Registration(token_of(key, search.entity, source_id), source_id, end, rule or "")


def _require_undecided(platform: Platform, entity: str, token: str) -> None:
    """Raise GateClosedError if a record would not wait, whoever pairs it."""
    for ruling in find_rulings(acts_on(platform.store, token)):
        if ruling.effect in WHERE_IT_GOES:
            raise GateClosedError(
                f"it was decided about {token} ({ruling.effect}): take that back first (`migration "
                f"exception reopen {token}`)."
            )
    if merged := find_merged_into(platform, entity, token):
        raise GateClosedError(
            f"{', '.join(merged)} is merged into {token}: it stays. Propose the other one to go."
        )


def _find_home(platform: Platform, own: Registration) -> str:
    with platform.destination() as connection:
        row = connection.execute(
            "SELECT cohort FROM migration.cohort_member WHERE patient = %s", (own.source_id,)
        ).fetchone()
    if row is None:
        raise ConfigurationError(
            f"{own.token} is in no cohort that has run: run its cohort first (`migration status`)"
        )
    return str(row[0])
