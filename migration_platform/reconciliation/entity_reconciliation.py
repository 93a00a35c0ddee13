"""Entity reconciliation: one entity of one cohort, from both sides to counts and differences.

What was sent is compared with the source's own text (`round_trip`) and with what is found
(`comparison`); every suspect at the destination is looked at again before it counts, stored files
are opened and hashed, and the snapshot is accounted for anew. All
differences are kept as Parquet beside the cohort's staging, with their values: patient data. What
leaves the staging area are counts, and clusters that name records by token.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from migration_platform.entity import Entity
from migration_platform.reconciliation.cause import classify
from migration_platform.reconciliation.certificate import Certificate, certify, draw_sample
from migration_platform.reconciliation.cluster import Cluster, find_clusters
from migration_platform.reconciliation.column import compared_columns, quote_text
from migration_platform.reconciliation.comparison import (
    explain,
    find_suspects,
)
from migration_platform.reconciliation.document_file import compare_files
from migration_platform.reconciliation.lookup import Origin
from migration_platform.reconciliation.round_trip import RoundTrip, prove_mapping
from migration_platform.reconciliation.sent_record import read_sent

PAUSE_SECONDS = 0.25
"""Between the first look and the second: a change in flight has settled by then, or is none."""


class Found(Protocol):
    """The side that is found: `readback.Readback`, or a shadow copy of it."""

    def read(self) -> Iterable[pa.Table]:
        """Everything in order of id, in canonical form."""

    def read_only(self, ids: pa.Table) -> pa.Table:
        """The rows of these ids as they are now."""


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """What came of comparing one entity of one cohort.

    `extracted` and the ends are counted anew from snapshot and ends (`left_out`: the archived and
    excluded by end and rule); `unaccounted` are snapshot records with no end, more than one, or an
    end that disagrees with what was sent. A record that differs on both legs is mismatched once.
    `round_trip` is None if it was proved before and not done again. `settled`
    records differed at the first look and no longer at the second. `digest` names the content that
    was found. `certificate` says what this very run finds of faults planted on purpose.
    """

    extracted: int
    archived: int
    excluded: int
    excepted: int
    sent: int
    found: int
    matched: int
    mismatched: int
    missing: int
    unexpected: int
    unaccounted: int
    settled: int
    clusters: tuple[Cluster, ...]
    digest: str
    round_trip: RoundTrip | None
    left_out: tuple[tuple[str, str, int], ...]
    certificate: Certificate


def reconcile_entity(
    entity: Entity,
    *,
    snapshot: Path,
    ends: Path,
    mapped: Path,
    sent_digest: str,
    found: Found,
    differences: Path,
    documents: Path | None,
    origin: Origin | None,
    name_records: Callable[[Sequence[str]], list[str]],
    connection: duckdb.DuckDBPyConnection,
    seed: str,
) -> Reconciliation:
    """Compare one entity of one cohort; write every difference to `differences` (Parquet: id,
    token, leg, field, status, kind, sent, found).

    `documents` is the destination's documents folder for entities whose records own a file.
    `origin` is what the mapping is proved from; None if it was proved before, on the same content.
    `name_records` gives a token for each source id (for a record that no crosswalk knows, its
    destination id). From `seed` follows which faults are planted where for the certificate.
    """
    sql = connection.cursor()
    columns = compared_columns(entity)
    sent = f"read_parquet({quote_text(str(mapped))})"
    first = find_suspects(sql, columns, read_sent(mapped, columns), found.read())
    if first.suspects:
        time.sleep(PAUSE_SECONDS)
    sample = draw_sample(sql, mapped, seed)
    suspects = sql.sql("SELECT id FROM suspect").to_arrow_table()
    again = found.read_only(pa.concat_tables([suspects, sample.select(["id"])]))
    # A connection answers one thread: the certificate has its own, and is made beside the rest.
    with closing(connection.cursor()) as apart, ThreadPoolExecutor(1, "certificate") as beside:
        apart.register("sample", sample)
        apart.register("again", again)
        certified = beside.submit(
            certify,
            apart,
            columns,
            sent="sample",
            found="again",
            seed=seed,
            files=None if documents is None else (documents, differences.parent),
        )
        sql.register("again", again)
        second = explain(sql, columns, "again")
        classify(sql, columns)
        if documents is not None:
            compare_files(sql, sent, documents)
        proved = None if origin is None else prove_mapping(sql, entity, origin, sent)
        # A missing record counts as missing, however it was mapped.
        mismatched = _one(
            sql,
            "SELECT count(DISTINCT id) FROM difference WHERE status = 'mismatched' AND (leg <> "
            "'mapping' OR id NOT IN (SELECT id FROM difference WHERE status = 'missing'))",
        )
        _write(sql, sent, name_records, differences)
        ended = sql.execute(
            f"SELECT \"end\", coalesce(rule, ''), count(*) FROM read_parquet({quote_text(str(ends))}) "
            "GROUP BY 1, 2 ORDER BY 1, 2"
        ).fetchall()
        unaccounted = _count_unaccounted(sql, snapshot, ends, sent)
        certificate = certified.result()

    def count(end: str) -> int:
        return sum(n for each, _, n in ended if each == end)

    result = Reconciliation(
        extracted=pq.read_metadata(snapshot).num_rows,
        archived=count("archived"),
        excluded=count("excluded"),
        excepted=count("excepted"),
        sent=first.sent,
        found=first.found - first.suspect_rows + second.found,
        matched=first.sent - mismatched - second.missing,
        mismatched=mismatched,
        missing=second.missing,
        unexpected=second.unexpected,
        unaccounted=unaccounted,
        settled=second.settled,
        clusters=find_clusters(sql, entity.name),
        digest=_digest(sql, sent_digest),
        round_trip=proved,
        left_out=tuple(e for e in ended if e[0] in ("archived", "excluded")),
        certificate=certificate,
    )
    sql.close()  # and with it its temporary tables
    return result


def _write(
    sql: duckdb.DuckDBPyConnection,
    sent: str,
    name_records: Callable[[Sequence[str]], list[str]],
    differences: Path,
) -> None:
    """Add each differing record's token and write the differences."""
    rows = sql.execute(
        "SELECT DISTINCT d.id, COALESCE(s.source_id, d.id) FROM difference d "
        f"LEFT JOIN (SELECT id, source_id FROM {sent}) s ON s.id = d.id ORDER BY 1"
    ).fetchall()
    marks = pa.table(
        {
            "id": pa.array([r[0] for r in rows], pa.string()),
            "token": pa.array(name_records([r[1] for r in rows]), pa.string()),
        }
    )
    sql.register("mark", marks)
    sql.execute(
        "CREATE OR REPLACE TEMP TABLE difference AS SELECT d.id, m.token, d.leg, d.field, d.status, "
        "d.kind, d.sent, d.found FROM difference d JOIN mark m ON m.id = d.id "
        "ORDER BY d.id, d.leg, d.field, d.status"
    ).fetchall()
    sql.unregister("mark")
    sql.execute(f"COPY difference TO {quote_text(str(differences))} (FORMAT parquet)").fetchall()


def _digest(sql: duckdb.DuckDBPyConnection, sent_digest: str) -> str:
    """A digest of what was found: of what was sent, and of every difference from it."""
    rows = sql.execute(
        "SELECT COALESCE(sum(md5_number_lower(r)::hugeint), 0), "
        "COALESCE(sum(md5_number_upper(r)::hugeint), 0), count(*) FROM (SELECT "
        "concat(id, '|', leg, '|', field, '|', status, '|', kind, '|', length(COALESCE(found, '')), '|', "
        "COALESCE(found, '-')) AS r FROM difference)"
    ).fetchall()[0]
    total = f"{rows[2]}:{int(rows[0]) + (int(rows[1]) << 64)}"
    return hashlib.sha256(f"{sent_digest}:{total}".encode()).hexdigest()


def _count_unaccounted(
    sql: duckdb.DuckDBPyConnection, snapshot: Path, ends: Path, sent: str
) -> int:
    """Snapshot records without exactly one end, ends without a snapshot record, and mapped records
    that were not sent (or sent ones that were not mapped)."""
    snap, end = quote_text(str(snapshot)), quote_text(str(ends))
    return _one(
        sql,
        "SELECT (SELECT count(*) FROM "
        f"(SELECT _source_id AS k, count(*) AS n FROM read_parquet({snap}) GROUP BY 1) s FULL JOIN "
        f"(SELECT source_id AS k, count(*) AS n FROM read_parquet({end}) GROUP BY 1) e USING (k) "
        "WHERE s.n IS DISTINCT FROM 1 OR e.n IS DISTINCT FROM 1) + (SELECT count(*) FROM "
        f"(SELECT id, source_id FROM read_parquet({end}) WHERE \"end\" = 'mapped') m FULL JOIN "
        f"(SELECT id, source_id FROM {sent}) s USING (id, source_id) WHERE m.id IS NULL OR s.id IS NULL)",
    )


def _one(sql: duckdb.DuckDBPyConnection, query: str) -> int:
    return int(sql.execute(query).fetchall()[0][0])
