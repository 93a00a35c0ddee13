"""Cluster: the differences that have one signature (entity, field, kind), and how many there are.

One mistake makes many differences of one signature; people decide on clusters, not on rows.
"""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

SAMPLES = 5
"""Records that a cluster names by token."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """Differences of one cause. `count` is in records; `tokens` name the first few of them."""

    entity: str
    field: str
    kind: str
    count: int
    tokens: tuple[str, ...]

    @property
    def signature(self) -> tuple[str, str, str]:
        return (self.entity, self.field, self.kind)


def find_clusters(sql: duckdb.DuckDBPyConnection, entity: str) -> tuple[Cluster, ...]:
    """The clusters of the temporary table `difference`, largest first."""
    rows = sql.execute(
        "SELECT field, kind, count(*), list(token ORDER BY token) FILTER (place <= ?) FROM "
        "(SELECT *, row_number() OVER (PARTITION BY field, kind ORDER BY token) AS place "
        "FROM difference) GROUP BY field, kind ORDER BY count(*) DESC, field, kind",
        [SAMPLES],
    ).fetchall()
    return tuple(Cluster(entity, f, k, int(n), tuple(t)) for f, k, n, t in rows)
