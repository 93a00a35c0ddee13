"""Each mutator: what it makes of a value, and that it never gives back what it was given."""

from __future__ import annotations

import random
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from migration_platform.entity import POLARS_TYPE, Type
from migration_platform.fault.catalogue import DOCUMENT_FAULTS, FAULTS
from migration_platform.fault.fault import Fault, Row
from migration_platform.fault.judgement import differences
from migration_platform.fault.planting import places
from migration_platform.reconciliation.column import Column

BY_NAME = {fault.name: fault for fault in FAULTS}
PATIENT = "5f0c2a1e-8a54-4c8e-9c8f-0a1b2c3d4e5f"

VALUES: dict[Type, st.SearchStrategy[Any]] = {
    "text": st.one_of(
        st.none(),
        st.text(max_size=40),
        st.sampled_from(["00123", "Zoë", "a|b", "x\r\ny", "no known allergies", "+1 (617) 555 x2"]),
    ),
    "uuid": st.one_of(st.none(), st.uuids().map(str)),
    "date": st.one_of(st.none(), st.dates()),
    "timestamp": st.one_of(st.none(), st.integers(-(10**15), 4 * 10**15)),
    "decimal": st.one_of(
        st.none(), st.decimals(-(10**9), 10**9, places=2).map(lambda d: f"{d.normalize():f}")
    ),
    "integer": st.one_of(st.none(), st.integers(-(2**40), 2**40)),
    "boolean": st.one_of(st.none(), st.booleans()),
}
COLUMNS = [
    Column("source_id", "text"),
    Column("patient_id", "uuid"),
    Column("author_id", "uuid"),
    Column("severity_code", "text"),
    Column("unit_text", "text"),
    Column("consent_code", "text"),
    *[Column(f"a_{kind}", kind) for kind in POLARS_TYPE],
    *[Column(f"b_{kind}", kind) for kind in POLARS_TYPE],
]


@st.composite
def records(draw: st.DrawFn) -> list[Row]:
    rows = []
    for number in range(3):
        row: Row = {"id": f"{number}{PATIENT[1:]}"}
        for column in COLUMNS:
            row[column.name] = draw(VALUES[column.type])
        rows.append(row)
    return rows


@settings(max_examples=60, deadline=None)
@given(rows=records(), seed=st.integers(0, 2**32))
def test_what_a_mutator_gives_is_never_what_it_was_given(rows: list[Row], seed: int) -> None:
    equalities = {c.name: c.equality for c in COLUMNS}
    source = random.Random(seed)
    for fault in FAULTS:
        names = source.choice(places(fault, COLUMNS))
        given_rows = rows[: fault.records]
        if fault.prepare and not fault.fields:
            given_rows = fault.prepare(given_rows, names, source) or []

        found = fault.mutate(given_rows, names, source)

        assert found is None or differences(given_rows, found, equalities), fault.name


@pytest.mark.parametrize("fault", [f for f in FAULTS if f.prepare], ids=lambda f: f.name)
def test_a_prepared_record_is_fit_for_its_fault(fault: Fault) -> None:
    source = random.Random(1)
    rows = [_empty(number) for number in range(fault.records)]
    names = places(fault, COLUMNS)[0]
    assert fault.prepare is not None

    fit = 0
    for _ in range(20):
        ready = fault.prepare(rows, names, source) or []
        fit += fault.mutate(ready, names, source) is not None

    assert fit >= 10


@pytest.mark.parametrize(
    ("name", "sent", "found"),
    [
        ("upper case", "Ann Lee", "ANN LEE"),
        ("accents lost", "Núñez", "Nunez"),
        ("decomposed", "Zoë", "Zoe\u0308"),
        ("wrong encoding", "Zoë", "ZoÃ«"),
        ("wrong encoding twice", "Zoë", "ZoÃƒÂ«"),
        ("line ends to CRLF", "a\nb", "a\r\nb"),
        ("cut at 255", "x" * 300, "x" * 255),
        ("HTML escaped", "a & b", "a &amp; b"),
        ("cut at a delimiter", "left|right", "left"),
        ("leading zeros lost", "02139", "2139"),
        ("signs dropped", "+1 (617) 555-0100", "1 617 5550100"),
        ("extension lost", "555 0100 x12", "555 0100"),
        ("key cut elsewhere", "1,11", "11,1"),
        ("null to empty", None, ""),
        ("empty to null", "", None),
        ("literal N/A", None, "N/A"),
        ("negation lost", "no known allergies", "allergies"),
        ("another unit of measure", "mg", "g"),
        ("state reversed", "active", "resolved"),
        ("JSON number as text", '{"score": 4}', '{"score": "4"}'),
        ("JSON key twice", '{"a": 1}', '{"a": 1, "status": "void"}'),
        ("rounded to cents", "1.234567", "1.23"),
        ("cents lost", "10.5", "10"),
        ("sign flipped", "-3", "3"),
        ("narrowed to 32 bits", "0.1", "0.10000000149011612"),
        ("narrowed to 64 bits", "999999999999.123457", "999999999999.1234"),
        ("another temperature scale", "37", "98.6"),
        ("decimal comma", "1.5", "15"),
        ("whole number narrowed", 9007199254740993, 9007199254740992),
        ("overflow of 32 bits", 2147483649, -2147483647),
        ("microseconds lost", 1_700_000_000_123_456, 1_700_000_000_123_000),
        ("milliseconds lost", 1_700_000_000_123_456, 1_700_000_000_000_000),
        ("century lost", 4_102_444_800_000_000, 946_684_800_000_000),
        ("only the year", date(2001, 5, 17), date(2001, 1, 1)),
        ("day and month exchanged", date(2001, 5, 7), date(2001, 7, 5)),
        ("yes and no exchanged", True, False),
    ],
)
def test_a_mutator_does_what_its_sentence_says(name: str, sent: Any, found: Any) -> None:
    row: Row = {"id": PATIENT, "x": sent}

    mutated = BY_NAME[name].mutate([row], ["x"], random.Random(0))

    assert mutated == [{"id": PATIENT, "x": found}]


@pytest.mark.parametrize(
    ("name", "sent"),
    [
        ("lower case", "12 34"),
        ("accents lost", "plain"),
        ("cut at 255", "short"),
        ("key cut elsewhere", "abc"),
        ("leading zeros lost", "A01"),
        ("rounded to cents", "1.5"),
        ("only the year", date(2001, 1, 1)),
        ("null to empty", "there"),
        ("JSON value changed", "no JSON"),
        ("microseconds lost", 1_700_000_000_000_000),
    ],
)
def test_a_value_without_the_trait_is_left_alone(name: str, sent: Any) -> None:
    assert BY_NAME[name].mutate([{"id": PATIENT, "x": sent}], ["x"], random.Random(0)) is None


@pytest.mark.parametrize("fault", DOCUMENT_FAULTS, ids=lambda f: f.name)
def test_a_file_is_never_what_it_was(fault: Any) -> None:
    for content in (b"%PDF-1.4 some pages", b"x", bytes(range(256))):
        assert fault.mutate(content, random.Random(3)) != content


def _empty(number: int) -> Row:
    row: Row = {c.name: None for c in COLUMNS}
    return {"id": f"{number}{PATIENT[1:]}", **row, "source_id": f"s{number}"}
