"""Mapping: one batch of source records in, mapped records and everybody's end out.

Pure Polars over small frames: no file, no database. Which batch, and where the result goes, is in
`stage`. The order in which a record's end is decided stands in `_outcomes` and nowhere else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import polars as pl

from migration_platform.entity import POLARS_TYPE, End, Entity, Reference, Translation
from migration_platform.exception.ruling import MERGED, NO_RULINGS, SUSPECTED, Rulings

ENDS_SCHEMA: dict[str, pl.DataType] = {
    "source_id": pl.String(),
    "id": pl.String(),
    "patient": pl.String(),
    "end": pl.String(),
    "rule": pl.String(),
    "kind": pl.String(),
    "field": pl.String(),
}
"""One row a source record: its end, the rule that decided it, and for an exception its kind and
field. The fields that the entity `carries` follow."""

OWN = ("patient", "rule", "kind", "field")
"""What a merged record's end keeps of its own: whose chart it heads, and why it stays behind."""


@dataclass(frozen=True, slots=True)
class Mapped:
    """What became of a batch. `records` has id, source_id and the entity's fields; `ends` a row each."""

    records: pl.DataFrame
    ends: pl.DataFrame


@dataclass(frozen=True, slots=True)
class _Outcome:
    when: pl.Expr
    end: End
    rule: pl.Expr
    kind: str
    field: str


def ends_schema(entity: Entity) -> dict[str, pl.DataType]:
    """Columns and types of an entity's ends, carried fields included."""
    types = {f.name: POLARS_TYPE[f.type] for f in entity.fields}
    return {**ENDS_SCHEMA, **{name: types[name] for name in entity.carries}}


def records_schema(entity: Entity) -> dict[str, pl.DataType]:
    """Columns and types of an entity's mapped records."""
    return {
        "id": pl.String(),
        "source_id": pl.String(),
        **{f.name: POLARS_TYPE[f.type] for f in entity.fields},
    }


def map_batch(
    entity: Entity,
    batch: pl.DataFrame,
    parents: Mapping[str, pl.DataFrame],
    *,
    window_start: datetime | None = None,
    absent: frozenset[str] = frozenset(),
    rulings: Rulings = NO_RULINGS,
) -> Mapped:
    """Map a batch of source records.

    `batch` holds the entity's source columns (text; null where the source lacks one) and what
    extract adds: `_id`, `_source_id`, `_patient`, `_repeat`, `_suspect`. `parents` gives the ends of
    each referenced entity (`ends_schema`); an entity without an entry is not applicable for this
    source. `absent` names the columns that the source lacks. Records from before `window_start`
    (UTC) are archived if the entity has a retention rule. `rulings` is what people decided about
    single records. Every row of `batch` has one row in `ends`, whatever happens.
    """
    frame = _join_parents(entity, apply_rulings(batch, rulings), parents, rulings)
    if rulings.while_merged:
        merged = [pl.col(c) for c in frame.columns if c.endswith(".merged")] or [pl.lit(False)]
        ended = pl.col("_source_id").is_in(list(rulings.while_merged)) & ~pl.any_horizontal(merged)
        frame = frame.with_columns(pl.when(~ended).then("_ruling").alias("_ruling"))
    translated: list[pl.Expr] = []
    for each in entity.fields:
        value = (
            pl.col(f"{each.name}.id") if isinstance(each.origin, Reference) else each.origin.value
        )
        translated.append(value.cast(POLARS_TYPE[each.type]).alias(f"{each.name}="))
        if isinstance(each.origin, Translation) and each.origin.problem is not None:
            translated.append(each.origin.problem.cast(pl.String).alias(f"{each.name}!"))
    frame = frame.with_columns(translated)

    outcomes = _outcomes(entity, frame, frozenset(parents), window_start, absent)
    number = pl.coalesce(
        [pl.when(o.when).then(pl.lit(i, pl.Int32)) for i, o in enumerate(outcomes)]
    )
    frame = frame.with_columns(number.alias("_outcome"))
    rule = pl.lit(None, pl.String)
    for i, outcome in reversed(list(enumerate(outcomes))):
        rule = pl.when(pl.col("_outcome") == i).then(outcome.rule).otherwise(rule)

    def chosen(values: list[str]) -> pl.Expr:
        return pl.col("_outcome").replace_strict(
            list(range(len(values))),
            [v or None for v in values],
            default=None,
            return_dtype=pl.String,
        )

    frame = frame.with_columns(
        chosen([o.end for o in outcomes]).fill_null("mapped").alias("_end"),
        rule.alias("_rule"),
        chosen([o.kind for o in outcomes]).alias("_kind"),
        chosen([o.field for o in outcomes]).alias("_field"),
    )
    ends = frame.select(
        pl.col("_source_id").alias("source_id"),
        pl.col("_id").alias("id"),
        pl.col("_patient").alias("patient"),
        pl.col("_end").alias("end"),
        pl.col("_rule").alias("rule"),
        pl.col("_kind").alias("kind"),
        pl.col("_field").alias("field"),
        *[pl.col(f"{name}=").alias(name) for name in entity.carries],
    )
    records = frame.filter(pl.col("_end") == "mapped").select(
        pl.col("_id").alias("id"),
        pl.col("_source_id").alias("source_id"),
        *[pl.col(f"{f.name}=").alias(f.name) for f in entity.fields],
    )
    return Mapped(records=records, ends=ends)


def apply_rulings(batch: pl.DataFrame, rulings: Rulings) -> pl.DataFrame:
    """The batch as people corrected it. `_ruling` is the rule by which they excluded a record."""
    own = pl.col("_source_id")
    said = [
        own.replace_strict(
            list(values), list(values.values()), default=pl.col(column), return_dtype=pl.String
        ).alias(column)
        for column, values in rulings.corrections.items()
    ]
    if rulings.apart:
        said.append((pl.col("_suspect") & ~own.is_in(list(rulings.apart))).alias("_suspect"))
    by_rule = pl.lit(None, pl.String)
    if rulings.excluded:
        by_rule = own.replace_strict(
            list(rulings.excluded),
            list(rulings.excluded.values()),
            default=None,
            return_dtype=pl.String,
        )
    return batch.with_columns(*said, by_rule.alias("_ruling"))


def follow_merges(ends: pl.DataFrame, stand_ins: Sequence[Mapping[str, Any]]) -> pl.DataFrame:
    """The ends of an entity, with each merged record where its survivor stands. It keeps its own
    source id and patient: by those the records of its chart know it."""
    if not stand_ins:
        return ends
    told = {name: kind for name, kind in ends.schema.items() if name not in OWN}
    rows = [{name: each.get(name) for name in told} for each in stand_ins]
    merged = pl.DataFrame(rows, schema=told)
    moved = ends.select("source_id", *OWN).join(merged, on="source_id")
    stayed = ends.join(merged, on="source_id", how="anti")
    return pl.concat([stayed, moved.select(ends.columns)])


def _join_parents(
    entity: Entity, batch: pl.DataFrame, parents: Mapping[str, pl.DataFrame], rulings: Rulings
) -> pl.DataFrame:
    """Add what each reference points at: `<field>.id`, `.end`, `.patient`, and by column whether it is
    `merged` (unless a person lets the record move all the same), and carried fields."""
    frame = batch
    apart = pl.col("_source_id").is_in(list(rulings.apart))
    for each, reference in entity.references:
        named = pl.col(reference.column).str.strip_chars()
        says = named.is_in(["", *reference.absent]).not_()
        frame = frame.with_columns(pl.when(says).then(named).alias(f"{each.name}.key"))
        parent = parents.get(reference.entity)
        if parent is None:
            frame = frame.with_columns(
                pl.lit(None, pl.String).alias(f"{each.name}.{c}") for c in ("id", "end", "patient")
            )
            continue
        carried = [c for c in parent.columns if c not in ENDS_SCHEMA]
        frame = frame.join(
            parent.select(
                pl.col("source_id").alias(f"{each.name}.key"),
                pl.col("id").alias(f"{each.name}.id"),
                pl.col("end").alias(f"{each.name}.end"),
                pl.col("patient").alias(f"{each.name}.patient"),
                (pl.col("rule") == MERGED).alias(f"{reference.column}.merged"),
                *[pl.col(c).alias(f"{reference.column}.{c}") for c in carried],
            ),
            on=f"{each.name}.key",
            how="left",
            maintain_order="left",
        ).with_columns(
            # Only a record that is itself on its way has an id to point at.
            pl.when(pl.col(f"{each.name}.end") == "mapped")
            .then(pl.col(f"{each.name}.id"))
            .alias(f"{each.name}.id"),
            (pl.col(f"{reference.column}.merged").fill_null(False) & ~apart).alias(
                f"{reference.column}.merged"
            ),
        )
    return frame


def _outcomes(
    entity: Entity,
    frame: pl.DataFrame,
    applicable: frozenset[str],
    window_start: datetime | None,
    absent: frozenset[str],
) -> list[_Outcome]:
    """Every way not to be mapped, in order of precedence: the first that holds decides.

    Identical repeats leave first, then what a person excluded, then what is out of scope (with its
    parent, by rule, by age), so
    that nobody has to work an exception for a record that would not have moved. Then exceptions:
    duplicates, rules, broken references, records that wait for another, untranslatable values.
    """
    found: list[_Outcome] = []

    def add(when: pl.Expr, end: End, rule: pl.Expr | str, kind: str = "", field: str = "") -> None:
        said = pl.lit(rule) if isinstance(rule, str) else rule
        found.append(_Outcome(when.fill_null(False), end, said, kind, field))

    references = [(f, r) for f, r in entity.references if r.entity in applicable]
    rules = [
        r
        for r in entity.rules
        if not absent.intersection(n.split(".")[0] for n in r.when.meta.root_names())
        and all(n in frame.columns for n in r.when.meta.root_names())
    ]

    add(pl.col("_repeat") == "identical", "excluded", "repeated-row")
    add(pl.col("_ruling").is_not_null(), "excluded", pl.col("_ruling"))
    for each, reference in references:
        if each.required:
            end = pl.col(f"{each.name}.end")
            add(end == "archived", "archived", f"{reference.entity}-archived", field=each.name)
            add(end == "excluded", "excluded", f"{reference.entity}-excluded", field=each.name)
    for rule in rules:
        if rule.end != "excepted":
            add(rule.when, rule.end, rule.name)
    if entity.retention and window_start and not absent.issuperset(entity.retention.since.columns):
        old = entity.retention.since.value.cast(pl.Datetime("us", "UTC")) < pl.lit(window_start)
        keep = entity.retention.keep
        add(old & ~keep.fill_null(False) if keep is not None else old, "archived", "retention")

    add(pl.col("_repeat") == "conflict", "excepted", "repeated-key", "duplicate")
    add(pl.col("_suspect"), "excepted", SUSPECTED, entity.source.distinct_kind)
    for rule in rules:
        if rule.end == "excepted":
            add(rule.when, "excepted", rule.name, rule.kind)
    for each, reference in references:
        key, end = pl.col(f"{each.name}.key"), pl.col(f"{each.name}.end")
        add(
            key.is_not_null() & end.is_null(),
            "excepted",
            f"no such {reference.entity}",
            "broken reference",
            each.name,
        )
        if reference.same_patient:
            add(
                pl.col(f"{each.name}.patient") != pl.col("_patient"),
                "excepted",
                f"{reference.entity} of another patient",
                "broken reference",
                each.name,
            )
        add(end == "excepted", "excepted", f"waits for {reference.entity}", "waiting", each.name)
    for each in entity.fields:
        if isinstance(each.origin, Translation) and each.origin.problem is not None:
            problem = pl.col(f"{each.name}!")
            add(problem.is_not_null(), "excepted", problem, each.origin.kind, each.name)
        if each.required:
            add(
                pl.col(f"{each.name}=").is_null(),
                "excepted",
                "required but empty",
                "untranslated",
                each.name,
            )
    return found
