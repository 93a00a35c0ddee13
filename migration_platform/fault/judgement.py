"""Judgement: what a comparison must report of planted faults, and whether it did.

What it must report is worked out here in plain Python, by no code of the comparison: record, field
and status, nothing more and nothing less.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, Protocol

from migration_platform.entity import Equality
from migration_platform.fault.fault import Row, Value

Finding = tuple[str, str, str]
"""Record id, field (empty for a whole record) and status, as the comparison reports it."""


@dataclass(frozen=True, slots=True)
class Planted:
    """A fault that was planted, the ids that it touches, and what must be reported of them."""

    fault: str
    field: str
    ids: frozenset[str]
    expected: Counter[Finding]


@dataclass(frozen=True, slots=True)
class Harmless:
    """A benign change that was planted, in how many records, and the ids of which nothing may be
    reported."""

    change: str
    field: str
    ids: frozenset[str]
    records: int = 1


class Sown(Protocol):
    """What was planted, whatever it was planted in."""

    @property
    def planted(self) -> Sequence[Planted]: ...
    @property
    def harmless(self) -> Sequence[Harmless]: ...


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a planted fault. `located`: reported exactly as it must be, and no otherwise."""

    fault: str
    field: str
    found: bool
    located: bool


@dataclass(frozen=True, slots=True)
class Judgement:
    """The outcome of each planted fault; each benign change, and whether it was reported. `strays`
    are reported records that nothing was planted in and that stand on no side."""

    faults: tuple[Outcome, ...]
    changes: tuple[tuple[Harmless, bool], ...]
    strays: int = 0

    @property
    def planted(self) -> int:
        return len(self.faults)

    @property
    def found(self) -> int:
        return sum(each.found for each in self.faults)

    @property
    def located(self) -> int:
        return sum(each.located for each in self.faults)

    @property
    def missed(self) -> tuple[tuple[str, str], ...]:
        """Fault and field of each that was not located."""
        return tuple((each.fault, each.field) for each in self.faults if not each.located)

    @property
    def alarmed(self) -> tuple[tuple[str, str], ...]:
        """Name and field of each benign change that was reported."""
        said = [(change.change, change.field) for change, reported in self.changes if reported]
        return (*said, *[("a record on neither side", "")] * self.strays)

    def __add__(self, other: Judgement) -> Judgement:
        return Judgement(
            self.faults + other.faults, self.changes + other.changes, self.strays + other.strays
        )


def differences(
    sent: Sequence[Row], found: Sequence[Row], equalities: dict[str, Equality]
) -> Counter[Finding]:
    """What a comparison must report of these records, no more and no less."""
    expected: Counter[Finding] = Counter()
    for identity in ids_of(*sent, *found):
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


def judge(sown: Sown, findings: Iterable[Finding]) -> Judgement:
    """Hold what a comparison reported against what was planted."""
    reported: dict[str, Counter[Finding]] = {}
    for each in findings:
        reported.setdefault(each[0], Counter())[each] += 1
    faults = []
    for planted in sown.planted:
        got: Counter[Finding] = Counter()
        for identity in planted.ids:
            got.update(reported.get(identity, Counter()))
        found = any(got[each] for each in planted.expected)
        faults.append(Outcome(planted.fault, planted.field, found, got == planted.expected))
    changes = tuple((each, not each.ids.isdisjoint(reported)) for each in sown.harmless)
    known = {i for fault in sown.planted for i in fault.ids}
    known |= {i for change in sown.harmless for i in change.ids}
    return Judgement(tuple(faults), changes, len(set(reported) - known))


def ids_of(*rows: Row) -> frozenset[str]:
    return frozenset(str(row["id"]) for row in rows)
