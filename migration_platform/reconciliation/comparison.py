"""Comparison: the records sent and the records found, joined by id and compared field by field.

Typed, with `IS DISTINCT FROM`, never by a hash or a concatenated text. Keys count with their
multiplicity: a second row of one id is unexpected, whatever it holds.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa

from migration_platform.entity import Entity, Field


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """What came of comparing one entity of one cohort.

    `extracted` and `ends` are counted anew from the snapshot and the ends; `unaccounted` are
    snapshot records with no end, more than one, or an end that disagrees with what was sent.
    `fields` counts differing records by field, most first.
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
    fields: tuple[tuple[str, int], ...]
    digest: str

    @property
    def clean(self) -> bool | None:
        """None when there was nothing to compare: an empty comparison proves nothing."""
        if not self.sent and not self.found and not self.unaccounted:
            return None
        return not (self.mismatched or self.missing or self.unexpected or self.unaccounted)


def reconcile_entity(
    entity: Entity,
    *,
    snapshot: Path,
    ends: Path,
    mapped: Path,
    found: pa.RecordBatchReader,
    differences: Path,
    documents: Path | None,
    connection: duckdb.DuckDBPyConnection,
) -> Reconciliation:
    """Compare one entity of one cohort; write every difference to `differences` (Parquet: id,
    status, fields).

    `found` streams the destination (`readback.read_back`) and is read once. `documents` is the
    destination's documents folder for entities whose records own a file: each is opened and hashed.
    """
    sql = connection.cursor()
    names = [f.name for f in entity.fields]
    sent_columns = ", ".join(["id", *[_canonical(f) for f in entity.fields]])
    sql.execute(
        f"CREATE OR REPLACE TEMP TABLE sent AS SELECT {sent_columns} "
        f"FROM read_parquet({_text(str(mapped))})"
    ).fetchall()
    sql.register("incoming", found)
    columns = ", ".join(["id", *[_name(n) for n in names]])
    sql.execute(f"CREATE OR REPLACE TEMP TABLE found AS SELECT {columns} FROM incoming").fetchall()
    sql.unregister("incoming")

    differing = ", ".join(
        f"CASE WHEN s.{_name(n)} IS DISTINCT FROM f.{_name(n)} THEN {_text(n)} END" for n in names
    )
    numbered = "SELECT *, row_number() OVER (PARTITION BY id) AS copy FROM"
    copies = _one(sql, "SELECT (count(*) - count(DISTINCT id))::bigint FROM found") + _one(
        sql, "SELECT (count(*) - count(DISTINCT id))::bigint FROM sent"
    )
    sent, there = ("sent", "found") if not copies else (f"({numbered} sent)", f"({numbered} found)")
    on = "s.id = f.id" if not copies else "s.id = f.id AND s.copy = f.copy"
    sql.execute(
        "CREATE OR REPLACE TEMP TABLE compared AS SELECT COALESCE(s.id, f.id) AS id, CASE "
        "WHEN f.id IS NULL THEN 'missing' WHEN s.id IS NULL THEN 'unexpected' "
        "ELSE 'compared' END AS status, "
        f"CASE WHEN s.id IS NOT NULL AND f.id IS NOT NULL THEN "
        f"list_filter([{differing}]::varchar[], lambda x: x IS NOT NULL) "
        f"ELSE []::varchar[] END AS fields FROM {sent} s FULL JOIN {there} f ON {on}"
    ).fetchall()
    if documents is not None:
        _compare_documents(sql, documents)
    sql.execute(
        f"COPY (SELECT id, CASE WHEN status = 'compared' THEN 'mismatched' ELSE status END AS "
        f"status, fields FROM compared WHERE status <> 'compared' OR len(fields) > 0 ORDER BY id) "
        f"TO {_text(str(differences))} (FORMAT parquet)"
    ).fetchall()
    counts = dict(
        sql.execute(
            "SELECT CASE WHEN status <> 'compared' THEN status WHEN len(fields) > 0 "
            "THEN 'mismatched' ELSE 'matched' END, count(*) FROM compared GROUP BY 1"
        ).fetchall()
    )
    fields = sql.execute(
        "SELECT field, count(*) FROM (SELECT unnest(fields) AS field FROM compared) "
        "GROUP BY 1 ORDER BY 2 DESC, 1"
    ).fetchall()
    ended = dict(
        sql.execute(
            f'SELECT "end", count(*) FROM read_parquet({_text(str(ends))}) GROUP BY 1'
        ).fetchall()
    )
    result = Reconciliation(
        extracted=_one(sql, f"SELECT count(*) FROM read_parquet({_text(str(snapshot))})"),
        archived=ended.get("archived", 0),
        excluded=ended.get("excluded", 0),
        excepted=ended.get("excepted", 0),
        sent=_one(sql, "SELECT count(*) FROM sent"),
        found=_one(sql, "SELECT count(*) FROM found"),
        matched=counts.get("matched", 0),
        mismatched=counts.get("mismatched", 0),
        missing=counts.get("missing", 0),
        unexpected=counts.get("unexpected", 0),
        unaccounted=_count_unaccounted(sql, snapshot, ends),
        fields=tuple((str(f), int(n)) for f, n in fields),
        digest=_digest_found(sql, names),
    )
    for table in ("sent", "found", "compared"):
        sql.execute(f"DROP TABLE {table}").fetchall()
    return result


def _canonical(field: Field) -> str:
    """A sent value in the form in which the destination's is read back."""
    name = _name(field.name)
    if field.type == "decimal":
        # Exact text without trailing zeros, as Postgres' trim_scale gives it.
        return (
            f"CASE WHEN {name} = 0 THEN '0' ELSE "
            f"regexp_replace(regexp_replace({name}::varchar, '0+$', ''), '\\.$', '') END AS {name}"
        )
    if field.type == "timestamp":
        return f"epoch_us({name}) AS {name}"
    return name


def _count_unaccounted(sql: duckdb.DuckDBPyConnection, snapshot: Path, ends: Path) -> int:
    """Snapshot records without exactly one end, ends without a snapshot record, and mapped records
    that were not sent (or sent ones that were not mapped)."""
    snap, end = _text(str(snapshot)), _text(str(ends))
    return _one(
        sql,
        "SELECT (SELECT count(*) FROM "
        f"(SELECT _source_id AS k, count(*) AS n FROM read_parquet({snap}) GROUP BY 1) s FULL JOIN "
        f"(SELECT source_id AS k, count(*) AS n FROM read_parquet({end}) GROUP BY 1) e USING (k) "
        "WHERE s.n IS DISTINCT FROM 1 OR e.n IS DISTINCT FROM 1) + (SELECT count(*) FROM "
        f"(SELECT id FROM read_parquet({end}) WHERE \"end\" = 'mapped') m "
        "FULL JOIN sent USING (id) WHERE m.id IS NULL OR sent.id IS NULL)",
    )


def _compare_documents(sql: duckdb.DuckDBPyConnection, folder: Path) -> None:
    """Open and hash each found record's file; one that is not what was sent differs in `file`."""
    rows = sql.execute(
        "SELECT c.id, s.sha256, s.storage_path FROM compared c JOIN sent s USING (id) "
        "WHERE c.status = 'compared' AND s.sha256 IS NOT NULL"
    ).fetchall()
    wrong = []
    for record, expected, path in rows:
        file = (folder / path).resolve()
        try:
            if not file.is_relative_to(folder.resolve()):
                raise OSError("outside the documents folder")
            with file.open("rb") as opened:
                actual = hashlib.file_digest(opened, "sha256").hexdigest()
        except OSError:
            actual = ""
        if actual != expected:
            wrong.append(record)
    if wrong:
        sql.execute(
            "UPDATE compared SET fields = list_append(fields, 'file') WHERE list_contains(?, id)",
            [wrong],
        ).fetchall()


def _digest_found(sql: duckdb.DuckDBPyConnection, names: list[str]) -> str:
    """A digest of what was found, whatever the order: the sum of its rows' 128-bit hashes."""
    parts = ", ".join(
        f"CASE WHEN {n} IS NULL THEN '-' ELSE length({n}::varchar) || ':' || {n}::varchar END"
        for n in (_name(n) for n in ["id", *names])
    )
    row = sql.execute(
        "SELECT COALESCE(sum(md5_number_lower(r)::hugeint), 0), "
        "COALESCE(sum(md5_number_upper(r)::hugeint), 0), count(*) "
        f"FROM (SELECT concat({parts}) AS r FROM found)"
    ).fetchall()[0]
    return hashlib.sha256(f"{row[2]}:{int(row[0]) + (int(row[1]) << 64)}".encode()).hexdigest()


def _one(sql: duckdb.DuckDBPyConnection, query: str) -> int:
    row = sql.execute(query).fetchall()[0]
    return int(row[0])


def _name(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _text(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
