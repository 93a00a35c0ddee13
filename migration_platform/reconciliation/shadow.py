"""Shadow: records with planted faults brought to the comparison as real ones come.

The sent side is typed as mapped records are, the found side in canonical form and in pieces, and
both go through the same `find_suspects` and `explain`. Nothing of it is written anywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from random import Random

import duckdb
import pyarrow as pa

from migration_platform.entity import DECIMAL_PRECISION, DECIMAL_SCALE
from migration_platform.fault.fault import Row
from migration_platform.fault.judgement import Finding
from migration_platform.fault.planting import Compared, Shadow
from migration_platform.reconciliation.column import Column
from migration_platform.reconciliation.comparison import explain, find_suspects
from migration_platform.reconciliation.sent_record import to_canonical

Compare = Callable[[duckdb.DuckDBPyConnection, Shadow, str], list[Finding]]
"""A comparison of a shadow's two sides: given a connection, the shadow and the name of a benign
change of how the sides come, what it reports."""

SENT_TYPE = {
    "date": pa.date32(),
    "timestamp": pa.timestamp("us", "UTC"),
    "decimal": pa.decimal128(DECIMAL_PRECISION, DECIMAL_SCALE),
    "integer": pa.int64(),
    "boolean": pa.bool_(),
}
FOUND_TYPE = {
    "date": pa.date32(),
    "timestamp": pa.int64(),
    "integer": pa.int64(),
    "boolean": pa.bool_(),
}
"""Of a field's type; any other comes as text."""

PIECE = 7
"""Records in a piece, where the found side comes in torn pieces."""


def compare_shadow(
    sql: duckdb.DuckDBPyConnection, shadow: Shadow, change: str = ""
) -> list[Finding]:
    """The comparison of what was sent with what is found, on a shadow. Leaves `difference` behind."""
    columns = [Column(c.name, c.type, c.equality) for c in shadow.columns]
    sent = to_canonical(sent_table(shadow.sent, shadow.columns, change), columns)
    find_suspects(sql, columns, [sent], _first_look(shadow, change))
    again = list(shadow.second)
    if change == "row order":
        Random(len(again)).shuffle(again)
    sql.register("shadow_again", found_table(again, shadow.columns, change))
    explain(sql, columns, "shadow_again")
    sql.unregister("shadow_again")
    return sql.execute("SELECT id, field, status FROM difference").fetchall()


def _first_look(shadow: Shadow, change: str) -> Iterator[pa.Table]:
    """Everything in order of id, at one go or in pieces."""
    rows = sorted(shadow.first, key=lambda r: str(r["id"]))
    whole = found_table(rows, shadow.columns, change)
    if change != "torn pieces":
        yield whole
        return
    for start in range(0, len(rows), PIECE):
        yield whole.slice(0, 0)
        yield whole.slice(start, PIECE)


def sent_table(rows: Sequence[Row], columns: Sequence[Compared], change: str = "") -> pa.Table:
    """Records as they were mapped, in order of id."""
    rows = sorted(rows, key=lambda r: str(r["id"]))
    data = {"id": pa.array([r["id"] for r in rows], pa.string())}
    for column in columns:
        kind = SENT_TYPE.get(column.type, pa.string())
        values = [r[column.name] for r in rows]
        if column.type == "decimal":
            values = [None if v is None else Decimal(str(v)) for v in values]  # type: ignore[misc]
            if change == "numeric scale of what was sent":
                kind = pa.decimal128(30, 12)
        elif column.type == "timestamp" and change == "zone of what was sent":
            kind = pa.timestamp("us", "Asia/Kolkata")
        data[column.name] = pa.array(values, kind)
    return pa.table(data)


def found_table(rows: Sequence[Row], columns: Sequence[Compared], change: str = "") -> pa.Table:
    """Records in canonical form, as a destination gives them."""
    data = {"id": pa.array([r["id"] for r in rows], pa.string())}
    for column in columns:
        kind = FOUND_TYPE.get(column.type, pa.string())
        values = [r[column.name] for r in rows]
        narrow = all(-(2**31) <= v < 2**31 for v in values if type(v) is int)
        if change == "whole numbers widened or narrowed" and column.type == "integer" and narrow:
            kind = pa.int32()
        data[column.name] = pa.array(values, kind)
        if change == "another kind of text" and kind == pa.string():
            data[column.name] = data[column.name].cast(pa.large_string())
    if change == "column order":
        data = {"id": data.pop("id"), **dict(reversed(data.items()))}
    if change == "new default columns":
        data |= {"created_by": pa.array(["load"] * len(rows)), "version": pa.array([1] * len(rows))}
    return pa.table(data)
