"""Fault: one way in which a found record can differ from what was sent, and how to plant it.

Also the benign change, which must not count as a difference. What faults there are stands in the
files named by their nouns, all of them together in `catalogue`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from random import Random
from typing import Any, Final, Literal
from uuid import UUID

from migration_platform.entity import Type

Value = str | int | bool | date | None
"""A value in canonical form (`reconciliation.column`): a decimal is text, an instant microseconds."""

Row = dict[str, Value]
"""A found record: `id` and its compared columns."""

Group = Literal["rows", "keys", "strings", "numbers", "time", "codes", "structured", "documents"]


class _Unfit:
    """The one value that means: this fault cannot be planted here."""

    def __repr__(self) -> str:
        return "UNFIT"


UNFIT: Final = _Unfit()
"""Returned where a value does not lend itself to a fault (no letters to put into lower case)."""

Mutator = Callable[[Sequence[Row], Sequence[str], Random], list[Row] | None]
"""Given records and the names of the chosen fields, the records as they are found, or None."""

ValueMutator = Callable[[Any, Random], "Value | _Unfit"]

TEXT: tuple[Type, ...] = ("text",)
REFERENCE: tuple[Type, ...] = ("uuid",)
NUMBER: tuple[Type, ...] = ("decimal", "integer")
TIME: tuple[Type, ...] = ("timestamp", "date")
ANY: tuple[Type, ...] = ("text", "uuid", "date", "timestamp", "decimal", "integer", "boolean")


def _anywhere(name: str) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Fault:
    """One way to go wrong. `covers` names the classes of the fault list that it stands for.

    It needs `records` records and, of each field in `fields`, a column of one of those types whose
    name `named` accepts. `prepare` makes records fit for it and is applied to both sides, what was
    sent and what is found: few records hold an emoji. With `restless` the second look finds the
    record wrong in another way than the first.
    """

    name: str
    group: Group
    sentence: str
    covers: tuple[str, ...]
    mutate: Mutator
    fields: tuple[tuple[Type, ...], ...] = ()
    records: int = 1
    named: Callable[[str], bool] = _anywhere
    prepare: Mutator | None = None
    restless: bool = False


@dataclass(frozen=True, slots=True)
class DocumentFault:
    """One way for a stored file to go wrong: `mutate` gives the bytes now there, None for no file."""

    name: str
    sentence: str
    covers: tuple[str, ...]
    mutate: Callable[[bytes, Random], bytes | None]
    group: Group = field(default="documents", init=False)


def in_field(change: ValueMutator) -> Mutator:
    """A mutator of one field of one record."""

    def mutate(rows: Sequence[Row], names: Sequence[str], random: Random) -> list[Row] | None:
        row, name = rows[0], names[0]
        value = change(row[name], random)
        return None if isinstance(value, _Unfit) else [{**row, name: value}]

    return mutate


def draw_id(random: Random) -> str:
    """A destination id that nobody has."""
    return str(UUID(int=random.getrandbits(128)))


def of_text(change: Callable[[str, Random], str | None]) -> ValueMutator:
    """A mutator of texts that are there and not empty; None from `change` means unfit."""

    def mutate(value: Any, random: Random) -> Value | _Unfit:
        if not isinstance(value, str) or not value:
            return UNFIT
        changed = change(value, random)
        return UNFIT if changed is None or changed == value else changed

    return mutate


def always(make: Callable[[Random], Value]) -> Mutator:
    """A preparation: the field's value is what `make` draws, on both sides."""

    def prepare(rows: Sequence[Row], names: Sequence[str], random: Random) -> list[Row]:
        return [{**row, names[0]: make(random)} for row in rows]

    return prepare


def fault(
    name: str,
    group: Group,
    sentence: str,
    covers: Sequence[str],
    change: ValueMutator,
    types: tuple[Type, ...],
    *,
    make: Callable[[Random], Value] | None = None,
    named: Callable[[str], bool] = _anywhere,
    restless: bool = False,
) -> Fault:
    """A fault of one value of one field. `make` draws a value that is fit for it."""
    return Fault(
        name,
        group,
        sentence,
        tuple(covers),
        in_field(change),
        (types,),
        named=named,
        prepare=None if make is None else always(make),
        restless=restless,
    )
