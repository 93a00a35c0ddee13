"""Synthetic: one entity of twelve columns in any number of rows, sent and found, as files and tables.

What is found can differ from what was sent in a stated share of its rows: six of ten have another
text, two another amount by a millionth, one is missing, and beside one stands a row nobody sent.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import duckdb
import polars as pl
import psycopg

from migration_platform import schema
from migration_platform.database import connect
from migration_platform.entity import Entity, Field, Source, Translation, Type
from migration_platform.server import embedded
from migration_platform.server.server import LOOPBACK, ROLE
from migration_platform.settings import Settings

COHORT, TABLE = "c1", "measured"

TYPES: dict[str, Type] = {
    "name": "text",
    "remark": "text",
    "day": "date",
    "seen_at": "timestamp",
    "amount": "decimal",
    "place": "integer",
    "flag": "boolean",
    "kind_code": "text",
    "other_id": "uuid",
    "description": "text",
    "number": "integer",
}
"""The fields; `id` is the twelfth column."""

SQL_TYPES: dict[Type, str] = {
    "text": "text",
    "date": "date",
    "timestamp": "timestamptz",
    "decimal": "numeric(18,6)",
    "integer": "bigint",
    "boolean": "boolean",
    "uuid": "uuid",
}

ENTITY = Entity(
    TABLE,
    "Measured rows.",
    Source("measured", ("id",), "id"),
    tuple(Field(n, t, Translation(n, (n,), pl.col(n))) for n, t in TYPES.items()),
    Path(__file__),
)

ROWS = """
SELECT md5('measured' || chr(0) || 's' || i)::uuid::varchar AS id, 's' || i AS source_id,
  'name' || i AS name, CASE WHEN i % 7 > 0 THEN md5((i * 3)::varchar) END AS remark,
  DATE '1950-01-01' + (i % 20000)::int AS day,
  make_timestamp(1600000000000000 + i * 1000003)::timestamptz AS seen_at,
  (i * 1.37)::decimal(18, 6) AS amount, i % 100 AS place, i % 2 = 0 AS flag,
  'code' || (i % 50) AS kind_code, md5((i % 1000)::varchar)::uuid::varchar AS other_id,
  'text ' || (i % 333) || ' of some length here' AS description,
  CASE WHEN i % 3 > 0 THEN i END AS number
FROM range({rows}) t(i) ORDER BY id
"""


def memory() -> duckdb.DuckDBPyConnection:
    """A DuckDB with the platform's limits."""
    duck = duckdb.connect()
    spill = Path(tempfile.gettempdir()) / "migration-bench-spill"
    for setting in ("threads = 2", "memory_limit = '1GB'", "TimeZone = 'UTC'"):
        duck.execute(f"SET {setting}").fetchall()
    duck.execute(f"SET temp_directory = '{spill}'").fetchall()
    return duck


def write_sent(path: Path, rows: int) -> None:
    """The rows as the transform writes them, in order of id."""
    _copy(ROWS.format(rows=rows), path)


def write_found(sent: Path, path: Path, percent: float) -> int:
    """The same rows with that share of them differing; returns how many ids differ."""
    step = round(100 / percent) if percent else 0
    query = f"SELECT * FROM read_parquet('{sent}')"
    if step:
        query = (
            f"WITH s AS (SELECT *, CASE WHEN source_id[2:]::bigint % {step} = 0 "
            f"THEN source_id[2:]::bigint // {step} % 10 ELSE -1 END AS _lot FROM ({query})) "
            "SELECT * EXCLUDE (_lot) REPLACE ("
            "CASE WHEN _lot BETWEEN 0 AND 5 THEN name || ' ' ELSE name END AS name, "
            "CASE WHEN _lot IN (6, 7) THEN amount + 0.000001 ELSE amount END AS amount) "
            "FROM s WHERE _lot <> 8 UNION ALL "
            "SELECT * EXCLUDE (_lot) REPLACE (md5(id)::uuid::varchar AS id) FROM s WHERE _lot = 9 "
            "ORDER BY id"
        )
    _copy(query, path)
    if not step:
        return 0
    sides = f"read_parquet('{sent}')", f"read_parquet('{path}')"
    gone, new = (f"SELECT * FROM {a} EXCEPT SELECT * FROM {b}" for a, b in (sides, sides[::-1]))
    duck = memory()
    rows = duck.execute(
        f"SELECT count(DISTINCT id) FROM ((SELECT id FROM ({gone})) UNION ALL (SELECT id FROM ({new})))"
    ).fetchall()
    duck.close()
    return int(rows[0][0])


def write_ends(sent: Path, snapshot: Path, ends: Path) -> None:
    """The snapshot and the ends of records of which all were sent."""
    _copy(f"SELECT source_id AS _source_id FROM read_parquet('{sent}')", snapshot)
    _copy(
        "SELECT source_id, id, 'mapped' AS \"end\", NULL::varchar AS rule "
        f"FROM read_parquet('{sent}')",
        ends,
    )


def _copy(query: str, path: Path) -> None:
    duck = memory()
    duck.execute(
        f"COPY ({query}) TO '{path}' (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 50000)"
    ).fetchall()
    duck.close()


@contextmanager
def home() -> Iterator[Settings]:
    """Settings of a home of its own, its embedded Postgres running; all of it removed after."""
    folder = Path(tempfile.mkdtemp(prefix="migration-bench-")).resolve()
    before = {k: v for k, v in os.environ.items() if k.startswith("MIGRATION_")}
    for name in before:
        del os.environ[name]
    os.environ["MIGRATION_HOME"] = str(folder)
    try:
        settings = Settings.load()
        schema.upgrade(settings, "destination")
        yield settings
    finally:
        embedded.stop(folder)
        shutil.rmtree(folder, ignore_errors=True)
        del os.environ["MIGRATION_HOME"]
        os.environ.update(before)


def address(settings: Settings) -> str:
    """The destination over loopback with its password, for those who cannot use the socket."""
    server = embedded.ensure_running(settings.home)
    password = server.password_file.read_text().strip()
    return f"postgresql://{ROLE}:{password}@{LOOPBACK}:{server.port}/destination"


def load_table(
    settings: Settings,
    rows: Path,
    table: str,
    *,
    crosswalk: Path | None = None,
    types: Mapping[str, Type] = TYPES,
) -> None:
    """Put the rows into a table with the id as its key, and those of `crosswalk` into that."""
    columns = ", ".join(f"{n} {SQL_TYPES[t]}" for n, t in types.items())
    names = ["id", *types]
    with connect(settings, "destination") as postgres:
        # The role's own schema, which comes first, is ours and not the destination's.
        postgres.execute("SET search_path = public")
        postgres.execute(f"DROP TABLE IF EXISTS {table}")
        postgres.execute(f"CREATE TABLE {table} (id uuid NOT NULL, {columns})")
        _fill(postgres, rows, f"COPY {table} ({', '.join(names)})", ", ".join(names))
        postgres.execute(f"ALTER TABLE {table} ADD PRIMARY KEY (id)")
        if crosswalk:
            postgres.execute("TRUNCATE migration.crosswalk")
            chosen = f"'{COHORT}' AS cohort, '{TABLE}' AS entity, source_id, id, id AS fingerprint, 1 AS load_id"
            _fill(postgres, crosswalk, "COPY migration.crosswalk", chosen)
    with connect(settings, "destination", autocommit=True) as postgres:
        postgres.execute(f"VACUUM ANALYZE {table}")
        postgres.execute("VACUUM ANALYZE migration.crosswalk")


def _fill(postgres: psycopg.Connection, rows: Path, copy: str, chosen: str) -> None:
    duck = memory()
    reader = duck.sql(f"SELECT {chosen} FROM read_parquet('{rows}')").to_arrow_reader(100_000)
    with postgres.cursor().copy(f"{copy} FROM STDIN (FORMAT csv)") as into:
        for batch in reader:
            into.write(pl.DataFrame(pl.from_arrow(batch)).write_csv(include_header=False))
    duck.close()
