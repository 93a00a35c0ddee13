"""Planting: faults and benign changes put into records, and what a comparison made of them judged.

What each planted fault must be reported as is worked out here in plain Python, by no code of the
comparison: record, field and status, nothing more and nothing less. Values only; how the records
reach a comparison stands in `reconciliation.shadow`.
"""

from __future__ import annotations

import json
from collections import Counter, deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from itertools import permutations
from random import Random
from typing import Any, Protocol

from migration_platform.entity import Equality, Type
from migration_platform.fault.benign import RecordChange, RuleChange
from migration_platform.fault.fault import Fault, Row, Value, draw_id

Finding = tuple[str, str, str]
"""Record id, field (empty for a whole record) and status, as the comparison reports it."""

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


@dataclass(frozen=True, slots=True)
class Planted:
    """A fault that was planted, the ids that it touches, and what must be reported of them."""

    fault: str
    field: str
    ids: frozenset[str]
    expected: Counter[Finding]


@dataclass(frozen=True, slots=True)
class Harmless:
    """A benign change that was planted, and the ids of which nothing may be reported."""

    change: str
    field: str
    ids: frozenset[str]


@dataclass(slots=True)
class Shadow:
    """Both sides with what was planted in them: as sent, and as found at either look."""

    columns: tuple[Compared, ...]
    sent: list[Row] = field(default_factory=list)
    first: list[Row] = field(default_factory=list)
    second: list[Row] = field(default_factory=list)
    planted: list[Planted] = field(default_factory=list)
    harmless: list[Harmless] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Judgement:
    """How many planted faults were found, how many of them exactly located, and what alarmed."""

    planted: int
    found: int
    located: int
    benign: int
    false_alarms: int
    missed: tuple[tuple[str, str], ...]
    alarmed: tuple[tuple[str, str], ...]


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
        ids = _ids(*pairs[0], *looks.sent, *looks.first, *looks.second)
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
            self.shadow.harmless.append(Harmless(change, "", frozenset(untouched)))

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
        ids = _ids(*sent, *first, *second)
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
    named = [c for c in columns if fault.named(c.name)]
    return [
        tuple(c.name for c in chosen)
        for chosen in permutations(named, len(fault.fields))
        if all(c.type in types for c, types in zip(chosen, fault.fields, strict=True))
        and len({c.type for c in chosen}) == 1
    ]


def differences(
    sent: Sequence[Row], found: Sequence[Row], equalities: dict[str, Equality]
) -> Counter[Finding]:
    """What a comparison must report of these records, no more and no less."""
    expected: Counter[Finding] = Counter()
    for identity in _ids(*sent, *found):
        ours = [r for r in sent if r["id"] == identity]
        theirs = [r for r in found if r["id"] == identity]
        for row in [*ours]:
            equal = next((f for f in theirs if not _differing(row, f, equalities)), None)
            if equal is not None:
                ours.remove(row)
                theirs.remove(equal)
        for row, other in zip(ours, theirs, strict=False):
            for name in _differing(row, other, equalities):
                expected[identity, name, "mismatched"] += 1
        if len(ours) > len(theirs):
            expected[identity, "", "missing"] += len(ours) - len(theirs)
        if len(theirs) > len(ours):
            expected[identity, "", "unexpected"] += len(theirs) - len(ours)
    return expected


def _differing(sent: Row, found: Row, equalities: dict[str, Equality]) -> list[str]:
    return [n for n, rule in equalities.items() if not is_equal(sent[n], found[n], rule)]


def is_equal(sent: Value, found: Value, equality: Equality) -> bool:
    """Whether a declared equality takes the found value for the one that was sent."""
    if sent == found and type(sent) is type(found):
        return True
    if sent is None or found is None:
        return False
    match equality.rule:
        case "trimmed":
            return str(sent).strip(" ") == str(found).strip(" ")
        case "caseless":
            return str(sent).lower() == str(found).lower()
        case "tolerance":
            return _is_near(sent, found, equality.tolerance or Decimal(0))
        case "json":
            return _same_json(str(sent), str(found))
    return False


def _is_near(sent: Any, found: Any, tolerance: Decimal) -> bool:
    scale = 1 if isinstance(sent, str) else 1_000_000
    try:
        apart = abs(Decimal(sent) - Decimal(found))
    except InvalidOperation:
        return False
    return apart <= tolerance * scale


def _same_json(sent: str, found: str) -> bool:
    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len(dict(pairs)) != len(pairs):
            raise ValueError("a key stands twice")
        return dict(pairs)

    try:
        # As texts, so that 1 and 1.0, or true and 1, stay two things.
        one, two = (
            json.dumps(json.loads(t, object_pairs_hook=once), sort_keys=True) for t in (sent, found)
        )
    except ValueError:
        return False
    return one == two


def judge(shadow: Shadow, findings: Iterable[Finding]) -> Judgement:
    """Hold what a comparison reported against what was planted."""
    reported: dict[str, Counter[Finding]] = {}
    for each in findings:
        reported.setdefault(each[0], Counter())[each] += 1
    found = located = 0
    missed, alarmed = [], []
    known: set[str] = set()
    for planted in shadow.planted:
        known |= planted.ids
        got: Counter[Finding] = Counter()
        for identity in planted.ids:
            got.update(reported.get(identity, Counter()))
        found += any(got[each] for each in planted.expected)
        located += got == planted.expected
        if got != planted.expected:
            missed.append((planted.fault, planted.field))
    for harmless in shadow.harmless:
        known |= harmless.ids
        if not harmless.ids.isdisjoint(reported):
            alarmed.append((harmless.change, harmless.field))
    if set(reported) - known:
        alarmed.append(("a record that is on no side", ""))
    return Judgement(
        len(shadow.planted),
        found,
        located,
        len(shadow.harmless),
        len(alarmed),
        tuple(missed),
        tuple(alarmed),
    )


def _ids(*rows: Row) -> frozenset[str]:
    return frozenset(str(row["id"]) for row in rows)
