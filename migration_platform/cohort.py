"""Cohort: which patients a rule takes. Pure: frames in, frames out.

Rules stand in `waves.toml` (`wave.Cohort`); freezing a membership is I/O and stands in `membership`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import polars as pl

from migration_platform.wave import ATTRIBUTES, NONE, Cohort


def assign_cohorts(population: pl.DataFrame, cohorts: Sequence[Cohort]) -> pl.DataFrame:
    """Put every patient into the first cohort whose rule takes it.

    `population` has a row per patient: `patient`, `rank` (a text that orders patients without
    meaning, e.g. a hash of the id, so that a bounded cohort is not the first names of the alphabet)
    and the attributes (null where the source does not say). Returns `patient`, `cohort`; a patient
    no rule takes has a null cohort.
    """
    total = population.height
    left = population.select(
        "patient", "rank", *[pl.col(a).fill_null(NONE) for a in ATTRIBUTES]
    ).sort("rank", "patient")
    taken: list[pl.DataFrame] = []
    for cohort in cohorts:
        if cohort.orphans:
            continue
        accepts = pl.lit(True)
        for attribute, values in cohort.where.items():
            accepts = accepts & pl.col(attribute).is_in(list(values))
        chosen = left.filter(accepts)
        bounds = [b for b in (cohort.at_most, _part(cohort.share, total)) if b is not None]
        if bounds:
            chosen = chosen.head(min(bounds))
        taken.append(chosen.select("patient", pl.lit(cohort.name).alias("cohort")))
        left = left.join(chosen.select("patient"), on="patient", how="anti", maintain_order="left")
    taken.append(left.select("patient", pl.lit(None, pl.String).alias("cohort")))
    return pl.concat(taken)


def _part(share: float | None, total: int) -> int | None:
    return None if share is None else math.ceil(share * total)
