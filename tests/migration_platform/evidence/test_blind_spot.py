"""What a reconciliation says it cannot see."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import polars as pl

from migration_platform.entity import (
    Entity,
    Equality,
    Field,
    Reference,
    Retention,
    Rule,
    Source,
    Translation,
)
from migration_platform.evidence.blind_spot import (
    BlindSpot,
    count_blind_spots,
    declare_blind_spots,
    find_blind_spots,
    summarize_blind_spots,
)
from migration_platform.translation import date, email, identifier

VISIT = Entity(
    "visit",
    "A visit.",
    Source("visits", ("Id",), "PATIENT"),
    (
        Field("patient_id", "uuid", Reference("patient", "PATIENT"), required=True),
        Field("clinic_id", "uuid", Reference("clinic", "CLINIC", same_patient=False)),
        Field("mail", "text", email("MAIL")),
        Field("number", "text", identifier("NUMBER")),
        Field("guess", "text", Translation("a guess", ("X",), pl.col("X"))),
        Field(
            "weight",
            "decimal",
            Translation("in kg", ("W",), pl.col("W")),
            equality=Equality("tolerance", "scales are no better", Decimal("0.1")),
        ),
    ),
    Path(__file__),
    rules=(
        Rule("test-visit", "excluded", pl.col("X") == "t", "Made by staff"),
        Rule("unsigned", "excepted", pl.col("X") == "u", "Nobody signed", "untranslated"),
    ),
    retention=Retention(since=date("D")),
)


def test_an_entity_says_of_itself_what_is_not_seen() -> None:
    found = {(s.kind, s.name): s.sentence for s in declare_blind_spots(VISIT)}

    assert found == {
        ("loss", "clinic_id"): "which clinic it was, if that one stays behind",
        ("loss", "mail"): "letter case",
        ("unproven", "guess"): "its translation declares no reading",
        ("unproven", "weight"): "its translation declares no reading",
        ("equality", "weight"): "tolerance of 0.1: scales are no better",
        ("left out", "test-visit"): "excluded: Made by staff",
        ("left out", "retention"): "archived: from before the retention window",
    }


def test_what_ran_is_counted_and_what_was_not_declared_is_named() -> None:
    spots = find_blind_spots(
        declare_blind_spots(VISIT),
        left_out=[
            {"entity": "visit", "end": "archived", "rule": "retention", "count": 3},
            {"entity": "visit", "end": "archived", "rule": "retention", "count": 4},
            {"entity": "visit", "end": "excluded", "rule": "repeated-row", "count": 1},
        ],
        waiting={"visit": 2},
        corrected={("visit", "NOTE"): 3},
        unread={"visit": ["LAT", "LON"]},
        unplanted={"late arriving": "there is no live source yet"},
        duplicates="Whether two patients are one person.",
    )

    left_out = [(s.name, s.count) for s in spots if s.kind == "left out"]
    assert left_out == [("test-visit", 0), ("retention", 7), ("repeated-row", 1), ("exception queue", 2)]  # fmt: skip
    assert [(s.name, s.count) for s in spots if s.kind == "corrected"] == [("NOTE", 3)]
    assert BlindSpot("unread", "visit", "", "LAT, LON", 2) in spots
    assert BlindSpot("unplanted", "", "late arriving", "there is no live source yet") in spots
    counts = count_blind_spots(spots)
    assert counts == {
        "equality": 1,
        "unproven": 2,
        "loss": 2,
        "left out": 10,
        "corrected": 3,
        "unread": 2,
        "method": 6,
        "unplanted": 1,
    }
    assert summarize_blind_spots(counts) == (
        "Not seen: of the fields, 1 not compared exactly, 2 unproven, 2 losing something; left out, "
        "10 of the records; corrected, 3 values; unread, 2 of the source's columns; never planted, 1 kinds of faults"
    )


def test_before_anything_ran_there_is_nothing_to_count() -> None:
    spots = find_blind_spots(
        declare_blind_spots(VISIT), left_out=[], waiting={}, corrected={}, unread={}, unplanted={},
        duplicates="",
    )  # fmt: skip

    assert {s.count for s in spots} == {None}
