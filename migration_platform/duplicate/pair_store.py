"""Pair store: each search for duplicates and what it found, in the platform store, by token.

Reads and writes only, and appends only: the newest search is the one that counts. No patient data.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from psycopg.rows import class_row

from migration_platform.store import Store


@dataclass(frozen=True, slots=True)
class Search:
    """A search over all records of an entity. `digest` names the content that it read at `read_at`,
    `versions` the rows (empty if their versions cannot be known)."""

    number: int
    entity: str
    records: int
    digest: str
    method: str
    found_at: datetime
    read_at: datetime
    versions: str


@dataclass(frozen=True, slots=True)
class Member:
    """A record of a cluster. `place` 0 is the one that the others would be merged into; `end` and
    `rule` are what the mapping says of it, before people decided anything."""

    token: str
    cluster: int
    place: int
    end: str
    rule: str


@dataclass(frozen=True, slots=True)
class PairRow:
    """Two records that are probably of one person, and the fields that speak for it and against it."""

    token: str
    other: str
    probability: float
    weight: float
    agrees: list[str]
    differs: list[str]


def record_search(
    store: Store,
    *,
    entity: str,
    records: int,
    digest: str,
    method: str,
    read_at: datetime,
    versions: str,
    members: Sequence[Member],
    pairs: Sequence[PairRow],
) -> int:
    """Append a search with what it found; returns its number."""
    with store.transaction() as connection:
        row = connection.execute(
            "INSERT INTO migration.duplicate_search (entity, records, digest, method, read_at, "
            "versions) VALUES (%s, %s, %s, %s, %s, %s) RETURNING number",
            (entity, records, digest, method, read_at, versions),
        ).fetchone()
        assert row is not None
        number = int(row["number"])
        with connection.cursor().copy(
            'COPY migration.duplicate_member (search, token, cluster, place, "end", rule) FROM STDIN'
        ) as copy:
            for m in members:
                copy.write_row((number, m.token, m.cluster, m.place, m.end, m.rule))
        with connection.cursor().copy(
            "COPY migration.duplicate_pair (search, token, other, probability, weight, agrees, "
            "differs) FROM STDIN"
        ) as copy:
            for p in pairs:
                copy.write_row(
                    (number, p.token, p.other, p.probability, p.weight, p.agrees, p.differs)
                )
    return number


def newest_search(store: Store) -> Search | None:
    """The search that counts; None if nobody has searched."""
    rows = store.read(
        "SELECT number, entity, records, digest, method, found_at, read_at, versions "
        "FROM migration.duplicate_search ORDER BY number DESC LIMIT 1"
    )
    return Search(**rows[0]) if rows else None


def find_changed(store: Store, search: Search) -> list[str]:
    """The cohorts of which an extract since the search saw other rows in its whole population, or of
    which that cannot be told."""
    rows = store.read(
        "SELECT DISTINCT cohort FROM migration.stage_run WHERE entity = %s "
        "AND stage = 'extract' AND state = 'done' AND applicable AND started_at >= %s "
        "AND coalesce(nullif(detail->'population'->>'digest', ''), 'not known') <> %s "
        "ORDER BY cohort",
        (search.entity, search.read_at, search.versions),
    )
    return [row["cohort"] for row in rows]


def members_of(store: Store, search: Search) -> list[Member]:
    """The records of a search's clusters, in order."""
    with store.transaction() as connection:
        return (
            connection.cursor(row_factory=class_row(Member))
            .execute(
                'SELECT token, cluster, place, "end", rule FROM migration.duplicate_member '
                "WHERE search = %s ORDER BY cluster, place",
                (search.number,),
            )
            .fetchall()
        )


def pairs_of(store: Store, search: Search, token: str | None = None) -> list[PairRow]:
    """A search's pairs, the likeliest first; of one record, if it is named."""
    with store.transaction() as connection:
        return (
            connection.cursor(row_factory=class_row(PairRow))
            .execute(
                "SELECT token, other, probability, weight, agrees, differs "
                "FROM migration.duplicate_pair WHERE search = %(search)s "
                "AND (%(token)s::text IS NULL OR %(token)s IN (token, other)) "
                "ORDER BY weight DESC, token, other",
                {"search": search.number, "token": token},
            )
            .fetchall()
        )
