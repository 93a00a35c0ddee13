"""Verdict: what is measured of ours. The platform's own comparison, from files and from Postgres."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from benchmarks.synthetic import COHORT, ENTITY, memory
from migration_platform.database import adbc
from migration_platform.entity import Entity
from migration_platform.reconciliation.column import CROSSWALK, Column, compared_columns
from migration_platform.reconciliation.comparison import explain, find_suspects
from migration_platform.reconciliation.readback import Readback
from migration_platform.reconciliation.sent_record import read_sent
from migration_platform.settings import Settings


def judge(
    sent: Path, found: Path | Readback, columns: tuple[Column, ...]
) -> tuple[set[str], set[tuple[str, str]]]:
    """The ids that differ, and (id, field) of every difference. A table is looked at twice; a file
    once, since it is the same at every look."""
    with closing(memory()) as duck:
        read = read_sent(found, columns) if isinstance(found, Path) else found.read()
        first = find_suspects(duck, columns, read_sent(sent, columns), read)
        if first.suspects and isinstance(found, Readback):
            duck.register("again", found.read_only(duck.sql("FROM suspect").to_arrow_table()))
            explain(duck, columns, "again")
        else:
            explain(duck, columns)
        located = set(duck.sql("SELECT id, field FROM difference").fetchall())
    return {i for i, _ in located}, located


def judge_files(sent: Path, found: Path) -> int:
    """How many ids differ between two files."""
    columns = tuple(c for c in compared_columns(ENTITY) if c.name != CROSSWALK)
    return len(judge(sent, found, columns)[0])


def judge_table(
    settings: Settings, sent: Path, entity: Entity = ENTITY
) -> tuple[set[str], set[tuple[str, str]]]:
    """What differs between a file and the destination's table, through crosswalk and read-back."""
    with adbc(settings, "destination") as stream:
        return judge(sent, Readback(stream, COHORT, entity), compared_columns(entity))
