"""Completeness: which patients' charts are whole at the destination, and what the others lack.

The comparison counts records; a patient has a chart. A chart is fragmented if one of its records
waits for a person, is missing, hangs on another patient, or lost its link to a practitioner or
another reference record. What follows from that for a wave is decided in `promotion`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from migration_platform.entity import Entity
from migration_platform.exception.ruling import MERGED
from migration_platform.reconciliation.column import quote_name, quote_text
from migration_platform.reconciliation.readback import PATIENT

MOVES = f"(\"end\" = 'mapped' OR rule = {quote_text(MERGED)})"
"""Of the ends of patients: whose chart moves, as their own or as that of whom they are merged into."""

SAMPLES = 5
"""Charts that a gap names by token."""

MISSING, ELSEWHERE, BROKEN, WAITING = KINDS = (
    "missing at the destination",
    "hanging on another patient",
    "with a broken link",
    "waiting for a person",
)
"""What a chart's records can be, as it reads behind their number. What is wrong comes first."""


@dataclass(frozen=True, slots=True)
class StagedEntity:
    """An entity that a cohort moves, and its staged files."""

    entity: Entity
    snapshot: Path
    ends: Path
    mapped: Path
    differences: Path


@dataclass(frozen=True, slots=True)
class Gap:
    """Records that charts lack, of one entity and kind. `field` is that of a broken link."""

    kind: str
    entity: str
    field: str
    records: int
    charts: int
    tokens: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Completeness:
    """A cohort's charts: those of its patients who are loaded, or merged into another. `patients` are
    all it has, loaded, archived, excluded or waiting."""

    patients: int
    charts: int
    whole: int
    gaps: tuple[Gap, ...]

    @property
    def fragmented(self) -> int:
        return self.charts - self.whole


def find_gaps(
    sql: duckdb.DuckDBPyConnection,
    staged: Sequence[StagedEntity],
    name_patients: Callable[[Sequence[str]], list[str]],
) -> Completeness:
    """Look at every chart of a cohort. `staged` are its applicable entities, the patients' among
    them; `name_patients` gives a token for each patient's source id."""
    people = next(s for s in staged if s.entity.name == PATIENT)
    ends = _parquet(people.ends)
    sql.execute(
        "CREATE OR REPLACE TEMP TABLE chart AS SELECT source_id AS patient "
        f"FROM {ends} WHERE {MOVES}"
    ).fetchall()
    sql.execute(
        "CREATE OR REPLACE TEMP TABLE gap (patient VARCHAR, id VARCHAR, entity VARCHAR, "
        "field VARCHAR, kind VARCHAR)"
    ).fetchall()
    for each in staged:
        sql.execute(f"INSERT INTO gap {' UNION '.join(_gaps(each))}").fetchall()
    rows = sql.execute(
        "SELECT kind, entity, field, count(DISTINCT id), count(DISTINCT patient), "
        "list(DISTINCT patient ORDER BY patient)[:?] FROM gap "
        "WHERE patient IN (SELECT patient FROM chart) GROUP BY ALL",
        [SAMPLES],
    ).fetchall()
    gaps = [
        Gap(kind, entity, field, records, charts, tuple(name_patients(patients)))
        for kind, entity, field, records, charts, patients in rows
    ]
    charts = _one(sql, "SELECT count(*) FROM chart")
    fragmented = _one(sql, "SELECT count(*) FROM chart WHERE patient IN (SELECT patient FROM gap)")
    result = Completeness(
        patients=_one(sql, f"SELECT count(*) FROM {ends}"),
        charts=charts,
        whole=charts - fragmented,
        gaps=tuple(
            sorted(gaps, key=lambda g: (KINDS.index(g.kind), -g.records, g.entity, g.field))
        ),
    )
    sql.execute("DROP TABLE chart; DROP TABLE gap").fetchall()
    return result


def _gaps(staged: StagedEntity) -> list[str]:
    """A query for each way in which records of this entity leave a gap: patient, id, entity, field,
    kind."""
    entity = staged.entity
    ends, differences = _parquet(staged.ends), _parquet(staged.differences)
    links = [(f.name, r) for f, r in entity.references if not r.same_patient]
    names = ", ".join(quote_text(name) for name, _ in links) or "NULL"
    owner = next((f.name for f, r in entity.references if r.entity == PATIENT and f.required), None)
    mine = quote_text(entity.name)
    differing = (
        f"SELECT e.patient, e.id, {mine}, %s, %s FROM {differences} d "
        f"JOIN {ends} e ON e.id = d.id WHERE %s"
    )
    queries = [
        f"SELECT patient, id, {mine}, CASE WHEN field IN ({names}) THEN field ELSE '' END, "
        f"CASE WHEN field IN ({names}) THEN '{BROKEN}' ELSE '{WAITING}' END "
        f"FROM {ends} WHERE \"end\" = 'excepted'",
        differing % ("''", f"'{MISSING}'", "d.status = 'missing'"),
    ]
    if owner is not None:
        queries.append(
            differing
            % (
                "''",
                f"'{ELSEWHERE}'",
                f"d.status = 'mismatched' AND d.field = {quote_text(owner)}",
            )
        )
    if links:
        queries.append(
            differing
            % ("d.field", f"'{BROKEN}'", f"d.status = 'mismatched' AND d.field IN ({names})")
        )
    for name, reference in links:
        none = ", ".join(quote_text(t) for t in ("", *reference.absent))
        queries.append(
            f"SELECT s._patient, m.id, {mine}, {quote_text(name)}, '{BROKEN}' "
            f"FROM {_parquet(staged.mapped)} m "
            f"JOIN {_parquet(staged.snapshot)} s ON s._source_id = m.source_id "
            f"WHERE m.{quote_name(name)} IS NULL "
            f"AND trim(s.{quote_name(reference.column)}) NOT IN ({none})"
        )
    return queries


def _parquet(path: Path) -> str:
    return f"read_parquet({quote_text(str(path))})"


def _one(sql: duckdb.DuckDBPyConnection, query: str) -> int:
    return int(sql.execute(query).fetchall()[0][0])
