"""Planting: faults and benign changes put into records, with what must be reported of them.

Values only. What must be reported is worked out in `judgement`, how the records reach a comparison
stands in `reconciliation.shadow`.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import permutations
from random import Random
from typing import Protocol

from migration_platform.entity import Equality, Type
from migration_platform.fault.benign import RecordChange, RuleChange
from migration_platform.fault.fault import Fault, Row, Value, draw_id
from migration_platform.fault.judgement import Harmless, Planted, differences, ids_of

TRIES = 12
"""Records tried for a fault that asks for a value of its own kind."""


class Compared(Protocol):
    """A compared column (`reconciliation.column.Column`)."""

    @property
    def name(self) -> str: ...
    @property
    def type(self) -> Type: ...
    @property
    def equality(self) -> Equality: ...


@dataclass(frozen=True, slots=True)
class RuleColumn:
    """A column that only the shadow has: it carries a declared equality."""

    name: str
    type: Type
    equality: Equality


@dataclass(slots=True)
class Shadow:
    """Both sides with what was planted in them: as sent, and as found at either look."""

    columns: tuple[Compared, ...]
    sent: list[Row] = field(default_factory=list)
    first: list[Row] = field(default_factory=list)
    second: list[Row] = field(default_factory=list)
    planted: list[Planted] = field(default_factory=list)
    harmless: list[Harmless] = field(default_factory=list)


class Planter:
    """Plants in copies of records that agree on both sides (`pairs`: as sent, as found).

    Each record carries one fault; when all are used up they are copied under other ids. With
    `both_sides` false nothing may be changed on the sent side: no record is copied, and a fault
    that finds no fit value is not planted.
    """

    def __init__(
        self,
        columns: Sequence[Compared],
        pairs: Sequence[tuple[Row, Row]],
        random: Random,
        *,
        both_sides: bool = True,
        rules: Sequence[RuleChange] = (),
    ) -> None:
        self.random, self.both_sides = random, both_sides
        self.types = {c.name: c.type for c in columns}
        extra = [RuleColumn(f"planted: {r.name}", r.type, r.equality) for r in rules]
        self.shadow = Shadow((*columns, *extra))
        self.equalities = {c.name: c.equality for c in self.shadow.columns}
        self.rules = {r.name: c.name for r, c in zip(rules, extra, strict=True)}
        empty: Row = {c.name: None for c in extra}
        self.stock = [({**sent, **empty}, {**found, **empty}) for sent, found in pairs]
        self.waiting = deque(self.stock)

    def plant(self, fault: Fault, names: Sequence[str]) -> bool:
        """Plant a fault in these fields of records not used yet. False if no record is fit for it."""
        prepared = fault.prepare if self.both_sides else None
        tries = 1 if prepared else TRIES
        for _ in range(tries):
            pairs = self._take(fault.records)
            if pairs is None:
                return False
            if self._plant_in(fault, names, pairs, prepare=False):
                return True
            if prepared and self._plant_in(fault, names, pairs, prepare=True):
                return True
            self.waiting.extend(pairs)
        return False

    def change_record(self, change: RecordChange) -> bool:
        """Plant a benign change of a record."""
        pairs = self._take(1)
        if pairs is None:
            return False
        looks = change.look(*pairs[0], self.random)
        self._add(looks.sent, looks.first, looks.second)
        ids = ids_of(*pairs[0], *looks.sent, *looks.first, *looks.second)
        self.shadow.harmless.append(Harmless(change.name, "", ids))
        return True

    def change_within(self, rule: RuleChange, *, beyond: bool = False) -> bool:
        """Plant a change that a declared equality allows; `beyond` it, a fault."""
        pairs, name = self._take(1), self.rules[rule.name]
        if pairs is None:
            return False
        value = rule.make(self.random)
        change = rule.beyond if beyond else rule.change
        sent, found = ({**each, name: value} for each in pairs[0])
        there = [{**found, name: change(value, self.random)}]
        self._add([sent], there, there)
        identity = str(sent["id"])
        if beyond:
            expected = Counter([(identity, name, "mismatched")])
            self.shadow.planted.append(
                Planted(f"beyond: {rule.name}", name, frozenset([identity]), expected)
            )
        else:
            self.shadow.harmless.append(Harmless(rule.name, name, frozenset([identity])))
        return True

    def leave(self, change: str, number: int) -> None:
        """Add records that nothing is done to; `change` is what is done to them all."""
        untouched = []
        for _ in range(number):
            if (pairs := self._take(1)) is None:
                break
            self._add([pairs[0][0]], [pairs[0][1]], [pairs[0][1]])
            untouched.append(str(pairs[0][0]["id"]))
        if untouched:
            self.shadow.harmless.append(Harmless(change, "", frozenset(untouched), len(untouched)))

    def _take(self, number: int) -> list[tuple[Row, Row]] | None:
        taken: list[tuple[Row, Row]] = []
        while len(taken) < number:
            if not self.waiting:
                if not self.both_sides or not self.stock:
                    self.waiting.extend(taken)
                    return None
                self.waiting.extend(self._copy(sent, found) for sent, found in self.stock)
            taken.append(self.waiting.popleft())
        return taken

    def _copy(self, sent: Row, found: Row) -> tuple[Row, Row]:
        """The record under an id of its own, on both sides."""
        own: Row = {"id": draw_id(self.random)}
        if isinstance(sent.get("source_id"), str):
            own["source_id"] = f"{sent['source_id']}~{self.random.getrandbits(40):010x}"
        return {**sent, **own}, {**found, **own}

    def _plant_in(
        self,
        fault: Fault,
        names: Sequence[str],
        pairs: Sequence[tuple[Row, Row]],
        *,
        prepare: bool,
    ) -> bool:
        sent, found = [s for s, _ in pairs], [f for _, f in pairs]
        if fault.prepare and not fault.fields and self.both_sides:
            # Such a preparation is of whole records: it repeats them, on both sides alike.
            sent = fault.prepare(sent, names, self.random) or sent
            found = fault.prepare(found, names, self.random) or found
        elif prepare and fault.prepare:
            ready = fault.prepare(found, names, self.random) or []
            drawn = [{n: self._fit(n, r[n]) for n in names} for r in ready]
            sent = [{**s, **d} for s, d in zip(sent, drawn, strict=True)]
            found = [{**f, **d} for f, d in zip(found, drawn, strict=True)]
        second = fault.mutate(found, names, self.random)
        first = fault.mutate(found, names, self.random) if fault.restless else second
        if second is None or first is None:
            return False
        expected = differences(sent, second, self.equalities)
        if not expected:
            return False
        self._add(sent, first, second)
        ids = ids_of(*sent, *first, *second)
        self.shadow.planted.append(Planted(fault.name, ", ".join(names), ids, expected))
        return True

    def _fit(self, name: str, value: Value) -> Value:
        """A prepared value in the column's canonical form."""
        return str(value) if self.types[name] == "decimal" and value is not None else value

    def _add(self, sent: list[Row], first: list[Row], second: list[Row]) -> None:
        self.shadow.sent += sent
        self.shadow.first += first
        self.shadow.second += second


def places(fault: Fault, columns: Sequence[Compared]) -> list[tuple[str, ...]]:
    """Every choice of fields that the fault can be planted in."""
    if not fault.fields:
        return [()]
    alike: dict[Type, list[str]] = {}
    for column in columns:
        if fault.named(column.name):
            alike.setdefault(column.type, []).append(column.name)
    return [
        chosen
        for kind, names in alike.items()
        if all(kind in types for types in fault.fields)
        for chosen in permutations(names, len(fault.fields))
    ]
