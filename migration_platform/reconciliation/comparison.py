"""Comparison: the records sent and the records found, side by side in order of id, field by field.

Both sides come as streams in order of id and are laid side by side, slice by slice, so that what is
held in memory does not grow with the entity. Values that are the same bit by bit are passed over;
of the rest, `Column.differs` decides. The first look (`find_suspects`) keeps only the ids of what
differs; `explain` then says in which field and how, on the values of a second look. Keys count
with their multiplicity: a second row of one id is a finding, whatever it holds.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from migration_platform.reconciliation.column import Column, quote_name, quote_text
from migration_platform.reconciliation.ordered_stream import OrderedStream, next_slices

SLICE_ROWS = 100_000
"""Records of each side that are laid side by side at once."""


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
    field if the record is missing or unexpected. What kind of mismatch it is says `cause.classify`.
    `found` counts their rows now."""

    mismatched: int
    missing: int
    unexpected: int
    settled: int
    found: int


def find_suspects(
    sql: duckdb.DuckDBPyConnection,
    columns: Sequence[Column],
    sent: str,
    found: Iterable[pa.Table],
    *,
    slice_rows: int = SLICE_ROWS,
) -> FirstLook:
    """Look once at everything.

    `sent` is a relation of `sql` with `id` and the columns as they were mapped; `found` yields
    tables with `id` and the columns in canonical form. Raises ValueError unless both come in order
    of id.
    """
    chosen = ", ".join(["id", *[c.sent_sql() for c in columns]])
    suspects = [pa.array([], pa.string())]
    suspect_rows = 0
    reader = sql.sql(f"SELECT {chosen} FROM {sent}").to_arrow_reader(slice_rows)
    ours = OrderedStream("sent", _tables(reader))
    # The stream of sent records occupies `sql`: verdicts are asked for over another connection.
    judge = sql.cursor()
    with OrderedStream("found", found, ahead=True) as theirs:
        for mine, other in next_slices(ours, theirs, slice_rows):
            for ids, rows in _suspects_of(judge, columns, mine, other):
                suspects.append(ids)
                suspect_rows += rows
    judge.close()
    distinct = pa.table({"id": pa.chunked_array(suspects).unique()})
    sql.register("suspect_id", distinct)
    sql.execute("CREATE OR REPLACE TEMP TABLE suspect AS SELECT id FROM suspect_id").fetchall()
    sql.unregister("suspect_id")
    return FirstLook(ours.rows, theirs.rows, distinct.num_rows, suspect_rows)


def explain(
    sql: duckdb.DuckDBPyConnection, columns: Sequence[Column], sent: str, found: str
) -> SecondLook:
    """Say of each suspect whether and how it differs.

    `found` is a relation of `sql` with the suspects' rows in canonical form, read anew. What agrees
    now was a change in flight, and counts as settled. Fills the temporary table `difference`.
    """
    if not _one(sql, "SELECT count(*) FROM suspect"):
        names = ("id", "leg", "field", "status", "kind", "sent", "found")
        sql.execute(
            "CREATE OR REPLACE TEMP TABLE difference "
            f"({', '.join(f'{quote_name(n)} VARCHAR' for n in names)})"
        ).fetchall()
        return SecondLook(0, 0, 0, 0, 0)
    chosen = ", ".join(["id", *[c.sent_sql() for c in columns]])
    plain = ", ".join(["id", *[c.plain_sql() for c in columns]])
    values = ", ".join(quote_name(c.name) for c in columns)
    both = ("suspect_sent", f"(SELECT {chosen} FROM {sent})"), ("suspect_found", found)
    for table, rows in both:
        # Rows of one id have a place among themselves that follows from what they hold.
        sql.execute(
            f"CREATE OR REPLACE TEMP TABLE {table} AS SELECT *, count(*) OVER (PARTITION BY id) AS "
            f'"~rows", row_number() OVER (PARTITION BY id ORDER BY hash({values})) AS "~place" FROM '
            f"(SELECT {plain} FROM {rows} WHERE id IN (SELECT id FROM suspect))"
        ).fetchall()
    each = ", ".join(
        f"CASE WHEN {c.differs()} THEN {{field: {quote_text(c.name)}, "
        f"sent: s.{quote_name(c.name)}::varchar, found: f.{quote_name(c.name)}::varchar}} END"
        for c in columns
    )
    # Of several rows found for one that was sent, the most like it is it; the others are too many.
    sql.execute(
        "CREATE OR REPLACE TEMP TABLE pair AS SELECT * FROM (SELECT id, place, row, fields, "
        "row_number() OVER (PARTITION BY id, place ORDER BY list_count(fields), row) AS choice "
        f'FROM (SELECT s.id, s."~place" AS place, f."~place" AS row, [{each}] AS fields '
        "FROM suspect_sent s JOIN suspect_found f ON s.id = f.id "
        'AND (s."~rows" = 1 OR s."~place" = f."~place"))) WHERE choice = 1'
    ).fetchall()
    sql.execute(
        "CREATE OR REPLACE TEMP TABLE difference AS "
        "SELECT id, 'destination' AS leg, d.field, 'mismatched' AS status, NULL::varchar AS kind, "
        "d.sent, d.found FROM (SELECT id, unnest(fields) AS d FROM pair) WHERE d IS NOT NULL "
        "UNION ALL SELECT id, 'destination', '', 'missing', 'missing record', NULL, NULL "
        'FROM suspect_sent s WHERE (id, "~place") NOT IN (SELECT (id, place) FROM pair) '
        "UNION ALL SELECT id, 'destination', '', 'unexpected', CASE WHEN id IN (SELECT id FROM "
        "suspect_sent) THEN 'duplicate record' ELSE 'unexpected record' END, NULL, NULL "
        'FROM suspect_found WHERE (id, "~place") NOT IN (SELECT (id, row) FROM pair)'
    ).fetchall()
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
        found=_one(sql, "SELECT count(*) FROM suspect_found"),
    )


def _tables(reader: pa.RecordBatchReader) -> Iterator[pa.Table]:
    yield reader.schema.empty_table()
    for batch in reader:
        yield pa.Table.from_batches([batch])


def _suspects_of(
    judge: duckdb.DuckDBPyConnection, columns: Sequence[Column], sent: pa.Table, found: pa.Table
) -> Iterator[tuple[pa.Array, int]]:
    """The ids of suspects in two slices of the same range of ids, and how many found rows have them."""
    if not sent["id"].equals(found["id"]) or len(_repeated(sent["id"])):
        twice = pa.concat_arrays([_repeated(sent["id"]), _repeated(found["id"])])
        if len(twice):
            # An id stands twice on one side: a suspect, however equal its rows look.
            sent, _ = _split(sent, twice)
            found, repeats = _split(found, twice)
            yield twice, len(repeats)
        common = sent["id"].combine_chunks()
        found, added = _split(found, common, keep=True)
        yield added, len(added)
        sent, absent = _split(sent, found["id"].combine_chunks(), keep=True)
        yield absent, 0
    unequal = _unequal(columns, sent, found)
    if unequal is None:
        return
    judge.register("sent_part", sent.filter(unequal))
    judge.register("found_part", found.filter(unequal))
    differing = judge.sql(
        "SELECT s.id FROM sent_part s JOIN found_part f ON s.id = f.id WHERE "
        + " OR ".join(c.differs() for c in columns)
    ).to_arrow_table()
    judge.unregister("sent_part")
    judge.unregister("found_part")
    yield differing["id"].combine_chunks().cast(pa.string()), differing.num_rows


def _unequal(columns: Sequence[Column], sent: pa.Table, found: pa.Table) -> pa.Array | None:
    """Which rows, paired by their place, are not the same bit by bit; None if all are."""
    unequal: pa.Array | None = None
    for column in columns:
        a, b = sent[column.name], found[column.name]
        if a.equals(b):
            continue
        try:
            same = pc.or_(
                pc.fill_null(pc.equal(a, b), False), pc.and_(pc.is_null(a), pc.is_null(b))
            )
            other = pc.invert(same)
        except (pa.ArrowNotImplementedError, pa.ArrowInvalid):
            # Values of two kinds, such as a text for a number: each pair is judged.
            other = pa.repeat(True, len(a))
        unequal = other if unequal is None else pc.or_(unequal, other)
    return unequal


def _split(table: pa.Table, ids: pa.Array, *, keep: bool = False) -> tuple[pa.Table, pa.Array]:
    """The rows without these ids (with `keep`: only those with them), and the others' ids."""
    known = pc.is_in(table["id"], value_set=ids)
    kept = known if keep else pc.invert(known)
    left = table["id"].filter(pc.invert(kept)).combine_chunks()
    return table.filter(kept) if len(left) else table, left


def _repeated(ids: pa.ChunkedArray) -> pa.Array:
    """Those of the ordered ids that stand there more than once."""
    flat = ids.combine_chunks()
    again = flat[1:].filter(pc.equal(flat[1:], flat[:-1])) if len(flat) > 1 else flat[:0]
    return again.unique()


def _one(sql: duckdb.DuckDBPyConnection, query: str) -> int:
    return int(sql.execute(query).fetchall()[0][0])
