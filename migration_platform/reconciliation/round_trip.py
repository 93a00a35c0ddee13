"""Round trip: every field of every mapped record against the source's own text.

The first leg of the comparison. The snapshot is read a second time, by `source_reading`, which
shares no code with the mapping, and joined with what was mapped. What differs is added to the
temporary table `difference` under the leg `mapping`; what was sent against what is found at the
destination is the other leg (`comparison`).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import duckdb
import pyarrow as pa

from migration_platform.entity import Entity, Field, Reference, Type
from migration_platform.errors import ConfigurationError
from migration_platform.reconciliation.cause import classify
from migration_platform.reconciliation.column import Column, quote_name, quote_text, trim_number
from migration_platform.reconciliation.lookup import Origin, prepare_lookup
from migration_platform.reconciliation.source_reading import (
    Expected,
    Lookup,
    Lookups,
    expect,
    expect_reference,
    trim_sql,
)

LEG = "mapping"
BATCH = 10_000

FEW = 2_000
"""Below so many records it takes longer to optimize the reading of thirty fields than to read them."""

_TYPE: dict[Type, str] = {
    "text": "VARCHAR",
    "uuid": "VARCHAR",
    "date": "DATE",
    "timestamp": "TIMESTAMP",
    "decimal": "DECIMAL(38, 16)",
    "integer": "BIGINT",
    "boolean": "BOOLEAN",
}


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


@dataclass(frozen=True, slots=True)
class _Proof:
    """A field, what it must hold, and the names of its columns in the joined rows."""

    field: Field
    expected: Expected

    @property
    def read(self) -> str:
        return quote_name(f"read.{self.field.name}")

    @property
    def given(self) -> str:
        return quote_name(f"given.{self.field.name}")

    @property
    def doubt(self) -> str:
        return quote_name(f"doubt.{self.field.name}")

    @property
    def sent(self) -> str:
        return quote_name(f"sent.{self.field.name}")

    def columns(self) -> list[str]:
        """The columns over a snapshot's row `s` and a mapped record `m`."""
        kind = _TYPE[self.field.type]
        found = [
            f"TRY_CAST({self.expected.value} AS {kind}) AS {self.read}",
            f"m.{quote_name(self.field.name)} AS {self.sent}",
        ]
        if self.expected.given is not None:
            found.append(f"{self.expected.given} AS {self.given}")
        if self.expected.settle is not None:
            # The column's text where SQL cannot tell.
            raw = quote_name(self.field.columns[0])
            found.append(f"CASE WHEN {self.expected.doubt} THEN s.{raw} END AS {self.doubt}")
        return found

    def differs(self) -> str:
        """Whether what was sent is not what was read: never null, and true while in doubt."""
        read, sent = self.read, self.sent
        if self.field.type == "timestamp":
            read, sent = f"epoch_us({read})", f"epoch_us({sent})"
        wrong = f"{read} IS DISTINCT FROM {sent}"
        if self.expected.given is not None:
            # Nothing was sent: right only if nothing is there, readable or not.
            wrong = f"CASE WHEN {sent} IS NULL THEN {self.given} IS NOT NULL ELSE {wrong} END"
        return f"({wrong} OR {self.doubt} IS NOT NULL)" if self.expected.settle else f"({wrong})"

    def differences(self) -> str:
        """SELECT of the differences among the rows of `suspect_row`, but those in doubt."""
        name, kind = self.field.name, self.field.type
        read = Column(f"read.{name}", kind).sent_sql()
        sent = Column(f"sent.{name}", kind).sent_sql()
        given = self.given if self.expected.given is not None else "NULL::varchar"
        doubt = f"{self.doubt} IS NOT NULL" if self.expected.settle else "false"
        shown_read, shown_sent = f"{self.read}::varchar", f"{self.sent}::varchar"
        if kind == "decimal":
            shown_read, shown_sent = trim_number(shown_read), trim_number(shown_sent)
        return (
            f"SELECT id, '{LEG}', {quote_text(name)}, 'mismatched', CASE WHEN {self.read} IS NULL "
            f"AND given IS NOT NULL AND {self.sent} IS NOT NULL THEN 'unreadable' END, "
            f"coalesce({shown_read}, given), {shown_sent} FROM "
            f"(SELECT id, {read}, {sent}, {given} AS given FROM suspect_row "
            f"WHERE {self.differs()} AND NOT {doubt})"
        )


def prove_mapping(
    sql: duckdb.DuckDBPyConnection, entity: Entity, origin: Origin, mapped: str
) -> RoundTrip:
    """Compare the mapped records (a relation of `sql`) with the source's text, field by field.

    Adds what differs to the temporary table `difference` (`comparison.explain`). Raises
    ConfigurationError if a code map cannot be read or a reading is unknown.
    """
    lookups = Lookups()
    proofs = [p for f in entity.fields if (p := _prove(entity, f, lookups, origin)) is not None]
    proven = {p.field.name for p in proofs}
    suspects = _suspects(sql, entity, proofs, lookups.found, origin, mapped)
    few = _one(sql, f"SELECT count(*) FROM {mapped}") < FEW
    if few:
        sql.execute("PRAGMA disable_optimizer").fetchall()
    sql.execute(suspects).fetchall()
    if few:
        sql.execute("PRAGMA enable_optimizer").fetchall()
    if _one(sql, "SELECT count(*) FROM suspect_row"):
        for proof in proofs:
            sql.execute(f"INSERT INTO difference {proof.differences()}").fetchall()
            if proof.expected.settle is not None:
                _settle(sql, proof)
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


def _prove(entity: Entity, field: Field, lookups: Lookups, origin: Origin) -> _Proof | None:
    try:
        if isinstance(field.origin, Reference):
            return _Proof(field, expect_reference(field.origin, lookups, origin.parents))
        if field.origin.reading is None:
            return None
        return _Proof(field, expect(field.origin.reading, lookups))
    except ConfigurationError as error:
        raise ConfigurationError(f"{entity.name}.{field.name}: {error}") from None


def _suspects(
    sql: duckdb.DuckDBPyConnection,
    entity: Entity,
    proofs: list[_Proof],
    lookups: list[Lookup],
    origin: Origin,
    mapped: str,
) -> str:
    """SQL that keeps the rows in which a field differs, or may differ, as `suspect_row`."""
    used = list(dict.fromkeys(c for p in proofs for c in p.field.columns))
    texts = [t for c in used for t in (quote_name(c), f"{trim_sql(c)} AS {quote_name('t.' + c)}")]
    joins = "".join(
        f" LEFT JOIN {prepare_lookup(sql, each, origin)} {each.alias} ON {each.alias}.key = {each.on}"
        for each in lookups
    )
    columns = ", ".join(["m.id", *[c for p in proofs for c in p.columns()]])
    differs = " OR ".join(p.differs() for p in proofs) or "false"
    return (
        f"CREATE OR REPLACE TEMP TABLE suspect_row AS SELECT * FROM (SELECT {columns} "
        f"FROM {mapped} m JOIN (SELECT {', '.join(['_source_id', '_patient', *texts])} "
        f"FROM {origin.records}) s ON s._source_id = m.source_id{joins}) WHERE {differs}"
    )


def _settle(sql: duckdb.DuckDBPyConnection, proof: _Proof) -> None:
    """Add the differences among the rows that SQL left in doubt."""
    settle = proof.expected.settle
    assert settle is not None
    last = -1
    while rows := sql.execute(
        f"SELECT rowid, id, {proof.doubt}, {proof.sent} FROM suspect_row WHERE rowid > {last} "
        f"AND {proof.doubt} IS NOT NULL ORDER BY rowid LIMIT {BATCH}"
    ).fetchall():
        last = rows[-1][0]
        wrong = [r for r in rows if not settle(r[2], r[3])]
        if wrong:
            names = ("id", "source", "sent")
            table = {
                n: pa.array([r[i] for r in wrong], pa.string()) for i, n in enumerate(names, 1)
            }
            sql.register("wrong", pa.table(table))
            sql.execute(
                f"INSERT INTO difference SELECT id, '{LEG}', {quote_text(proof.field.name)}, "
                f"'mismatched', CASE WHEN {trim_sql('source')} = sent THEN 'encoding' END, "
                f"{trim_sql('source')}, sent FROM wrong"
            ).fetchall()
            sql.unregister("wrong")


def _one(sql: duckdb.DuckDBPyConnection, query: str) -> int:
    return int(sql.execute(query).fetchall()[0][0])
