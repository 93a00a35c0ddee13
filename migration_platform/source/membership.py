"""Membership: the patients of a cohort, frozen at its first extract.

Rules are in `waves.toml`, their meaning in `cohort`. Once frozen, a cohort neither loses nor gains a
patient, whatever the source says later; a patient belongs to one cohort (a primary key keeps it so).
"""

from __future__ import annotations

from datetime import datetime

import polars as pl
import psycopg
from psycopg import sql

from migration_platform.cohort import assign_cohorts
from migration_platform.errors import ConfigurationError
from migration_platform.wave import ATTRIBUTES, Cohort, Plan


def read_population(
    source: psycopg.Connection,
    plan: Plan,
    columns: frozenset[str],
    states: dict[str, str],
) -> pl.DataFrame:
    """Every patient of the source with the attributes that rules are over (`assign_cohorts`).

    An attribute whose column the source lacks is null. States are compared in their two-letter
    form (`states` gives it by any known spelling, casefolded).
    """
    key = plan.population["key"]
    chosen = []
    for attribute in ATTRIBUTES:
        column = plan.population.get(attribute)
        chosen.append(
            sql.SQL("NULLIF(btrim({}::text), '')").format(sql.Identifier(column))
            if column in columns
            else sql.SQL("NULL::text")
        )
    query = sql.SQL(
        "SELECT DISTINCT ON (btrim({key}::text)) btrim({key}::text), md5(btrim({key}::text)), "
        "{attributes} FROM {table} WHERE btrim({key}::text) <> '' ORDER BY btrim({key}::text)"
    ).format(
        key=sql.Identifier(key),
        attributes=sql.SQL(", ").join(chosen),
        table=sql.Identifier(plan.population["table"]),
    )
    names = ("patient", "rank", *ATTRIBUTES)
    rows = source.execute(query).fetchall()
    frame = pl.DataFrame(rows, schema=dict.fromkeys(names, pl.String), orient="row")
    state = pl.col("state").str.to_lowercase()
    return frame.with_columns(state.replace_strict(states, default=state.str.to_uppercase()))


def frozen_members(destination: psycopg.Connection, cohort: str) -> list[str] | None:
    """The cohort's patients by source id, None if it is not frozen yet."""
    frozen = destination.execute(
        "SELECT patients FROM migration.cohort WHERE name = %s", (cohort,)
    ).fetchone()
    if frozen is None:
        return None
    rows = destination.execute(
        "SELECT patient FROM migration.cohort_member WHERE cohort = %s ORDER BY patient", (cohort,)
    ).fetchall()
    if len(rows) != frozen[0]:
        raise ConfigurationError(
            f"cohort {cohort} was frozen with {frozen[0]:,} patients, and its list now has "
            f"{len(rows):,}. migration.cohort_member was changed by hand: restore it."
        )
    return [r[0] for r in rows]


def freeze(
    destination: psycopg.Connection,
    plan: Plan,
    cohort: Cohort,
    population: pl.DataFrame,
    newest_record: datetime | None,
) -> list[str]:
    """Fix who belongs to a cohort; returns its patients by source id.

    Patients of cohorts frozen earlier stay where they are. `newest_record` is kept as the cohort's
    as-of date unless the plan states one. Raises ConfigurationError if a patient
    falls under no rule, or if the wave grows past its stated bound.
    """
    with destination.transaction():
        destination.execute("SELECT pg_advisory_xact_lock(720919)")
        already = frozen_members(destination, cohort.name)
        if already is not None:
            return already
        taken = destination.execute("SELECT patient FROM migration.cohort_member").fetchall()
        frozen = {r[0] for r in destination.execute("SELECT name FROM migration.cohort").fetchall()}
        known = pl.DataFrame({"patient": [r[0] for r in taken]}, schema={"patient": pl.String})
        assigned = assign_cohorts(population, plan.cohorts).join(known, on="patient", how="anti")
        # A rule of a frozen cohort takes nobody any more: those it would take go to the next rule.
        late = assigned.filter(pl.col("cohort").is_in(sorted(frozen)))["patient"]
        if late.len():
            again = population.filter(pl.col("patient").is_in(late.implode()))
            open_rules = [c for c in plan.cohorts if c.name not in frozen]
            moved = assign_cohorts(again, open_rules)
            assigned = pl.concat(
                [assigned.filter(~pl.col("cohort").is_in(sorted(frozen)).fill_null(False)), moved]
            )
        nowhere = assigned["cohort"].null_count()
        if nowhere:
            raise ConfigurationError(
                f"{nowhere:,} patients fall under no cohort's rule in {plan.file.name}. Give the "
                "last cohort a rule that takes all who are left (a [[wave.cohort]] without where)."
            )
        members = assigned.filter(pl.col("cohort") == cohort.name)["patient"].sort().to_list()
        wave = plan.wave(cohort.wave)
        so_far = destination.execute(
            "SELECT COALESCE(sum(patients), 0) FROM migration.cohort WHERE wave = %s", (wave.name,)
        ).fetchone()
        total = int(so_far[0] if so_far else 0) + len(members)
        if wave.max_patients is not None and total > wave.max_patients:
            raise ConfigurationError(
                f"{plan.file.name}, line {wave.line}: wave {wave.name} may have "
                f"{wave.max_patients:,} patients, and with cohort {cohort.name} it has {total:,}. "
                "Bound the cohort (at_most, share), or raise max_patients on purpose."
            )
        destination.execute(
            "INSERT INTO migration.cohort (name, wave, place, patients, as_of) "
            "VALUES (%s, %s, %s, %s, %s)",
            (
                cohort.name,
                wave.name,
                plan.waves.index(wave),
                len(members),
                plan.as_of or newest_record,
            ),
        )
        with destination.cursor().copy(
            "COPY migration.cohort_member (patient, cohort) FROM STDIN"
        ) as copy:
            for patient in members:
                copy.write_row((patient, cohort.name))
    return members


def all_members(destination: psycopg.Connection) -> list[str]:
    """Every patient of a frozen cohort, by source id."""
    rows = destination.execute("SELECT patient FROM migration.cohort_member ORDER BY 1").fetchall()
    return [r[0] for r in rows]


def count_unassigned(source: psycopg.Connection, plan: Plan, members: list[str]) -> int:
    """Patients of the source who are in no frozen cohort."""
    row = source.execute(
        sql.SQL(
            "SELECT count(*) FROM (SELECT DISTINCT btrim({key}::text) AS id FROM {table} "
            "WHERE btrim({key}::text) <> '') p WHERE NOT EXISTS "
            "(SELECT FROM unnest(%s::text[]) m(id) WHERE m.id = p.id)"
        ).format(
            key=sql.Identifier(plan.population["key"]),
            table=sql.Identifier(plan.population["table"]),
        ),
        (members,),
    ).fetchone()
    return int(row[0]) if row else 0
