"""Entity: a kind of record that moves, and the declaration of how it is mapped.

Only declarations stand here. How a batch is mapped is in `mapping`, how a value is translated in
`translation`, and what a migration's own entities are in `assets/entities`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Literal

import polars as pl

End = Literal["mapped", "archived", "excluded", "excepted"]
"""How a source record leaves the transform. `mapped` becomes `loaded` when the load commits."""

Type = Literal["text", "uuid", "date", "timestamp", "decimal", "integer", "boolean"]
"""A destination field's type. `timestamp` is an instant in UTC at microseconds; `decimal` is exact
with `DECIMAL_SCALE` digits after the point; `uuid` is carried as text in the 8-4-4-4-12 form."""

DECIMAL_PRECISION, DECIMAL_SCALE = 18, 6
"""Wide enough for money in cents and for laboratory values, and still exact (no binary float)."""

POLARS_TYPE: dict[Type, pl.DataType] = {
    "text": pl.String(),
    "uuid": pl.String(),
    "date": pl.Date(),
    "timestamp": pl.Datetime("us", "UTC"),
    "decimal": pl.Decimal(DECIMAL_PRECISION, DECIMAL_SCALE),
    "integer": pl.Int64(),
    "boolean": pl.Boolean(),
}


@dataclass(frozen=True, slots=True)
class Reading:
    """How reconciliation reads the source's text by itself, to prove a translation.

    `kind` names a reading of `reconciliation.source_reading`, which shares no code with the
    translation; `columns` are the source columns it reads, `options` what both must know
    (spellings, a zone, a code map's path). `parts` are the readings that `first of` goes through.
    `loss` says what of the source's text the value does not tell any more (letter case, several
    codes made one); empty: nothing but the space around it.
    """

    kind: str
    columns: tuple[str, ...] = ()
    options: tuple[tuple[str, str | tuple[str, ...]], ...] = ()
    loss: str = ""
    parts: tuple[Reading, ...] = ()


@dataclass(frozen=True, slots=True)
class Equality:
    """How a sent and a found value are judged equal. Anything but `exact` needs a reason.

    `tolerance` is a difference that still counts as equal: units of a decimal, seconds of a
    timestamp. `trimmed` ignores space around a text, `caseless` its letter case. `json` takes two
    texts for equal that are the same JSON but for the order of keys and the space between them. An
    `ignored` field is not compared at all.
    """

    rule: Literal["exact", "tolerance", "trimmed", "caseless", "json", "ignored"] = "exact"
    reason: str = ""
    tolerance: Decimal | None = None

    def __post_init__(self) -> None:
        if (self.rule == "exact") == bool(self.reason):
            raise ValueError("an equality other than exact, and only such, needs a reason")
        if (self.rule == "tolerance") != (self.tolerance is not None):
            raise ValueError("a tolerance belongs to the rule 'tolerance', and is needed there")


EXACT = Equality()


@dataclass(frozen=True, slots=True)
class Translation:
    """How one destination value is made of source columns (all of them text).

    `value` yields the translated value or null; `problem` yields null, or in words why the value
    could not be translated: a fixed phrase, never the value itself. `sentence` is the rule as the
    mapping document prints it. `files` are read by the rule (code maps) and count in the digest.
    """

    sentence: str
    columns: tuple[str, ...]
    value: pl.Expr
    problem: pl.Expr | None = None
    files: tuple[Path, ...] = ()
    kind: str = "untranslated"
    """The queue of a record that it cannot translate."""
    reading: Reading | None = None
    """The proof of it, by another path. None: nobody proves it, and the blind spots say so."""


@dataclass(frozen=True, slots=True)
class Reference:
    """A field that names a record of another entity; its value is that record's destination id.

    `column` holds the other record's source id. A required reference shares the fate of the record
    it names (archived, excluded, waiting in the exception queue). An optional one stays empty when
    that record is archived or excluded, and waits when it is excepted. A record that does not
    exist, or (with `same_patient`) belongs to another patient, is a broken reference: exception.
    `absent` are texts that the source writes for "none" (beside an empty one).
    """

    entity: str
    column: str
    same_patient: bool = True
    absent: tuple[str, ...] = ()

    @property
    def sentence(self) -> str:
        none = "".join(f"; {each!r} means none" for each in self.absent)
        return f"destination id of the {self.entity} named by {self.column} (crosswalk){none}"


@dataclass(frozen=True, slots=True)
class Field:
    """A destination column and where it comes from."""

    name: str
    type: Type
    origin: Translation | Reference
    required: bool = False
    description: str = ""
    equality: Equality = EXACT

    @property
    def columns(self) -> tuple[str, ...]:
        """The source columns it reads."""
        return (
            self.origin.columns if isinstance(self.origin, Translation) else (self.origin.column,)
        )


@dataclass(frozen=True, slots=True)
class Rule:
    """A named reason for a record not to be mapped, decided before its fields are translated.

    `when` is a boolean expression over source columns, and over `<column>.<field>` for fields that
    the referenced entity `carries` (e.g. `PATIENT.death_date`). It applies only if the source has
    every column in it. `kind` sorts exceptions into queues.
    """

    name: str
    end: Literal["archived", "excluded", "excepted"]
    when: pl.Expr
    sentence: str
    kind: str = "rule"


@dataclass(frozen=True, slots=True)
class Concern:
    """A named reason for somebody to look at records that move nonetheless.

    `query` is SQL (DuckDB's) over the cohort's mapped records: a relation for this entity and for
    each that it refers to, with their destination fields beside `id` and `source_id`. Its one column
    is the `source_id` of each record of this entity to look at. `getvariable('as_of')` is the instant
    from which the cohort's ages count. `kind` names its queue.
    """

    name: str
    query: str
    sentence: str
    kind: str


@dataclass(frozen=True, slots=True)
class Source:
    """Where an entity's records stand on the source platform.

    `key` identifies a record. With `unique` (the default) a second record of the same key is an
    exception (identical in every column: excluded as a repeated row); without it the table has no
    key of its own and every row is a record, told apart by key and order of occurrence.
    `patient` names the column that holds the patient's source id; None for reference entities.
    `distinct` names columns whose combination must not recur over the whole table: from the second
    record on, it is a suspected duplicate and waits in the exception queue for a person, in the queue
    `distinct_kind`.
    """

    table: str
    key: tuple[str, ...]
    patient: str | None = None
    unique: bool = True
    distinct: tuple[str, ...] = ()
    distinct_kind: str = "duplicate"


@dataclass(frozen=True, slots=True)
class Retention:
    """Which records are old enough to be archived instead of loaded.

    `since` translates the record's own date (a timestamp or a date); a record from before the
    window is archived unless `keep` (an expression over source columns) says that it is still in
    use. The window's months stand in `waves.toml`. Without a date a record is not archived.
    """

    since: Translation
    keep: pl.Expr | None = None
    keep_sentence: str = ""
    is_record_date: bool = True
    """`since` says when the record was made; the newest of those is the as-of date. A period's end
    (a renewal, a plan's end) may lie in the future and does not count."""


@dataclass(frozen=True, slots=True)
class Entity:
    """A kind of record that moves.

    `fields` are the destination table's columns beside its `id`, in order. `carries` names fields
    that the rules of other entities may read through their reference to this one.
    """

    name: str
    description: str
    source: Source
    fields: tuple[Field, ...]
    file: Path
    rules: tuple[Rule, ...] = ()
    concerns: tuple[Concern, ...] = ()
    retention: Retention | None = None
    carries: tuple[str, ...] = ()
    document_path: str | None = None
    """Source column with a stored file's path, for entities whose records own a file."""
    group: str = "clinical"
    """How the graph and the documents group it: reference, identity, clinical, billing, engagement."""

    @property
    def is_reference(self) -> bool:
        """Belongs to no patient: loaded once, ahead of the cohorts."""
        return self.source.patient is None

    @property
    def references(self) -> tuple[tuple[Field, Reference], ...]:
        return tuple((f, f.origin) for f in self.fields if isinstance(f.origin, Reference))

    @property
    def parents(self) -> tuple[str, ...]:
        """Entities that must be loaded first."""
        return tuple(dict.fromkeys(r.entity for _, r in self.references if r.entity != self.name))

    @property
    def columns(self) -> tuple[str, ...]:
        """Every source column that it reads, in a stable order."""
        names: list[str] = [*self.source.key, *self.source.distinct]
        if self.source.patient:
            names.append(self.source.patient)
        for each in self.fields:
            names.extend(each.columns)
        for rule in self.rules:
            names.extend(n for n in rule.when.meta.root_names() if "." not in n)
        if self.retention:
            names.extend(self.retention.since.columns)
            if self.retention.keep is not None:
                names.extend(self.retention.keep.meta.root_names())
        if self.document_path:
            names.append(self.document_path)
        return tuple(dict.fromkeys(names))

    @property
    def required_columns(self) -> tuple[str, ...]:
        """Without one of these the entity is not applicable for that source."""
        names: list[str] = [*self.source.key]
        if self.source.patient:
            names.append(self.source.patient)
        for each in self.fields:
            if each.required:
                names.extend(each.columns)
        return tuple(dict.fromkeys(names))


def order_entities(entities: Sequence[Entity]) -> list[Entity]:
    """Parents before children; among equals, as given. Raises ValueError on a cycle or a gap."""
    by_name = {e.name: e for e in entities}
    ordered: list[Entity] = []
    pending = list(entities)
    while pending:
        done = {e.name for e in ordered}
        ready = [e for e in pending if all(p in done for p in e.parents)]
        if not ready:
            missing = sorted({p for e in pending for p in e.parents if p not in by_name})
            names = ", ".join(e.name for e in pending)
            raise ValueError(
                f"entities refer to one that does not exist: {', '.join(missing)}"
                if missing
                else f"entities refer to each other in a circle: {names}"
            )
        ordered.append(ready[0])
        pending.remove(ready[0])
    return ordered
