"""Chart fact: what makes a patient's chart a risk, and the digest of what was sent of it.

Facts for a sample that people check by eye (`chart.sample`), read from staging for all charts of a
cohort at once.
"""

from __future__ import annotations

from collections.abc import Sequence

import duckdb

from migration_platform.chart.sample import Chart
from migration_platform.reconciliation.column import quote_name, quote_text
from migration_platform.reconciliation.completeness import MOVES, StagedEntity
from migration_platform.reconciliation.readback import PATIENT

RARE_SHARE = 50
"""A code is rare if at most one chart in so many has it (one chart, in a small cohort)."""


def read_charts(sql: duckdb.DuckDBPyConnection, staged: Sequence[StagedEntity]) -> dict[str, Chart]:
    """The charts of a cohort's patients that move, by the patient's source id. `staged` are its
    applicable entities, the patients' among them."""
    people = next(s for s in staged if s.entity.name == PATIENT)
    records = " UNION ALL ".join(
        f'SELECT {quote_text(s.entity.name)} AS entity, patient, id, "end" FROM {_parquet(s.ends)}'
        for s in staged
    )
    sent = " UNION ALL ".join(
        f"SELECT {quote_text(s.entity.name)} AS entity, id, fingerprint FROM {_parquet(s.mapped)}"
        for s in staged
    )
    codes = [
        f"SELECT {quote_text(s.entity.name)} AS entity, {quote_text(f.name)} AS field, e.patient, "
        f"m.{quote_name(f.name)} AS code FROM {_parquet(s.mapped)} m "
        f"JOIN {_parquet(s.ends)} e ON e.id = m.id"
        for s in staged
        for f in s.entity.fields
        if f.type == "text" and (f.name == "code" or f.name.endswith("_code"))
    ] or [
        "SELECT '' AS entity, '' AS field, NULL::varchar AS patient, NULL::varchar AS code LIMIT 0"
    ]
    rows = sql.execute(
        "WITH chart AS (SELECT source_id AS patient FROM "
        f"{_parquet(people.ends)} WHERE {MOVES}), "
        f"record AS (SELECT * FROM ({records}) WHERE patient IN (SELECT patient FROM chart)), "
        "counted AS (SELECT patient, count(*) AS records, "
        "count(*) FILTER (WHERE \"end\" = 'excepted') AS waiting FROM record GROUP BY patient), "
        "digest AS (SELECT r.patient, md5(string_agg(r.entity || ' ' || r.id || ' ' || "
        "s.fingerprint, '|' ORDER BY r.entity, r.id)) AS digest FROM record r "
        f"JOIN ({sent}) s ON s.entity = r.entity AND s.id = r.id GROUP BY r.patient), "
        f"code AS (SELECT DISTINCT * FROM ({' UNION ALL '.join(codes)}) "
        "WHERE code IS NOT NULL AND patient IN (SELECT patient FROM chart)), "
        "rare AS (SELECT patient, count(*) AS codes FROM code JOIN (SELECT entity, field, code FROM "
        "code GROUP BY ALL HAVING count(*) <= greatest(1, (SELECT count(*) FROM chart) // "
        f"{RARE_SHARE})) USING (entity, field, code) GROUP BY patient) "
        "SELECT c.patient, n.records, n.waiting, COALESCE(r.codes, 0), d.digest FROM chart c "
        "JOIN counted n USING (patient) JOIN digest d USING (patient) "
        "LEFT JOIN rare r USING (patient) ORDER BY c.patient"
    ).fetchall()
    return {
        patient: Chart(patient, records, waiting, rare, digest)
        for patient, records, waiting, rare, digest in rows
    }


def _parquet(path: object) -> str:
    return f"read_parquet({quote_text(str(path))})"
