"""Verdict: what is measured of ours. The platform's own comparison, from files and from Postgres."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import pyarrow as pa

from benchmarks.synthetic import COHORT, ENTITY, memory
from migration_platform.database import adbc
from migration_platform.entity import Entity
from migration_platform.reconciliation.column import CROSSWALK, Column, compared_columns
from migration_platform.reconciliation.comparison import explain, find_suspects
from migration_platform.reconciliation.readback import Readback
from migration_platform.settings import Settings


class FileFound:
    """A Parquet file as the found side."""

    def __init__(self, path: Path, columns: Iterable[Column]) -> None:
        chosen = ", ".join(["id", *[c.sent_sql() for c in columns]])
        self.duck = memory()
        self.query = f"SELECT {chosen} FROM read_parquet('{path}')"

    def read(self) -> Iterator[pa.Table]:
        """Everything, in the file's order."""
        reader = self.duck.sql(self.query).to_arrow_reader(100_000)
        yield reader.schema.empty_table()
        for batch in reader:
            yield pa.Table.from_batches([batch])

    def read_only(self, ids: pa.Table) -> pa.Table:
        """The rows of these ids."""
        self.duck.register("ids", ids)
        return self.duck.sql(f"{self.query} WHERE id IN (SELECT id FROM ids)").to_arrow_table()


def judge(
    sent: Path, found: FileFound | Readback, columns: tuple[Column, ...]
) -> tuple[set[str], set[tuple[str, str]]]:
    """Both looks; the ids that differ, and (id, field) of every difference."""
    duck = memory()
    relation = f"read_parquet('{sent}')"
    first = find_suspects(duck, columns, relation, found.read())
    if not first.suspects:
        return set(), set()
    again = found.read_only(duck.sql("SELECT id FROM suspect").to_arrow_table())
    duck.register("again", again)
    explain(duck, columns, relation, "again")
    located = set(duck.sql("SELECT id, field FROM difference").fetchall())
    duck.close()
    return {i for i, _ in located}, located


def judge_files(sent: Path, found: Path) -> int:
    """How many ids differ between two files."""
    columns = tuple(c for c in compared_columns(ENTITY) if c.name != CROSSWALK)
    return len(judge(sent, FileFound(found, columns), columns)[0])


def judge_table(
    settings: Settings, sent: Path, entity: Entity = ENTITY
) -> tuple[set[str], set[tuple[str, str]]]:
    """What differs between a file and the destination's table, through crosswalk and read-back."""
    with adbc(settings, "destination") as stream:
        return judge(sent, Readback(stream, COHORT, entity), compared_columns(entity))
