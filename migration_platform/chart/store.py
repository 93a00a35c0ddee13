"""Chart store: completeness as last looked at, samples of charts and judgements, in the platform store.

Reads and writes only. No patient data: charts appear as tokens of their patients.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from psycopg.types.json import Jsonb

from migration_platform.store import Store


def kept_completeness(
    store: Store, cohorts: Sequence[str]
) -> dict[str, tuple[str, dict[str, Any]]]:
    """Of each cohort that was looked at: the digest of the state that it was in then, and what was
    found."""
    rows = store.read(
        "SELECT cohort, digest, result FROM migration.completeness WHERE cohort = ANY(%s)",
        (list(cohorts),),
    )
    return {row["cohort"]: (row["digest"], row["result"]) for row in rows}


def find_sampled(store: Store, cohorts: Sequence[str]) -> set[str]:
    """Those of which a sample was drawn."""
    rows = store.read(
        "SELECT DISTINCT cohort FROM migration.chart_sample WHERE cohort = ANY(%s)",
        (list(cohorts),),
    )
    return {row["cohort"] for row in rows}


def keep_completeness(store: Store, cohort: str, digest: str, result: dict[str, Any]) -> None:
    with store.transaction() as c:
        c.execute(
            "INSERT INTO migration.completeness (cohort, digest, result) VALUES (%s, %s, %s) "
            "ON CONFLICT (cohort) DO UPDATE SET digest = excluded.digest, "
            "result = excluded.result, looked_at = now()",
            (cohort, digest, Jsonb(result)),
        )


def record_sample(
    store: Store,
    cohort: str,
    *,
    seed: int,
    population: int,
    population_digest: str,
    charts: Sequence[tuple[str, str, bool]],
) -> None:
    """Keep a sample. `charts` holds token, stratum, and whether it was drawn over all charts."""
    with store.transaction() as c:
        row = c.execute(
            "INSERT INTO migration.chart_sample (cohort, seed, population, population_digest) "
            "VALUES (%s, %s, %s, %s) RETURNING id",
            (cohort, seed, population, population_digest),
        ).fetchone()
        assert row is not None
        with c.cursor().copy(
            "COPY migration.sampled_chart (sample_id, place, token, stratum, is_random) FROM STDIN"
        ) as copy:
            for place, (token, stratum, is_random) in enumerate(charts, 1):
                copy.write_row((row["id"], place, token, stratum, is_random))


def samples_of(store: Store, cohort: str) -> list[dict[str, Any]]:
    """Every sample of a cohort, newest first, without its charts."""
    with store.transaction() as c:
        return c.execute(
            "SELECT id, seed, population, population_digest, drawn_at FROM migration.chart_sample "
            "WHERE cohort = %s ORDER BY id DESC",
            (cohort,),
        ).fetchall()


def charts_of(store: Store, sample: int) -> list[dict[str, Any]]:
    """A sample's charts in the order in which they were drawn."""
    with store.transaction() as c:
        return c.execute(
            "SELECT token, stratum, is_random FROM migration.sampled_chart WHERE sample_id = %s "
            "ORDER BY place",
            (sample,),
        ).fetchall()


def cohort_of_sampled(store: Store, token: str) -> str | None:
    """The cohort in which a chart was drawn, None if it never was."""
    with store.transaction() as c:
        row = c.execute(
            "SELECT s.cohort FROM migration.sampled_chart x JOIN migration.chart_sample s "
            "ON s.id = x.sample_id WHERE x.token = %s ORDER BY s.id DESC LIMIT 1",
            (token,),
        ).fetchone()
    return str(row["cohort"]) if row else None


def record_judgement(
    store: Store,
    cohort: str,
    token: str,
    *,
    is_right: bool,
    person: str,
    comment: str,
    chart_digest: str,
) -> None:
    with store.transaction() as c:
        c.execute(
            "INSERT INTO migration.chart_judgement (cohort, token, is_right, person, comment, "
            "chart_digest) VALUES (%s, %s, %s, %s, %s, %s)",
            (cohort, token, is_right, person, comment, chart_digest),
        )


def judgements_of(store: Store, cohort: str) -> dict[str, dict[str, Any]]:
    """The newest judgement of each chart, by token."""
    with store.transaction() as c:
        rows = c.execute(
            "SELECT DISTINCT ON (token) token, is_right, person, comment, chart_digest, judged_at "
            "FROM migration.chart_judgement WHERE cohort = %s ORDER BY token, id DESC",
            (cohort,),
        ).fetchall()
    return {row["token"]: row for row in rows}
