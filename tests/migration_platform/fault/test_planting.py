"""Planting and judging: what must be reported of a fault is worked out from the values alone."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from random import Random

import pytest

from migration_platform.entity import Equality
from migration_platform.fault.benign import RECORD_CHANGES
from migration_platform.fault.catalogue import FAULTS
from migration_platform.fault.fault import Row, Value
from migration_platform.fault.judgement import differences, is_equal, judge
from migration_platform.fault.planting import Planter, places
from migration_platform.reconciliation.column import Column

COLUMNS = (Column("source_id", "text"), Column("note", "text"), Column("cost", "decimal"))
EXACT = {c.name: c.equality for c in COLUMNS}
BY_NAME = {fault.name: fault for fault in FAULTS}


def row(number: int, note: Value = "a note", cost: Value = "1.5") -> Row:
    return {"id": f"id{number}", "source_id": f"s{number}", "note": note, "cost": cost}


def planter(number: int = 4, **more: bool) -> Planter:
    return Planter(COLUMNS, [(row(i), row(i)) for i in range(number)], Random(1), **more)


@pytest.mark.parametrize(
    ("sent", "found", "expected"),
    [
        ([row(1)], [row(1)], {}),
        ([row(1)], [], {("id1", "", "missing"): 1}),
        ([row(1)], [row(1, note="other", cost=None)],
         {("id1", "note", "mismatched"): 1, ("id1", "cost", "mismatched"): 1}),
        ([row(1)], [row(1)] * 3, {("id1", "", "unexpected"): 2}),
        ([row(1)], [row(1, note="x"), row(1)], {("id1", "", "unexpected"): 1}),
        ([row(1), row(1)], [row(1)], {("id1", "", "missing"): 1}),
        ([row(1)], [row(2)], {("id1", "", "missing"): 1, ("id2", "", "unexpected"): 1}),
    ],
)  # fmt: skip
def test_what_must_be_reported(
    sent: list[Row], found: list[Row], expected: dict[tuple[str, str, str], int]
) -> None:
    assert differences(sent, found, EXACT) == Counter(expected)


@pytest.mark.parametrize(
    ("rule", "sent", "found", "equal"),
    [
        (Equality(), "a", "a", True),
        (Equality(), "", None, False),
        (Equality(), True, 1, False),
        (Equality("trimmed", "r"), "a ", " a", True),
        (Equality("trimmed", "r"), "a\n", "a", False),
        (Equality("caseless", "r"), "Ann", "ANN", True),
        (Equality("caseless", "r"), None, "", False),
        (Equality("tolerance", "r", Decimal("0.01")), "1.5", "1.51", True),
        (Equality("tolerance", "r", Decimal("0.01")), "1.5", "1.5101", False),
        (Equality("tolerance", "r", Decimal("0.01")), "1.5", "no number", False),
        (Equality("tolerance", "r", Decimal(1)), 5_000_000, 6_000_000, True),
        (Equality("tolerance", "r", Decimal(1)), 5_000_000, 6_000_001, False),
        (Equality("json", "r"), '{"a":1,"b":2}', '{"b": 2, "a": 1}', True),
        (Equality("json", "r"), "[1,2]", "[2,1]", False),
        (Equality("json", "r"), '{"a":1}', '{"a":1,"a":1}', False),
    ],
)
def test_a_declared_equality_allows_what_it_says_and_no_more(
    rule: Equality, sent: Value, found: Value, equal: bool
) -> None:
    assert is_equal(sent, found, rule) is equal


def test_every_record_carries_one_fault_and_copies_have_ids_of_their_own() -> None:
    sowing = planter(number=2)

    for _ in range(6):
        assert sowing.plant(BY_NAME["space at the end"], ["note"])

    ids = [each for planted in sowing.shadow.planted for each in planted.ids]
    assert len(ids) == len(set(ids)) == 6
    assert {"id0", "id1"} < set(ids)


def test_a_value_that_no_record_has_is_put_on_both_sides() -> None:
    sowing = planter(number=1)

    assert sowing.plant(BY_NAME["emoji broken"], ["note"])

    assert "💊" in str(sowing.shadow.sent[0]["note"])
    assert "💊" not in str(sowing.shadow.second[0]["note"])


def test_where_the_sent_side_may_not_change_it_stays_as_it_was() -> None:
    sowing = planter(number=3, both_sides=False)

    assert not sowing.plant(BY_NAME["emoji broken"], ["note"])
    assert sowing.plant(BY_NAME["upper case"], ["note"])
    assert sowing.plant(BY_NAME["record missing"], [])
    assert sowing.plant(BY_NAME["sign flipped"], ["cost"])

    assert sowing.shadow.sent == [row(int(str(r["id"])[2:])) for r in sowing.shadow.sent]
    assert not sowing.plant(BY_NAME["record missing"], [])


def test_a_fault_that_a_declared_equality_allows_is_not_planted() -> None:
    columns = (Column("source_id", "text"), Column("note", "text", Equality("trimmed", "padded")))
    records = [{"id": "id1", "source_id": "s", "note": "a"}]
    sowing = Planter(columns, [(records[0], records[0])], Random(1))

    assert not sowing.plant(BY_NAME["space at the end"], ["note"])
    assert sowing.plant(BY_NAME["newline at the end"], ["note"])


def test_a_fault_is_only_planted_in_fields_of_its_types() -> None:
    assert places(BY_NAME["sign flipped"], COLUMNS) == [("cost",)]
    assert places(BY_NAME["fields swapped"], COLUMNS) == []
    assert places(BY_NAME["record missing"], COLUMNS) == [()]


def test_a_fault_is_located_only_if_nothing_else_is_reported_of_its_record() -> None:
    sowing = planter()
    sowing.plant(BY_NAME["upper case"], ["note"])
    sowing.change_record(RECORD_CHANGES[0])
    [planted], [harmless] = sowing.shadow.planted, sowing.shadow.harmless
    right = (min(planted.ids), "note", "mismatched")

    exact = judge(sowing.shadow, [right])
    beside = judge(sowing.shadow, [right, (min(planted.ids), "cost", "mismatched")])
    nothing = judge(sowing.shadow, [])
    alarm = judge(sowing.shadow, [right, (min(harmless.ids), "", "missing")])
    stray = judge(sowing.shadow, [right, ("nobody", "", "unexpected")])

    assert (exact.planted, exact.found, exact.located, exact.alarmed) == (1, 1, 1, ())
    assert (beside.found, beside.located, beside.missed) == (1, 0, (("upper case", "note"),))
    assert (nothing.found, nothing.located) == (0, 0)
    assert alarm.alarmed == (("changed and settled", ""),)
    assert stray.alarmed == (("a record on neither side", ""),)
