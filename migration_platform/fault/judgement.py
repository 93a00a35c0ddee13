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
    """A benign change that was planted, and the ids of which nothing may be reported."""

    change: str
    field: str
    ids: frozenset[str]


class Sown(Protocol):
    """What was planted, whatever it was planted in."""

    @property
    def planted(self) -> Sequence[Planted]: ...
    @property
    def harmless(self) -> Sequence[Harmless]: ...


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


def judge(shadow: Sown, findings: Iterable[Finding]) -> Judgement:
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


def ids_of(*rows: Row) -> frozenset[str]:
    return frozenset(str(row["id"]) for row in rows)
