"""Comparison: the records sent and the records found, joined by id and compared field by field.

The found side comes as a stream in order of id and is joined slice by slice with the sent records
of the same range of ids, so that what is held in memory does not grow with the entity. The first
look (`find_suspects`) keeps only the ids of what differs; `explain` then says in which field and
how, on the values of a second look. Keys count with their multiplicity: a second row of one id is
a finding, whatever it holds.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from migration_platform.reconciliation.cause import classify
from migration_platform.reconciliation.column import Column, quote_name, quote_text

SLICE_ROWS = 250_000
"""Found records joined at once."""


@dataclass(frozen=True, slots=True)
class FirstLook:
    """How many records were sent and found. The ids of all that may differ, `suspects` many, are in
    the temporary table `suspect` of the connection; `suspect_rows` were found with those ids."""

    sent: int
    found: int
    suspects: int
    suspect_rows: int


@dataclass(frozen=True, slots=True)
class SecondLook:
    """What the suspects turned out to be. Of each there is a row in the temporary table
    `difference` (id, leg, field, status, kind, sent, found) for each differing field; one without a
    field if the record is missing or unexpected. `found` counts their rows now."""

    mismatched: int
    missing: int
    unexpected: int
    settled: int
    found: int


def find_suspects(
    sql: duckdb.DuckDBPyConnection, columns: Sequence[Column], sent: str, found: Iterable[pa.Table]
) -> FirstLook:
    """Look once at everything.

    `sent` is a relation of `sql` with `id` and the columns as they were mapped; `found` yields
    tables with `id` and the columns in canonical form. Raises ValueError unless `found` comes in
    order of id (rows of one id may be torn between two tables).
    """
    sql.execute("CREATE OR REPLACE TEMP TABLE suspect (id VARCHAR)").fetchall()
    differs = " OR ".join(c.differs() for c in columns)
    chosen = ", ".join(["id", *[c.sent_sql() for c in columns]])
    total = met = suspect_rows = 0
    low: str | None = None
    for piece, high in _slice(found):
        bounds = [f"id > {quote_text(low)}"] if low is not None else []
        bounds += [f"id <= {quote_text(high)}"] if high is not None else []
        within = f"{sent} WHERE {' AND '.join(bounds)}" if bounds else sent
        sql.register("piece", piece)
        # One group holds all that agrees; every other has the id of a suspect.
        sql.execute(
            "CREATE OR REPLACE TEMP TABLE looked AS SELECT "
            f"CASE WHEN s.id IS NULL OR f.id IS NULL OR {differs} THEN COALESCE(s.id, f.id) END "
            "AS id, count(s.id) AS sent, count(f.id) AS found "
            f"FROM (SELECT {chosen} FROM {within}) s FULL JOIN piece f ON s.id = f.id GROUP BY 1"
        ).fetchall()
        held, paired = sql.execute("SELECT sum(sent), sum(found) FROM looked").fetchall()[0]
        held = int(held or 0)
        if _has_repeats(piece) or int(paired or 0) != piece.num_rows:
            # An id stands twice on one side: a suspect, however equal its rows look.
            sql.execute(
                "INSERT INTO looked SELECT id, 0, 0 FROM piece GROUP BY id HAVING count(*) > 1 "
                f"UNION ALL SELECT id, 0, 0 FROM (SELECT id FROM {within}) GROUP BY id HAVING count(*) > 1"
            ).fetchall()
            held = _one(sql, f"SELECT count(*) FROM (SELECT id FROM {within})")
        if _one(sql, "SELECT count(*) FROM looked WHERE id IS NOT NULL"):
            sql.execute("INSERT INTO suspect SELECT id FROM looked WHERE id IS NOT NULL").fetchall()
            suspect_rows += _one(
                sql, "SELECT count(*) FROM piece WHERE id IN (SELECT id FROM looked)"
            )
        sql.unregister("piece")
        total += held
        met += piece.num_rows
        low = high
    sql.execute(
        "CREATE OR REPLACE TEMP TABLE suspect AS SELECT DISTINCT id FROM suspect"
    ).fetchall()
    sql.execute("DROP TABLE IF EXISTS looked").fetchall()
    return FirstLook(total, met, _one(sql, "SELECT count(*) FROM suspect"), suspect_rows)


def explain(
    sql: duckdb.DuckDBPyConnection, columns: Sequence[Column], sent: str, found: str
) -> SecondLook:
    """Say of each suspect whether and how it differs.

    `found` is a relation of `sql` with the suspects' rows in canonical form, read anew. What agrees
    now was a change in flight, and counts as settled. Fills the temporary table `difference`.
    """
    chosen = ", ".join(["id", *[c.sent_sql() for c in columns]])
    sql.execute(
        "CREATE OR REPLACE TEMP TABLE pair_sent AS SELECT *, row_number() OVER (PARTITION BY id "
        f"ORDER BY r) AS copy FROM (SELECT {chosen} FROM {sent} WHERE id IN (SELECT id FROM suspect)) r"
    ).fetchall()
    # Of several rows of one id, those that agree come first: what is too many is the other one.
    agrees = " AND ".join(f"NOT {c.differs()}" for c in columns)
    sql.execute(
        f"CREATE OR REPLACE TEMP TABLE pair_found AS SELECT f.*, row_number() OVER (PARTITION BY f.id "
        f"ORDER BY (s.id IS NOT NULL AND {agrees}) DESC, f) AS copy FROM {found} f LEFT JOIN pair_sent s ON s.id = f.id AND s.copy = 1 "
        "WHERE f.id IN (SELECT id FROM suspect)"
    ).fetchall()
    pairs = "pair_sent s JOIN pair_found f ON s.id = f.id AND s.copy = f.copy"
    each = ", ".join(
        f"CASE WHEN {c.differs()} THEN {{field: {quote_text(c.name)}, "
        f"sent: s.{quote_name(c.name)}::varchar, found: f.{quote_name(c.name)}::varchar}} END"
        for c in columns
    )
    parts = [
        "SELECT id, 'destination' AS leg, d.field, 'mismatched' AS status, NULL AS kind, d.sent, d.found "
        f"FROM (SELECT s.id, unnest([{each}]) AS d FROM {pairs}) WHERE d IS NOT NULL"
    ]
    parts.append(
        "SELECT s.id, 'destination' AS leg, '' AS field, 'missing' AS status, 'missing record' AS kind, NULL AS sent, "
        "NULL AS found FROM pair_sent s LEFT JOIN pair_found f ON s.id = f.id AND s.copy = f.copy "
        "WHERE f.id IS NULL"
    )
    parts.append(
        "SELECT f.id, 'destination' AS leg, '' AS field, 'unexpected' AS status, CASE WHEN f.copy > 1 THEN "
        "'duplicate record' ELSE 'unexpected record' END AS kind, NULL AS sent, NULL AS found "
        "FROM pair_found f LEFT JOIN pair_sent s ON s.id = f.id AND s.copy = f.copy "
        "WHERE s.id IS NULL"
    )
    sql.execute(
        "CREATE OR REPLACE TEMP TABLE difference AS " + " UNION ALL ".join(parts)
    ).fetchall()
    classify(sql, columns)
    counts = dict(
        sql.execute(
            "SELECT status, CASE WHEN status = 'mismatched' THEN count(DISTINCT id) "
            "ELSE count(*) END FROM difference GROUP BY status"
        ).fetchall()
    )
    return SecondLook(
        mismatched=counts.get("mismatched", 0),
        missing=counts.get("missing", 0),
        unexpected=counts.get("unexpected", 0),
        settled=_one(
            sql, "SELECT count(*) FROM suspect WHERE id NOT IN (SELECT id FROM difference)"
        ),
        found=_one(sql, "SELECT count(*) FROM pair_found"),
    )


def _slice(found: Iterable[pa.Table]) -> Iterator[tuple[pa.Table, str | None]]:
    """Cut the stream into tables of about `SLICE_ROWS`, each with the highest id it covers; the last
    one covers all that is left (None). Rows of one id are never torn apart."""
    waiting: list[pa.Table] = []
    rows = 0
    last: str | None = None
    schema: pa.Schema | None = None
    for table in found:
        schema = table.schema
        if not table.num_rows:
            continue
        _require_order(table, last)
        last = table.column("id")[-1].as_py()
        waiting.append(table)
        rows += table.num_rows
        if rows < SLICE_ROWS:
            continue
        whole = pa.concat_tables(waiting)
        mine = pc.sum(pc.equal(whole.column("id"), pa.scalar(last, whole.schema.field("id").type)))
        cut = whole.num_rows - mine.as_py()
        if cut:
            yield whole.slice(0, cut), whole.column("id")[cut - 1].as_py()
        waiting, rows = [whole.slice(cut)], whole.num_rows - cut
    if schema is None:
        raise ValueError("the found side gave not even an empty table")
    yield (pa.concat_tables(waiting) if waiting else schema.empty_table()), None


def _require_order(table: pa.Table, last: str | None) -> None:
    ids = table.column("id").combine_chunks()
    if ids.null_count:
        raise ValueError("a found record has no id")
    ordered = len(ids) < 2 or pc.all(pc.less_equal(ids[:-1], ids[1:])).as_py()
    if not ordered or (last is not None and ids[0].as_py() < last):
        raise ValueError("the found records do not come in order of id")


def _has_repeats(table: pa.Table) -> bool:
    ids = table.column("id").combine_chunks()
    return len(ids) > 1 and bool(pc.any(pc.equal(ids[:-1], ids[1:])).as_py())


def _one(sql: duckdb.DuckDBPyConnection, query: str) -> int:
    return int(sql.execute(query).fetchall()[0][0])
