"""Field group: fields that are proved in one way, as DuckDB SQL over lists of them.

An entity has up to forty fields and few ways to read them. Each way is written once and applied to a
list of texts: to plan it once for each field takes longer than to read ten thousand records. How a
text is read stands in `source_reading`, what is done with the answers in `round_trip`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from migration_platform.entity import Field, Reading, Reference, Type
from migration_platform.reconciliation.column import quote_name, quote_text, trim_number
from migration_platform.reconciliation.source_reading import (
    READS_ONE_TEXT,
    Expected,
    Row,
    expect,
)

SQL_TYPE: dict[Type, str] = {
    "text": "VARCHAR",
    "uuid": "VARCHAR",
    "date": "DATE",
    "timestamp": "TIMESTAMP",
    "decimal": "DECIMAL(38, 16)",
    "integer": "BIGINT",
    "boolean": "BOOLEAN",
}


TEXT = '"~text"'
"""A text of a list. Behind a name that a column may have, a point would mean the column."""

RAW, TIDY = f"{TEXT}.raw", f"{TEXT}.tidy"
"""It as it is, and without the space around it."""


@dataclass(frozen=True, slots=True)
class Proof:
    """A field and what it must hold, over a snapshot's row `s`."""

    field: Field
    expected: Expected

    @property
    def shared(self) -> Reading | None:
        """How its one text is read, whatever the column; None if it is read in a way of its own."""
        origin = self.field.origin
        reading = None if isinstance(origin, Reference) else origin.reading
        if reading is None or reading.kind not in READS_ONE_TEXT:
            return None
        return replace(reading, columns=(), loss="")


@dataclass(frozen=True, slots=True)
class FieldGroup:
    """Proofs of one type that are read alike; `number` tells the group's columns from others'."""

    number: int
    proofs: tuple[Proof, ...]

    @property
    def first(self) -> Expected:
        return self.proofs[0].expected

    @property
    def has_given(self) -> bool:
        return self.first.given is not None

    def columns(self) -> list[str]:
        """The lists over a snapshot's row `s` and a mapped record `m`."""
        kind = SQL_TYPE[self.proofs[0].field.type]
        fields = [p.field for p in self.proofs]
        found = [self._list("sent", [f"m.{quote_name(f.name)}" for f in fields])]
        if (reading := self.proofs[0].shared) is None:
            values = [f"TRY_CAST({p.expected.value} AS {kind})" for p in self.proofs]
            found.append(self._list("read", values))
            if self.has_given:
                found.append(self._list("given", [p.expected.given or "NULL" for p in self.proofs]))
            return found
        row = Row.of_snapshot()
        texts = [
            f"{{raw: {row.raw(f.columns[0])}, tidy: {row.trimmed(f.columns[0])}}}" for f in fields
        ]
        one = expect(replace(reading, columns=("",)), Row(lambda _: RAW, lambda _: TIDY))
        found.append(self._list("read", texts, f"TRY_CAST({one.value} AS {kind})"))
        if one.given is not None:
            found.append(self._list("given", texts, one.given))
        if one.settle is not None:
            # The column's text where SQL cannot tell.
            found.append(self._list("doubt", texts, f"CASE WHEN {one.doubt} THEN {RAW} END"))
        return found

    def differs(self) -> str:
        """Whether, anywhere, what was sent is not what was read: never null, and true in doubt."""
        return (
            f"list_contains(list_transform({self._zipped()}, "
            f"lambda d: {self._wrong()}{self._in_doubt(' OR ')}), true)"
        )

    def differences(self) -> str:
        """A list of those that differ, but those in doubt: field, kind, read and sent."""
        given = "d[4]" if self.has_given else "NULL::varchar"
        doubt = self._in_doubt(" AND NOT ")
        return (
            f"list_transform({self._zipped()}, lambda d: CASE WHEN {self._wrong()}{doubt} THEN {{"
            f"field: d[1], kind: CASE WHEN d[2] IS NULL AND {given} IS NOT NULL AND d[3] IS NOT NULL "
            f"THEN 'unreadable' END, read: coalesce({self._shown('d[2]')}, {given}), "
            f"sent: {self._shown('d[3]')}}} END)"
        )

    def doubts(self) -> str:
        """A list of the fields with the text that SQL cannot read, if any, and what was sent."""
        return f"list_zip({self._names()}, {self._column('doubt')}, {self._column('sent')})"

    def _zipped(self) -> str:
        """A list with, of each field, d: its name, what was read, sent and given, and the doubt."""
        lists = [self._names(), self._column("read"), self._column("sent")]
        lists.append(self._column("given") if self.has_given else self._names())
        if self.first.settle is not None:
            lists.append(self._column("doubt"))
        return f"list_zip({', '.join(lists)})"

    def _wrong(self) -> str:
        read, sent = "d[2]", "d[3]"
        if self.proofs[0].field.type == "timestamp":
            read, sent = f"epoch_us({read})", f"epoch_us({sent})"
        wrong = f"{read} IS DISTINCT FROM {sent}"
        if self.has_given:
            # Nothing was sent: right only if nothing is there, readable or not.
            wrong = f"CASE WHEN {sent} IS NULL THEN d[4] IS NOT NULL ELSE {wrong} END"
        return f"({wrong})"

    def _in_doubt(self, joined_by: str) -> str:
        return f"{joined_by}(d[5] IS NOT NULL)" if self.first.settle is not None else ""

    def _shown(self, value: str) -> str:
        kind = self.proofs[0].field.type
        if kind == "decimal":
            return trim_number(f"{value}::varchar")
        return f"epoch_us({value})::varchar" if kind == "timestamp" else f"{value}::varchar"

    def _names(self) -> str:
        return f"[{', '.join(quote_text(p.field.name) for p in self.proofs)}]"

    def _column(self, name: str) -> str:
        return quote_name(f"{name}.{self.number}")

    def _list(self, name: str, values: Sequence[str], each: str = "") -> str:
        made = f"[{', '.join(values)}]"
        if each:
            made = f"list_transform({made}, lambda {TEXT}: {each})"
        return f"{made} AS {self._column(name)}"


def group_fields(proofs: Sequence[Proof]) -> list[FieldGroup]:
    """The proofs by type and way of reading."""
    alike: dict[object, list[Proof]] = {}
    for proof in proofs:
        key = (proof.field.type, proof.shared, proof.expected.given is None)
        alike.setdefault(key, []).append(proof)
    return [FieldGroup(number, tuple(each)) for number, each in enumerate(alike.values())]
