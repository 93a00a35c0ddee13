"""Rendering: the same values held otherwise, in the destination's columns or in the source's words.

The destination's side is a real table, read back by `Readback` as any other; the source's side a
snapshot spelled otherwise, mapped by the migration's own mapping. Nothing of it may be reported.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import duckdb
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from migration_platform.duplicate.stand_in import find_stand_ins
from migration_platform.entity import Entity, Translation, Type
from migration_platform.fault.benign import COLUMN_CHANGES, MAPPING_CHANGES, ColumnChange
from migration_platform.fault.fault import Row, Value
from migration_platform.fault.judgement import Finding, Harmless, Planted
from migration_platform.fault_matrix.sample import home_of
from migration_platform.platform import Platform
from migration_platform.reconciliation.column import (
    CROSSWALK,
    compared_columns,
    quote_name,
    quote_text,
)
from migration_platform.reconciliation.comparison import explain, find_suspects
from migration_platform.reconciliation.entity_reconciliation import reconcile_entity
from migration_platform.reconciliation.readback import Readback
from migration_platform.reconciliation.sent_record import read_sent, to_canonical
from migration_platform.reconciliation.shadow import sent_table
from migration_platform.transformation import transform_snapshot

COHORT, SCHEMA = "rendered", "rendered"
"""The cohort and the schema of the tables that are made here."""

SQL_TYPE: dict[Type, str] = {
    "text": "text",
    "uuid": "uuid",
    "date": "date",
    "timestamp": "timestamptz",
    "decimal": "numeric",
    "integer": "integer",
    "boolean": "boolean",
}


class Rendered:
    """What was rendered otherwise: nothing but benign changes."""

    planted: Sequence[Planted] = ()

    def __init__(self, change: str, ids: Sequence[str]) -> None:
        self.harmless = [Harmless(change, "", frozenset(ids), len(ids))] if ids else []


def compare_columns(
    platform: Platform,
    entity: Entity,
    stock: Sequence[tuple[Row, Row]],
    random: Random,
    duck: duckdb.DuckDBPyConnection,
) -> Iterator[tuple[Rendered, list[Finding]]]:
    """Each benign change of a column's type, in a table of the destination with the stock's records."""
    columns = compared_columns(entity)
    rows = [sent for sent, _ in stock]
    for change in COLUMN_CHANGES:
        if not rows or all(c.type != change.type or c.name == CROSSWALK for c in columns):
            continue
        _make_table(platform, entity, change, rows, random)
        with platform.streaming("destination") as stream:
            with stream.cursor() as cursor:
                cursor.execute(f"SET search_path TO {SCHEMA}, public")
                cursor.execute("SET TimeZone TO 'Asia/Kathmandu'")
            stream.commit()
            found = Readback(stream, COHORT, entity)
            sent = to_canonical(sent_table(rows, columns), columns)
            first = find_suspects(duck, columns, [sent], found.read())
            ids = duck.sql("SELECT id FROM suspect").to_arrow_table()
            duck.register("rendered_again", found.read_only(ids))
            with stream.cursor() as cursor:
                cursor.execute("RESET ALL")
            stream.commit()
        explain(duck, columns, "rendered_again")
        duck.unregister("rendered_again")
        if first.found < len(rows):
            raise RuntimeError(f"{entity.name}: not all of the rendered records were read back")
        yield Rendered(change.name, [str(r["id"]) for r in rows]), _findings(duck)


def _make_table(
    platform: Platform, entity: Entity, change: ColumnChange, rows: Sequence[Row], random: Random
) -> None:
    """The entity's table with the change: columns turned round, rows shuffled, a column nobody sent."""
    table = f"{SCHEMA}.{quote_name(entity.name)}"
    fields = list(reversed(entity.fields))
    made = [
        f"{quote_name(f.name)} {change.sql_type if f.type == change.type else SQL_TYPE[f.type]}"
        for f in fields
    ]

    def write(kind: Type, value: Value) -> str | None:
        if kind == change.type:
            return change.write(value, random)
        if kind == "timestamp" and value is not None:
            return _instant(value)
        return None if value is None else str(value)

    with platform.destination() as connection:
        connection.execute(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}")
        connection.execute(f"DROP TABLE IF EXISTS {table}")
        connection.execute(
            f"CREATE TABLE {table} (created_by text DEFAULT 'load', {', '.join(made)}, id uuid)"
        )
        connection.execute("DELETE FROM migration.crosswalk WHERE cohort = %s", (COHORT,))
        names = ", ".join(["id", *[quote_name(f.name) for f in fields]])
        with connection.cursor() as cursor:
            with cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy:
                for row in random.sample(rows, len(rows)):
                    copy.write_row([row["id"], *[write(f.type, row[f.name]) for f in fields]])
            columns = "cohort, entity, source_id, destination_id, fingerprint, load_id"
            with cursor.copy(f"COPY migration.crosswalk ({columns}) FROM STDIN") as copy:
                for row in rows:
                    copy.write_row([COHORT, entity.name, row[CROSSWALK], row["id"], row["id"], 0])


def _instant(value: Value) -> str:
    return str(pa.scalar(value, pa.timestamp("us", "UTC")).as_py().isoformat())


def compare_spellings(
    platform: Platform, entity: Entity, duck: duckdb.DuckDBPyConnection
) -> tuple[Rendered, list[Finding]]:
    """The snapshot with its codes in capitals and with space around them, mapped and compared with
    what the mapping made of it as it is."""
    change = MAPPING_CHANGES[0].name
    cohort, staging = home_of(platform, entity.name), platform.staging
    mapped = staging.path(cohort, entity.name, "mapped")
    spelled = _code_columns(entity)
    if not spelled or not mapped.exists():
        return Rendered(change, ()), []
    parents = {
        name: staging.path(home_of(platform, name), name, "ends")
        for name in entity.parents
        if staging.path(home_of(platform, name), name, "ends").exists()
    }
    columns = compared_columns(entity)
    with TemporaryDirectory(dir=mapped.parent) as folder:
        snapshot, again, ends = (Path(folder) / n for n in ("extract", "mapped", "ends"))
        frame = pl.read_parquet(staging.path(cohort, entity.name, "extract"))
        frame.with_columns(
            (pl.lit("  ") + pl.col(name).str.to_uppercase() + pl.lit(" ")).alias(name)
            for name in spelled
        ).write_parquet(snapshot)
        transform_snapshot(
            entity,
            snapshot,
            parents,
            again,
            ends,
            duck,
            window_start=platform.window_start(cohort, entity.name),
            absent=platform.applicability[entity.name].absent,
            stand_ins={
                name: find_stand_ins(
                    platform, platform.store.latest(home_of(platform, name), name, "transform")
                )
                for name in parents
            },
        )
        found = pa.concat_tables(read_sent(again, columns)).sort_by("id")
    find_suspects(duck, columns, read_sent(mapped, columns), [found])
    explain(duck, columns)
    return Rendered(change, found.column("id").to_pylist()), _findings(duck)


class _Arrived:
    """A found side that is exactly what was mapped."""

    def __init__(self, everything: pa.Table) -> None:
        self.everything = everything

    def read(self) -> Iterator[pa.Table]:
        yield self.everything

    def read_only(self, ids: pa.Table) -> pa.Table:
        return self.everything.filter(pc.is_in(self.everything["id"], ids["id"]))


def compare_left_out(
    platform: Platform, entity: Entity, duck: duckdb.DuckDBPyConnection
) -> tuple[Rendered, list[Finding]]:
    """The whole reconciliation of a snapshot of which some records were not sent, for a reason that
    their end gives. Each of them must be accounted for, and none of them looked for."""
    change = MAPPING_CHANGES[1].name
    cohort, staging = home_of(platform, entity.name), platform.staging
    snapshot, ends, mapped = (
        staging.path(cohort, entity.name, kind) for kind in ("extract", "ends", "mapped")
    )
    if not mapped.exists():
        return Rendered(change, ()), []
    left_out = duck.execute(
        f"SELECT id FROM read_parquet({quote_text(str(ends))}) WHERE \"end\" <> 'mapped'"
    ).fetchall()
    arrived = pa.concat_tables(read_sent(mapped, compared_columns(entity))).sort_by("id")
    with TemporaryDirectory(dir=mapped.parent) as folder:
        result = reconcile_entity(
            entity,
            snapshot=snapshot,
            ends=ends,
            mapped=mapped,
            sent_digest="",
            found=_Arrived(arrived),
            differences=Path(folder) / "differences",
            documents=None,
            origin=None,
            name_records=list,
            connection=duck,
            seed=entity.name,
        )
    ids = [row[0] for row in left_out]
    accounted = result.archived + result.excluded + result.excepted == len(ids)
    clean = accounted and not (result.unaccounted or result.missing or result.clusters)
    return Rendered(change, ids), [] if clean or not ids else [(ids[0], "", "missing")]


def _code_columns(entity: Entity) -> list[str]:
    """Source columns that only code maps read."""
    maps: set[str] = set()
    others = {*entity.source.key, *entity.source.distinct, entity.source.patient or ""}
    for field in entity.fields:
        by_map = isinstance(field.origin, Translation) and field.origin.files
        (maps if by_map else others).update(field.columns)
    for rule in entity.rules:
        others.update(rule.when.meta.root_names())
    return sorted(maps - others)


def _findings(duck: duckdb.DuckDBPyConnection) -> list[Finding]:
    return duck.execute("SELECT id, field, status FROM difference").fetchall()
