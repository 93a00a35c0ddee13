"""Rules in turn: the first that takes a text decides, and later ones see only what is left."""

from __future__ import annotations

import polars as pl

from migration_platform.translation.in_turn import read_in_turn


def number(given: pl.Expr) -> pl.Expr:
    return given.cast(pl.Int64, strict=False)


def length(given: pl.Expr) -> pl.Expr:
    return pl.when(given != "?").then(given.str.len_chars().cast(pl.Int64) * -1)


def test_the_first_rule_that_takes_a_text_decides() -> None:
    frame = pl.DataFrame({"X": ["12", "abc", None, "?", "7"]})

    read = frame.select(read_in_turn(pl.col("X"), [number, length], pl.Int64()))

    assert read.to_series().to_list() == [12, -3, None, None, 7]


def test_an_empty_column_has_the_right_type() -> None:
    frame = pl.DataFrame({"X": []}, schema={"X": pl.String})

    read = frame.select(read_in_turn(pl.col("X"), [number, length], pl.Int64())).to_series()

    assert read.dtype == pl.Int64
    assert read.is_empty()


def test_a_column_of_nothing_stays_nothing() -> None:
    frame = pl.DataFrame({"X": [None, None]}, schema={"X": pl.String})

    read = frame.select(read_in_turn(pl.col("X"), [number, length], pl.Int64()))

    assert read.to_series().to_list() == [None, None]
