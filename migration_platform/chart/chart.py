"""Chart: one patient's whole chart, source beside destination, for a person to check by eye.

It holds patient data on purpose: it goes to the terminal of whoever asked, and nowhere else. Which
charts are checked, and what was judged of them, stands in `chart.review`; one record's whole way in
`trace`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from psycopg import sql
from psycopg.rows import dict_row

from migration_platform.duplicate.stand_in import find_merged
from migration_platform.entity import Entity
from migration_platform.errors import MigrationError
from migration_platform.platform import Platform
from migration_platform.staging import quote_name, quote_text
from migration_platform.token import token, tokens

PATIENT = "patient"


@dataclass(frozen=True, slots=True)
class ChartField:
    """A field: what the source says in its columns, what was sent, and what the destination holds."""

    name: str
    source: dict[str, str | None]
    sent: str | None
    destination: str | None
    differs: bool


@dataclass(frozen=True, slots=True)
class ChartRecord:
    """A record of the chart. `state`: loaded, missing (sent and not there), unexpected (there and
    not sent), or the end that kept it on the source, with the rule behind it."""

    entity: str
    token: str
    state: str
    rule: str
    fields: tuple[ChartField, ...]

    @property
    def differing(self) -> int:
        return sum(f.differs for f in self.fields)


@dataclass(frozen=True, slots=True)
class ChartView:
    """A patient's chart: the patient first, then everything that hangs on them."""

    cohort: str
    token: str
    records: tuple[ChartRecord, ...]


def read_chart(platform: Platform, name: str) -> ChartView:
    """The chart of the patient with this token. Raises MigrationError if no cohort has them."""
    found = _find(platform, name)
    if found is None:
        raise MigrationError(
            f"no patient of a cohort that was transformed has the token {name}. "
            "`migration sample-charts` lists tokens."
        )
    cohort, patient, destination_id = found
    # With it goes whatever moved as this patient's.
    homes = [(cohort, patient), *find_merged(platform, PATIENT, name)]
    records = [
        record
        for entity in platform.cohort_entities(cohort)
        for record in _records(platform, homes, platform.entity(entity), destination_id)
    ]
    return ChartView(cohort, name, tuple(records))


def _find(platform: Platform, name: str) -> tuple[str, str, str] | None:
    key = platform.settings.token_key()
    with platform.staging.connect() as duck:
        for cohort in (c.name for c in platform.plan.cohorts):
            path = platform.staging.path(cohort, PATIENT, "ends")
            if not path.exists():
                continue
            rows = duck.execute(f"SELECT source_id, id FROM {_parquet(path)}").fetchall()
            marks = tokens(key, PATIENT, [r[0] for r in rows])
            if name in marks:
                return (cohort, *rows[marks.index(name)])
    return None


def _records(
    platform: Platform, homes: Sequence[tuple[str, str]], entity: Entity, patient_id: str
) -> Iterator[ChartRecord]:
    key = platform.settings.token_key()
    staged = [row for home in homes for row in _staged(platform, *home, entity)]
    there = _there(platform, entity, [row["id"] for row in staged], patient_id)
    for row in staged:
        held = there.pop(row["id"], None)
        mapped = {n[2:]: v for n, v in row.items() if n.startswith("m:")}
        source = {n[2:]: v for n, v in row.items() if n.startswith("s:")}
        sent = row["end"] == "mapped"
        state = row["end"] if not sent else "missing" if held is None else "loaded"
        yield ChartRecord(
            entity.name,
            token(key, entity.name, row["source_id"]),
            state,
            row["rule"] or "",
            tuple(
                ChartField(
                    f.name,
                    {c: source.get(c) for c in f.columns},
                    _say(mapped.get(f.name)),
                    _say((held or {}).get(f.name)),
                    state == "loaded" and not _same(mapped.get(f.name), (held or {}).get(f.name)),
                )
                for f in entity.fields
            ),
        )
    for identifier, held in there.items():
        yield ChartRecord(
            entity.name,
            token(key, entity.name, identifier),
            "unexpected",
            "",
            tuple(
                ChartField(f.name, {}, None, _say(held.get(f.name)), True) for f in entity.fields
            ),
        )


def _staged(platform: Platform, cohort: str, patient: str, entity: Entity) -> list[dict[str, Any]]:
    """The patient's records of an entity: end, rule, source columns (`s:`) and mapped values (`m:`)."""
    paths = {
        k: platform.staging.path(cohort, entity.name, k) for k in ("extract", "ends", "mapped")
    }
    if not all(path.exists() for path in paths.values()):
        return []
    source = [f"s.{quote_name(c)} AS {quote_name(f's:{c}')}" for c in entity.columns]
    mapped = [f"m.{quote_name(f.name)} AS {quote_name(f'm:{f.name}')}" for f in entity.fields]
    with platform.staging.connect() as duck:
        table = duck.sql(
            f'SELECT e.source_id, e.id, e."end", e.rule, {", ".join([*source, *mapped])} '
            f"FROM {_parquet(paths['ends'])} e "
            f"JOIN {_parquet(paths['extract'])} s ON s._source_id = e.source_id "
            f"LEFT JOIN {_parquet(paths['mapped'])} m ON m.id = e.id "
            "WHERE e.patient = ? ORDER BY e.source_id",
            params=[patient],
        ).to_arrow_table()
    rows: list[dict[str, Any]] = table.to_pylist()
    return rows


def _there(
    platform: Platform, entity: Entity, ids: Sequence[str], patient_id: str
) -> dict[str, dict[str, Any]]:
    """The destination's rows with these ids, and those that hang on the patient, by id."""
    owner = next((f.name for f, r in entity.references if r.entity == PATIENT and f.required), "id")
    with platform.destination() as connection, connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(
            sql.SQL("SELECT * FROM {} WHERE id = ANY(%s::uuid[]) OR {} = %s ORDER BY id").format(
                sql.Identifier(entity.name), sql.Identifier(owner)
            ),
            (list(ids), patient_id),
        ).fetchall()
    return {str(row["id"]): row for row in rows}


def _same(sent: Any, found: Any) -> bool:
    """Typed values of both sides: numbers by value, instants by instant, ids as text."""
    return bool(sent == (str(found) if isinstance(found, UUID) else found))


def _say(value: Any) -> str | None:
    return None if value is None else str(value)


def _parquet(path: object) -> str:
    return f"read_parquet({quote_text(str(path))})"
