"""Comparison: the records sent and the records found, side by side in order of id, field by field.

Both sides come as streams in order of id and are laid side by side, slice by slice (`pairing`), so
that what is held in memory does not grow with the entity. Values that are the same bit by bit are
passed over; of the rest, `Column.differs` decides. The first look (`find_suspects`) keeps what may
differ; `explain` then says in which field and how, on what a second look finds. Keys count with
their multiplicity: a second row of one id is a finding, whatever it holds.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from migration_platform.reconciliation.column import Column, quote_name
from migration_platform.reconciliation.column_group import group_columns
from migration_platform.reconciliation.ordered_stream import OrderedStream, next_slices
from migration_platform.reconciliation.pairing import Mask, pair_rows, take

SLICE_ROWS = 100_000
"""Records of each side that are laid side by side at once."""

SEEN_SENT, SEEN_FOUND = "seen_sent", "seen_found"
"""Views of the suspects' rows of each side as the first look saw them."""

_PLACE = "~place"

Both = tuple[pa.Table, pa.Table]
"""Rows that were sent, and rows that were found."""


@dataclass(frozen=True, slots=True)
class FirstLook:
    """How many records were sent and found. The ids of all that may differ, `suspects` many, are in
    the temporary table `suspect` of the connection; their rows, `suspect_rows` of which were found,
    in `seen_sent` and `seen_found`."""

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
    sent: Iterable[pa.Table],
    found: Iterable[pa.Table],
    *,
    slice_rows: int = SLICE_ROWS,
) -> FirstLook:
    """Look once at everything.

    Both sides are tables with `id` and the columns in canonical form (`sent_record`, `readback`).
    Raises ValueError unless they come in order of id.
    """
    with (
        OrderedStream("sent", sent, ahead=True) as ours,
        OrderedStream("found", found, ahead=True) as theirs,
    ):
        seen = _Seen(sql, SEEN_SENT, slice_rows), _Seen(sql, SEEN_FOUND, slice_rows)
        doubts = _Doubts(sql, columns, slice_rows)
        for slices in next_slices(ours, theirs, slice_rows):
            _keep(seen, _unlike(doubts, *slices, distinct=ours.distinct and theirs.distinct))
            if doubts.are_many:
                _keep(seen, doubts.settle())
        _keep(seen, doubts.settle())
        if not any(side.rows for side in seen):
            sql.execute("CREATE OR REPLACE TEMP TABLE suspect (id VARCHAR)").fetchall()
            return FirstLook(ours.rows, theirs.rows, 0, 0)
        for side in seen:
            side.show()
    sql.execute(
        f"CREATE OR REPLACE TEMP TABLE suspect AS SELECT id::varchar AS id FROM {SEEN_SENT} "
        f"UNION SELECT id::varchar FROM {SEEN_FOUND}"
    ).fetchall()
    suspects = _one(sql, "SELECT count(*) FROM suspect")
    return FirstLook(ours.rows, theirs.rows, suspects, seen[1].rows)


def explain(
    sql: duckdb.DuckDBPyConnection, columns: Sequence[Column], found: str = SEEN_FOUND
) -> SecondLook:
    """Say of each suspect whether and how it differs.

    `found` is a relation of `sql` with the suspects' rows in canonical form, read anew: what agrees
    now was a change in flight, and counts as settled. Without it the first look's rows are
    explained, which is right only where nothing can change between two looks, such as in a file. What
    was sent is never read twice: it is a file of ours. Fills the temporary table `difference`.
    """
    if not _one(sql, "SELECT count(*) FROM suspect"):
        names = ("id", "leg", "field", "status", "kind", "sent", "found")
        sql.execute(
            "CREATE OR REPLACE TEMP TABLE difference "
            f"({', '.join(f'{quote_name(n)} VARCHAR' for n in names)})"
        ).fetchall()
        return SecondLook(0, 0, 0, 0, 0)
    groups = group_columns(columns)
    for table, rows, side in (
        ("suspect_sent", SEEN_SENT, "sent"),
        ("suspect_found", found, "found"),
    ):
        values = ", ".join(f"{g.values('r')} AS {side}{i}" for i, g in enumerate(groups))
        sql.execute(
            f"CREATE OR REPLACE TEMP TABLE {table} AS SELECT id, {values} FROM {rows} r "
            "WHERE id IN (SELECT id FROM suspect)"
        ).fetchall()
    differences = ", ".join(g.differences(f"sent{i}", f"found{i}") for i, g in enumerate(groups))
    # Rows of one id, where it was sent more than once, have a place that follows from what they hold.
    sent, there = (
        ", ".join(f"{side}{i}" for i in range(len(groups))) for side in ("sent", "found")
    )
    places = "SELECT id, list(rowid ORDER BY hash({}), rowid) AS places FROM {} GROUP BY id"
    many = f"{places.format(sent, 'suspect_sent')} HAVING count(*) > 1"
    # Of several rows found for one that was sent, the most like it is it; the others are too many.
    sql.execute(
        "CREATE OR REPLACE TEMP TABLE pair AS SELECT id, sent, best.found, best.fields FROM "
        "(SELECT id, sent, min({count: list_count(fields), fields: fields, found: found}) AS best "
        "FROM (SELECT s.id, s.rowid AS sent, f.rowid AS found, "
        f"flatten([{differences}]) AS fields FROM suspect_sent s JOIN suspect_found f ON s.id = f.id "
        f"LEFT JOIN ({many}) m ON m.id = s.id "
        f"LEFT JOIN ({places.format(there, 'suspect_found')}) n ON n.id = m.id "
        "WHERE m.id IS NULL OR list_position(m.places, s.rowid) = list_position(n.places, f.rowid)) "
        "GROUP BY id, sent)"
    ).fetchall()
    sql.execute(
        "CREATE OR REPLACE TEMP TABLE difference AS "
        "SELECT id, 'destination' AS leg, d.field, 'mismatched' AS status, NULL::varchar AS kind, "
        "d.sent, d.found FROM (SELECT id, unnest(fields) AS d FROM pair) WHERE d IS NOT NULL "
        "UNION ALL SELECT id, 'destination', '', 'missing', 'missing record', NULL, NULL "
        "FROM suspect_sent WHERE rowid NOT IN (SELECT sent FROM pair) "
        "UNION ALL SELECT id, 'destination', '', 'unexpected', CASE WHEN id IN (SELECT id FROM "
        "suspect_sent) THEN 'duplicate record' ELSE 'unexpected record' END, NULL, NULL "
        "FROM suspect_found WHERE rowid NOT IN (SELECT found FROM pair)"
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


class _Seen:
    """The suspects' rows of one side; if they are many, in a temporary table, so that memory does not
    grow with them."""

    def __init__(self, sql: duckdb.DuckDBPyConnection, name: str, at_once: int) -> None:
        self._sql, self._name, self._at_once = sql, name, at_once
        self._waiting: list[pa.Table] = []
        self._written = False
        self.rows = 0

    def keep(self, rows: pa.Table) -> None:
        """Keep these rows; write them when enough wait."""
        self.rows += rows.num_rows
        if rows.num_rows or not self._waiting:
            self._waiting.append(rows)
        if sum(t.num_rows for t in self._waiting) >= self._at_once:
            self._write()

    def show(self) -> None:
        """Make a view of all of it."""
        if not self._written:
            self._sql.register(self._name, self._taken())
            return
        self._write()
        view = f"CREATE OR REPLACE TEMP VIEW {self._name} AS FROM {self._table}"
        self._sql.execute(view).fetchall()

    @property
    def _table(self) -> str:
        return f"{self._name}_rows"

    def _write(self) -> None:
        into = "INSERT INTO" if self._written else "CREATE OR REPLACE TEMP TABLE"
        self._sql.register("seen", self._taken())
        self._sql.execute(
            f"{into} {self._table} {'' if self._written else 'AS '}SELECT * FROM seen"
        ).fetchall()
        self._sql.unregister("seen")
        self._written = True

    def _taken(self) -> pa.Table:
        """What waits, and waits no longer."""
        rows = pa.concat_tables(self._waiting).combine_chunks()
        self._waiting = [rows.schema.empty_table()]
        return rows


def _keep(seen: tuple[_Seen, _Seen], rows: Both) -> None:
    for side, table in zip(seen, rows, strict=True):
        side.keep(table)


class _Doubts:
    """Pairs of rows that are not the same bit by bit, though only where their equality is more than
    that: how a number ends in zeros, or what is declared of a field. They wait to be judged."""

    def __init__(
        self, judge: duckdb.DuckDBPyConnection, columns: Sequence[Column], at_once: int
    ) -> None:
        self.columns = columns
        self._judge, self._at_once = judge, at_once
        self._waiting: list[Both] = []
        self._unsure: set[str] = set()

    @property
    def are_many(self) -> bool:
        return sum(len(rows) for rows, _ in self._waiting) >= self._at_once

    def find(self, sent: pa.Table, found: pa.Table) -> tuple[Mask, Mask]:
        """Which rows, paired by their place, differ for sure, and which are in doubt."""
        differs, doubtful = np.zeros(len(sent), np.bool_), np.zeros(len(sent), np.bool_)
        for column in self.columns:
            a, b = sent[column.name], found[column.name]
            if a.equals(b):
                continue
            sure = column.is_same_bit_by_bit
            try:
                unequal = _unequal(a, b)
            except (pa.ArrowNotImplementedError, pa.ArrowInvalid):
                # Values of two kinds, such as a text for a number: each pair is judged.
                unequal, sure = np.ones(len(sent), np.bool_), False
            if sure:
                differs |= unequal
            elif unequal.any():
                doubtful |= unequal
                self._unsure.add(column.name)
        return differs, doubtful & ~differs

    def add(self, pairs: Both) -> None:
        self._waiting.append(pairs)

    def settle(self) -> Both:
        """Those of the waiting pairs that differ in a field, as its equality is declared."""
        sent, found = (pa.concat_tables(side) for side in zip(*self._waiting, strict=True))
        groups = group_columns([c for c in self.columns if c.name in self._unsure])
        self._waiting, self._unsure = [(_none_of(sent), _none_of(found))], set()
        if not len(sent):
            return sent, found
        self._judge.register("sent_part", sent.append_column(_PLACE, pa.array(range(len(sent)))))
        self._judge.register("found_part", found)
        differs = " OR ".join(g.differs(g.values("s"), g.values("f")) for g in groups)
        rows = self._judge.execute(
            f"SELECT s.{quote_name(_PLACE)} FROM sent_part s POSITIONAL JOIN found_part f "
            f"WHERE s.id IS DISTINCT FROM f.id OR {differs}"
        ).fetchnumpy()
        self._judge.unregister("sent_part")
        self._judge.unregister("found_part")
        places = np.sort(rows[_PLACE])
        return take(sent, places), take(found, places)


def _unequal(a: pa.ChunkedArray, b: pa.ChunkedArray) -> Mask:
    """Where two columns are not the same; null is the same as null."""
    unequal = pc.not_equal(a, b)
    if a.null_count or b.null_count:
        unequal = pc.fill_null(unequal, pc.xor(pc.is_null(a), pc.is_null(b)))
    mask: Mask = unequal.to_numpy()
    return mask


def _none_of(rows: pa.Table) -> pa.Table:
    return rows.schema.empty_table()


def _unlike(doubts: _Doubts, sent: pa.Table, found: pa.Table, *, distinct: bool) -> Both:
    """Of two slices of the same range of ids: the rows of ids that do not stand there just once on
    each side, and those that do and differ. Pairs in doubt are left to `doubts`."""
    pairing = pair_rows(sent, found, distinct=distinct)
    differs, doubtful = doubts.find(pairing.sent, pairing.found)
    sides = (sent, pairing.sent_places), (found, pairing.found_places)
    unlike, doubted = [], []
    for rows, places in sides:
        chosen = np.ones(len(rows), np.bool_)
        chosen[places] = differs
        unlike.append(take(rows, np.flatnonzero(chosen)))
        doubted.append(take(rows, places[doubtful]))
    doubts.add((doubted[0], doubted[1]))
    return unlike[0], unlike[1]


def _one(sql: duckdb.DuckDBPyConnection, query: str) -> int:
    return int(sql.execute(query).fetchall()[0][0])
