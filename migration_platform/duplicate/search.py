"""Search: all patients of the source, read at one instant and searched for duplicates.

Whole population, whatever cohort a patient is in or will be in: the other registration may be
anywhere. It proposes and decides nothing. What tells two patients apart is in `model`; what people do
about a pair, in `merging` and `resolution`.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime

import duckdb
import polars as pl

from migration_platform.duplicate.model import METHOD, find_pairs
from migration_platform.duplicate.pair_store import Member, PairRow, record_search
from migration_platform.duplicate.population import is_searched
from migration_platform.entity import Entity, Likeness, Translation
from migration_platform.errors import ConfigurationError
from migration_platform.exception.queue import queue_duplicates
from migration_platform.mapping import map_batch
from migration_platform.platform import Platform
from migration_platform.source.change import read_source_versions
from migration_platform.source.extraction import Scope, Snapshot
from migration_platform.source_record import POPULATION
from migration_platform.staging import DUCKDB_MEMORY, Staging, quote_text
from migration_platform.token import tokens
from migration_platform.transformation import assign_ids


@dataclass(frozen=True, slots=True)
class Found:
    """What a search came to. `left_out` are records that are no patients of their own: identical
    rows, repeated keys, test accounts."""

    number: int
    entity: str
    records: int
    left_out: int
    pairs: int
    clusters: int
    waiting: int

    @property
    def sentences(self) -> tuple[str, ...]:
        """What it came to, in words."""
        found = (
            f"{self.waiting:,} of {self.records:,} {self.entity} records may be a second registration."
            if self.waiting
            else f"None of {self.records:,} {self.entity} records looks like a second registration."
        )
        if not self.left_out:
            return (found,)
        return (
            found,
            f"Not compared: {self.left_out:,} test accounts, repeated rows and repeated keys.",
        )


def search_duplicates(platform: Platform) -> Found:
    """Search, keep what was found by token, and queue it for the cohorts that are transformed.

    Raises ConfigurationError if no entity says how its records are told apart, SourceError if the
    source cannot be read.
    """
    entity = find_searched(platform)
    staging, key = platform.staging, platform.settings.token_key()
    absent = platform.applicability[entity.name].absent
    read_at = datetime.now(UTC)
    with (
        platform.streaming("source") as source,
        staging.connect() as duck,
        staging.replacing(POPULATION, entity.name, "extract") as path,
        staging.replacing(POPULATION, entity.name, "ends") as ends_path,
    ):
        snapshot = Snapshot(source, Scope(None), duck)
        rows, digest = snapshot.write(entity, absent, path)
        versions = read_source_versions(source, entity, Scope(None))
        cursor = duck.sql(
            f"SELECT *, {assign_ids(entity.name)} AS _id FROM read_parquet({quote_text(str(path))}) "
            "ORDER BY _source_id"
        )
        frame = pl.DataFrame(pl.from_arrow(cursor.to_arrow_table()))
        ends = map_batch(entity, frame, {}, absent=absent).ends
        ends.write_parquet(ends_path)
    records = read_likeness(entity, frame, ends)
    with closing(_open_alone(staging)) as alone:
        pairs, clusters = find_pairs(
            records.to_arrow(compat_level=pl.CompatLevel.oldest()), _likeness(entity), alone
        )
    ranked = rank_members(frame, ends, clusters)
    named = dict(zip(clusters, tokens(key, entity.name, list(clusters)), strict=True))
    known = {row["source_id"]: row for row in ends.iter_rows(named=True)}
    members = [
        Member(named[r], number, place, known[r]["end"], known[r]["rule"] or "")
        for number, names in enumerate(sorted(ranked, key=lambda n: named[n[0]]), 1)
        for place, r in enumerate(names)
    ]
    number = record_search(
        platform.store,
        entity=entity.name,
        records=rows,
        digest=digest,
        method=METHOD,
        read_at=read_at,
        versions=versions.digest,
        members=members,
        pairs=[
            PairRow(
                named[p.record],
                named[p.other],
                p.probability,
                p.weight,
                list(p.agrees),
                list(p.differs),
            )
            for p in pairs
        ],
    )
    for cohort in platform.plan.cohorts:
        if staging.path(cohort.name, entity.name, "ends").exists():
            queue_duplicates(platform, cohort.name, entity.name)
    return Found(
        number=number,
        entity=entity.name,
        records=rows,
        left_out=rows - records.height,
        pairs=len(pairs),
        clusters=len(ranked),
        waiting=len(members) - len(ranked),
    )


def find_searched(platform: Platform) -> Entity:
    """The entity of the population, if it says by which fields its records are told apart."""
    for entity in platform.entities.values():
        if is_searched(platform, entity):
            if platform.applicability[entity.name].applicable:
                return entity
            raise ConfigurationError(
                f"{entity.name} is not applicable for this source: "
                f"{platform.applicability[entity.name].reason}"
            )
    raise ConfigurationError(
        f"no entity read from {platform.plan.population['table']} declares a likeness: say in its file of assets/entities by "
        "which fields two records of one person are known (docs/exceptions.md)"
    )


def read_likeness(entity: Entity, frame: pl.DataFrame, ends: pl.DataFrame) -> pl.DataFrame:
    """The fields that are compared, as the mapping reads them, of the records that are somebody's
    own; column `record` is the source id. In order of it. Spelled fields in small letters."""
    likeness, values = _likeness(entity), []
    by_name = {f.name: f.origin for f in entity.fields}
    for name in likeness.fields:
        origin = by_name.get(name)
        if not isinstance(origin, Translation):
            raise ConfigurationError(
                f"{entity.name}: its likeness names {name}, which is no translated field"
            )
        value = origin.value.str.to_lowercase() if name in likeness.spelled else origin.value
        values.append(value.alias(name))
    own = ends.filter(pl.col("end") != "excluded").select("source_id")
    return (
        frame.filter(pl.col("_repeat").is_null())
        .join(own, left_on="_source_id", right_on="source_id", how="semi")
        .sort("_source_id")
        .select(pl.col("_source_id").alias("record"), *values)
    )


def rank_members(
    frame: pl.DataFrame, ends: pl.DataFrame, clusters: Mapping[str, str]
) -> list[list[str]]:
    """The records of each cluster, the one first that the others would be merged into.

    One that the source's own rule suspects comes last, then one that stays behind; of equals the one
    that says more, then by name.
    """
    filled = pl.sum_horizontal(
        pl.col(c).str.strip_chars().fill_null("") != "" for c in frame.columns if c[0] != "_"
    )
    rows = (
        frame.select("_source_id", "_suspect", filled.alias("filled"))
        .filter(pl.col("_source_id").is_in(list(clusters)))
        .join(ends.select("source_id", "end"), left_on="_source_id", right_on="source_id")
    )
    found: dict[str, list[tuple[bool, bool, int, str]]] = {}
    for name, suspect, said, end in rows.iter_rows():
        rank = (bool(suspect), end == "archived", -int(said), name)
        found.setdefault(clusters[name], []).append(rank)
    return [[name for *_, name in sorted(ranks)] for ranks in found.values()]


def _likeness(entity: Entity) -> Likeness:
    assert entity.likeness is not None
    return entity.likeness


def _open_alone(staging: Staging) -> duckdb.DuckDBPyConnection:
    """A DuckDB of its own, of one thread: sums come out the same each time."""
    duck = duckdb.connect()
    spill = staging.root / ".spill"
    spill.mkdir(parents=True, exist_ok=True, mode=0o700)
    for setting in (
        f"memory_limit = '{DUCKDB_MEMORY}'",
        "threads = 1",
        f"temp_directory = {quote_text(str(spill))}",
    ):
        duck.execute(f"SET {setting}").fetchall()
    return duck
