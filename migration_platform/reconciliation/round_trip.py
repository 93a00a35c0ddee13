"""Round trip: every field of every mapped record against the source's own text.

The first leg of the comparison. The snapshot is read a second time, by `source_reading`, which
shares no code with the mapping, and joined with what was mapped. What differs is added to the
temporary table `difference` under the leg `mapping`; what was sent against what is found at the
destination is the other leg (`comparison`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import duckdb
import pyarrow as pa

from migration_platform.entity import Entity, Field, Reference
from migration_platform.errors import ConfigurationError
from migration_platform.reconciliation.cause import classify
from migration_platform.reconciliation.column import Column, quote_name, quote_text
from migration_platform.reconciliation.field_group import FieldGroup, Proof, group_fields
from migration_platform.reconciliation.lookup import Origin, prepare_lookup
from migration_platform.reconciliation.source_reading import (
    Lookup,
    Row,
    expect,
    expect_reference,
    trim_sql,
)

LEG = "mapping"
BATCH = 10_000

FEW = 2_000
"""Below so many records it takes longer to optimize the reading of thirty fields than to read them."""


@dataclass(frozen=True, slots=True)
class RoundTrip:
    """How many records were read a second time and how many of them differ. `unproven` are fields
    without a reading: nobody looked at them."""

    compared: int
    differing: int
    unproven: tuple[str, ...]


@cache
def readings_digest() -> str:
    """Digest of the code that reads the source a second time: another reading proves anew."""
    here = Path(__file__).parent
    code = [file.read_text(encoding="utf-8") for file in sorted(here.glob("*.py"))]
    parts = [duckdb.__version__, *code]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def prove_mapping(
    sql: duckdb.DuckDBPyConnection, entity: Entity, origin: Origin, mapped: str
) -> RoundTrip:
    """Compare the mapped records (a relation of `sql`) with the source's text, field by field.

    Adds what differs to the temporary table `difference` (`comparison.explain`). Raises
    ConfigurationError if a code map cannot be read or a reading is unknown.
    """
    row = Row.of_snapshot()
    proofs = [p for f in entity.fields if (p := _prove(entity, f, row, origin)) is not None]
    proven = {p.field.name for p in proofs}
    groups = group_fields(proofs)
    suspects = _suspects(sql, groups, row.lookups, origin, mapped)
    few = _one(sql, f"SELECT count(*) FROM {mapped}") < FEW
    if few:
        sql.execute("PRAGMA disable_optimizer").fetchall()
    sql.execute(suspects).fetchall()
    if few:
        sql.execute("PRAGMA enable_optimizer").fetchall()
    if rows := _one(sql, "SELECT count(*) FROM suspect_row"):
        for group in groups:
            sql.execute(
                f"INSERT INTO difference SELECT id, '{LEG}', d.field, 'mismatched', d.kind, d.read, "
                f"d.sent FROM (SELECT id, unnest({group.differences()}) AS d FROM suspect_row) "
                "WHERE d IS NOT NULL"
            ).fetchall()
            _settle(sql, group, rows)
        classify(sql, [Column(p.field.name, p.field.type) for p in proofs])
    sql.execute("DROP TABLE suspect_row").fetchall()
    differing = _one(sql, f"SELECT count(DISTINCT id) FROM difference WHERE leg = '{LEG}'")
    return RoundTrip(
        compared=_one(
            sql,
            f"SELECT count(*) FROM {mapped} WHERE source_id IN (SELECT _source_id FROM "
            f"read_parquet({quote_text(str(origin.snapshot))}))",
        ),
        differing=differing,
        unproven=tuple(f.name for f in entity.fields if f.name not in proven),
    )


def _prove(entity: Entity, field: Field, row: Row, origin: Origin) -> Proof | None:
    try:
        if isinstance(field.origin, Reference):
            return Proof(field, expect_reference(field.origin, row, origin.parents))
        if field.origin.reading is None:
            return None
        return Proof(field, expect(field.origin.reading, row))
    except ConfigurationError as error:
        raise ConfigurationError(f"{entity.name}.{field.name}: {error}") from None


def _suspects(
    sql: duckdb.DuckDBPyConnection,
    groups: Sequence[FieldGroup],
    lookups: Sequence[Lookup],
    origin: Origin,
    mapped: str,
) -> str:
    """SQL that keeps the rows in which a field differs, or may differ, as `suspect_row`."""
    fields = [p.field for group in groups for p in group.proofs]
    used = list(dict.fromkeys(c for f in fields for c in f.columns)) or ["_source_id"]
    raw = [quote_name(c) for c in used]
    trimmed = [f"tidy[{i}] AS {quote_name('t.' + c)}" for i, c in enumerate(used, 1)]
    joins = "".join(
        f" LEFT JOIN {prepare_lookup(sql, each, origin)} {each.alias} ON {each.alias}.key = {each.on}"
        for each in lookups
    )
    columns = ", ".join(["m.id", *[c for group in groups for c in group.columns()]])
    differs = " OR ".join(group.differs() for group in groups) or "false"
    return (
        f"CREATE OR REPLACE TEMP TABLE suspect_row AS SELECT * FROM (SELECT {columns} "
        f"FROM {mapped} m JOIN (SELECT * EXCLUDE tidy, {', '.join(trimmed)} FROM (SELECT "
        f"{', '.join(dict.fromkeys(['_source_id', '_patient', *raw]))}, "
        f"list_transform([{', '.join(raw)}], lambda x: {trim_sql('x')}) AS tidy "
        f"FROM {origin.records})) s ON s._source_id = m.source_id{joins}) WHERE {differs}"
    )


def _settle(sql: duckdb.DuckDBPyConnection, group: FieldGroup, rows: int) -> None:
    """Add the differences among the values of `suspect_row` that SQL left in doubt."""
    settle = group.first.settle
    if settle is None:
        return
    for start in range(0, rows, BATCH):
        doubted = sql.execute(
            "SELECT id, d[1], d[2], d[3] FROM (SELECT id, unnest("
            f"{group.doubts()}) AS d FROM suspect_row WHERE rowid >= {start} "
            f"AND rowid < {start + BATCH}) WHERE d[2] IS NOT NULL"
        ).fetchall()
        wrong = [row for row in doubted if not settle(row[2], row[3])]
        if wrong:
            names = ("id", "field", "source", "sent")
            table = {n: pa.array([r[i] for r in wrong], pa.string()) for i, n in enumerate(names)}
            sql.register("wrong", pa.table(table))
            sql.execute(
                f"INSERT INTO difference SELECT id, '{LEG}', field, "
                f"'mismatched', CASE WHEN {trim_sql('source')} = sent THEN 'encoding' END, "
                f"{trim_sql('source')}, sent FROM wrong"
            ).fetchall()
            sql.unregister("wrong")


def _one(sql: duckdb.DuckDBPyConnection, query: str) -> int:
    return int(sql.execute(query).fetchall()[0][0])
