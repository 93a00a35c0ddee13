"""Cluster: the differences that have one signature (leg, entity, field, kind), and how many there are.

One mistake makes many differences of one signature; people decide on clusters, not on rows.
"""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

SAMPLES = 5
"""Records that a cluster names by token."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """Differences of one cause. `leg` is where they came about: `mapping` (the source's text against
    what was sent) or `destination` (what was sent against what is there). `count` is in records;
    `tokens` name the first few of them."""

    leg: str
    entity: str
    field: str
    kind: str
    count: int
    tokens: tuple[str, ...]

    @property
    def signature(self) -> tuple[str, str, str, str]:
        return (self.leg, self.entity, self.field, self.kind)


def find_clusters(sql: duckdb.DuckDBPyConnection, entity: str) -> tuple[Cluster, ...]:
    """The clusters of the temporary table `difference`, largest first."""
    rows = sql.execute(
        "SELECT leg, field, kind, count(*), list(token ORDER BY token) FILTER (place <= ?) FROM "
        "(SELECT *, row_number() OVER (PARTITION BY leg, field, kind ORDER BY token) AS place "
        "FROM difference) GROUP BY leg, field, kind ORDER BY count(*) DESC, leg, field, kind",
        [SAMPLES],
    ).fetchall()
    return tuple(Cluster(leg, entity, f, k, int(n), tuple(t)) for leg, f, k, n, t in rows)
