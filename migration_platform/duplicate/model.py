"""Model: which records of one kind are probably of the same person, by Splink on DuckDB.

Records in, pairs and clusters out; nothing is read or kept here. Splink weighs each field by how often
it agrees among the same person's records (learned by expectation maximisation) and among any two
records (counted). The same records give the same pairs: one thread, a fixed seed, records in order.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass

import duckdb
import pyarrow as pa

from migration_platform.entity import Likeness
from migration_platform.staging import quote_name

PROBABILITY = 0.95
"""From which probability on a pair is proposed."""

SHARE = 0.01
"""The share of records assumed to be second registrations, before anything is known."""

SEED = 20_261
SAMPLED_PAIRS = 2_000_000
"""Pairs of any two records that are looked at, to know how often strangers agree."""

TRAINING_PAIRS = 1_000_000
SPELLINGS = (0.92, 0.80)
"""Jaro-Winkler likeness of texts that are nearly the same, and that are alike."""

METHOD = f"splink, duckdb, probability {PROBABILITY}, seed {SEED}"


@dataclass(frozen=True, slots=True)
class Pair:
    """Two records that are probably of one person, in order of their names. `weight` is the base-2
    logarithm of the odds; `agrees` and `differs` are the fields that speak for it and against it."""

    record: str
    other: str
    probability: float
    weight: float
    agrees: tuple[str, ...]
    differs: tuple[str, ...]


def find_pairs(
    records: pa.Table, likeness: Likeness, duck: duckdb.DuckDBPyConnection
) -> tuple[list[Pair], dict[str, str]]:
    """The pairs among the records, and of each record in a pair the name of its cluster.

    `records` has a column `record`, its name, and one for each field of `likeness`, in order of their
    names. `duck` is a connection of its own, of one thread: Splink keeps its tables there.
    """
    from splink import DuckDBAPI, Linker, SettingsCreator, block_on
    from splink import comparison_library as compare

    if records.num_rows < 2:
        return [], {}
    blocks = [block_on(*map(quote_name, names)) for names in likeness.blocks]
    settings = SettingsCreator(
        link_type="dedupe_only",
        unique_id_column_name="record",
        probability_two_random_records_match=2 * SHARE / max(records.num_rows - 1, 2),
        blocking_rules_to_generate_predictions=[*blocks],
        comparisons=[
            *[compare.JaroWinklerAtThresholds(n, list(SPELLINGS)) for n in likeness.spelled],
            *[compare.DateOfBirthComparison(n, input_is_string=False) for n in likeness.dates],
            *[compare.ExactMatch(n) for n in likeness.exact],
        ],
        retain_intermediate_calculation_columns=True,
        retain_matching_columns=False,
    )
    linker = Linker(DuckDBAPI(duck).register(records), settings, log_level=logging.ERROR)
    linker.training.estimate_u_using_random_sampling(max_pairs=SAMPLED_PAIRS, seed=SEED)
    duck.register("likeness_record", records)
    for names, block in list(zip(likeness.blocks, blocks, strict=True))[:2]:
        if _has_pair(duck, names):
            linker.training.estimate_parameters_using_expectation_maximisation(
                block, max_pairs=TRAINING_PAIRS
            )
    scored = linker.inference.predict(threshold_match_probability=PROBABILITY)
    clusters = linker.clustering.cluster_pairwise_predictions_at_threshold(scored)
    pairs = sorted(
        (_pair(row, likeness.fields) for row in scored.as_record_list()),
        key=lambda p: (p.record, p.other),
    )
    paired = {name for p in pairs for name in (p.record, p.other)}
    return pairs, {
        row["record"]: row["cluster_id"]
        for row in clusters.as_record_list()
        if row["record"] in paired
    }


def _has_pair(duck: duckdb.DuckDBPyConnection, names: Sequence[str]) -> bool:
    """Whether two records share a block: without one there is nothing to learn from it."""
    columns = ", ".join(map(quote_name, names))
    known = " AND ".join(f"{quote_name(name)} IS NOT NULL" for name in names)
    return bool(
        duck.execute(
            f"SELECT count(*) FROM (SELECT 1 FROM likeness_record WHERE {known} GROUP BY {columns} "
            "HAVING count(*) > 1)"
        ).fetchall()[0][0]
    )


def _pair(row: dict[str, object], fields: Sequence[str]) -> Pair:
    weights = {name: float(str(row[f"mw_{name}"])) for name in fields}
    first, second = sorted((str(row["record_l"]), str(row["record_r"])))
    return Pair(
        first,
        second,
        # A model is never certain: what would be rounded to 1 is not.
        min(round(float(str(row["match_probability"])), 4), 0.9999),
        round(float(str(row["match_weight"])), 2),
        tuple(name for name in fields if weights[name] > 0),
        tuple(name for name in fields if weights[name] < 0),
    )
