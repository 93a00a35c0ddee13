"""Round trip: every field of every mapped record against the source's own text.

The first leg of the comparison. The snapshot is read a second time, by `source_reading`, which
shares no code with the mapping, and joined with what was mapped. What differs is added to the
temporary table `difference` under the leg `mapping`; what was sent against what is found at the
destination is the other leg (`comparison`).
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import duckdb
import pyarrow as pa

from migration_platform.entity import Entity, Field, Reference, Type
from migration_platform.errors import ConfigurationError
from migration_platform.reconciliation.cause import classify
from migration_platform.reconciliation.column import Column, quote_name, quote_text
from migration_platform.reconciliation.document_file import look_at_file
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
class Origin:
    """Where a cohort's records of an entity come from: the snapshot, the ends of each entity that it
    refers to (of those applicable for this source), and the source's documents folder."""

    snapshot: Path
    parents: Mapping[str, Path]
    documents: Path


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
    names = ("round_trip", "source_reading", "mangled_text", "column", "document_file")
    parts = [duckdb.__version__, *[(here / f"{n}.py").read_text(encoding="utf-8") for n in names]]
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
        return (
            f"SELECT id, '{LEG}', {quote_text(name)}, 'mismatched', CASE WHEN {self.read} IS NULL "
            f"AND given IS NOT NULL AND {self.sent} IS NOT NULL THEN 'unreadable' END, "
            f"coalesce({self.read}::varchar, given), {self.sent}::varchar FROM "
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
    sql.execute(_suspects(sql, entity, proofs, lookups.found, origin, mapped)).fetchall()
    for proof in proofs:
        sql.execute(f"INSERT INTO difference {proof.differences()}").fetchall()
        if proof.expected.settle is not None:
            _settle(sql, proof)
    sql.execute("DROP TABLE suspect_row").fetchall()
    classify(sql, [Column(p.field.name, p.field.type) for p in proofs])
    differing = _one(sql, f"SELECT count(DISTINCT id) FROM difference WHERE leg = '{LEG}'")
    snapshot = f"read_parquet({quote_text(str(origin.snapshot))})"
    return RoundTrip(
        compared=_one(
            sql,
            f"SELECT count(*) FROM {mapped} WHERE source_id IN (SELECT _source_id FROM {snapshot})",
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
    snapshot = f"read_parquet({quote_text(str(origin.snapshot))})"
    joins = "".join(
        f" LEFT JOIN {_prepare(sql, each, origin)} {each.alias} ON {each.alias}.key = {each.on}"
        for each in lookups
    )
    columns = ", ".join(["m.id", *[c for p in proofs for c in p.columns()]])
    differs = " OR ".join(p.differs() for p in proofs) or "false"
    return (
        f"CREATE OR REPLACE TEMP TABLE suspect_row AS SELECT * FROM (SELECT {columns} "
        f"FROM {mapped} m JOIN (SELECT {', '.join(['_source_id', '_patient', *texts])} "
        f"FROM {snapshot}) s ON s._source_id = m.source_id{joins}) WHERE {differs}"
    )


def _prepare(sql: duckdb.DuckDBPyConnection, lookup: Lookup, origin: Origin) -> str:
    """The relation of a lookup, with a column `key`."""
    if lookup.kind == "parents":
        path = quote_text(str(origin.parents[lookup.name]))
        return f'(SELECT source_id AS key, id, patient, "end" FROM read_parquet({path}))'
    table = f"lookup_{lookup.alias}"
    if lookup.kind == "code map":
        _fill(sql, table, "key VARCHAR, becomes VARCHAR", [_read_code_map(Path(lookup.name))])
        return f"(SELECT lower(key) AS key, becomes FROM {table})"
    snapshot = f"read_parquet({quote_text(str(origin.snapshot))})"
    _fill(
        sql,
        table,
        "key VARCHAR, sha256 VARCHAR, size BIGINT",
        _inspect_files(
            sql, f"SELECT DISTINCT {trim_sql(lookup.name)} FROM {snapshot}", origin.documents
        ),
    )
    return table


def _fill(
    sql: duckdb.DuckDBPyConnection, table: str, columns: str, batches: Iterable[pa.Table]
) -> None:
    sql.execute(f"CREATE OR REPLACE TEMP TABLE {table} ({columns})").fetchall()
    for batch in batches:
        sql.register("batch", batch)
        sql.execute(f"INSERT INTO {table} SELECT * FROM batch").fetchall()
        sql.unregister("batch")


def _read_code_map(path: Path) -> pa.Table:
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = [
                (row["source_code"].strip(), row["destination_code"].strip())
                for row in csv.DictReader(file)
            ]
    except (OSError, UnicodeDecodeError, KeyError) as error:
        raise ConfigurationError(
            f"{path}: the code map cannot be read ({type(error).__name__}): it needs the columns "
            "source_code and destination_code"
        ) from None
    return pa.table({"key": [r[0] for r in rows], "becomes": [r[1] for r in rows]})


def _inspect_files(sql: duckdb.DuckDBPyConnection, paths: str, folder: Path) -> Iterator[pa.Table]:
    """Open and hash the source's files again; without one, in words why."""

    def inspect(path: str) -> tuple[str, int | None]:
        state = look_at_file(folder, path, "")
        try:
            return state, (folder / path).stat().st_size
        except OSError:
            return state, None

    cursor = sql.cursor()
    reader = cursor.execute(paths)
    with ThreadPoolExecutor(4) as pool:
        while rows := reader.fetchmany(BATCH):
            names = [r[0] for r in rows if r[0] is not None]
            found = list(pool.map(inspect, names))
            yield pa.table(
                {
                    "key": pa.array(names, pa.string()),
                    "sha256": pa.array([f[0] for f in found], pa.string()),
                    "size": pa.array([f[1] for f in found], pa.int64()),
                }
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
                f"'mismatched', NULL, {trim_sql('source')}, sent FROM wrong"
            ).fetchall()
            sql.unregister("wrong")


def _one(sql: duckdb.DuckDBPyConnection, query: str) -> int:
    return int(sql.execute(query).fetchall()[0][0])
