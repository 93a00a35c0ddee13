"""Words, identifiers, constants, and the first of several."""

from __future__ import annotations

from datetime import date as Day

import polars as pl

from migration_platform.translation import constant, date, first_of, identifier, text


def test_text_is_trimmed_and_nothing_is_no_value(apply) -> None:
    read = apply(text("X"), ["  Ana ", "", "   ", "\t", None, "two\nlines"])

    assert [value for value, _ in read] == ["Ana", None, None, None, None, "two\nlines"]


def test_text_read_in_the_wrong_encoding_is_repaired(apply) -> None:
    torn = ["JosÃ©", "the patientâ€™s", "VoilÃ\u00a0", "Cáº§n ThÆ¡", "José", "Ångström"]

    read = apply(text("X"), torn)

    assert [value for value, _ in read] == [
        "José",
        "the patient’s",
        "Voilà",
        "Cần Thơ",
        "José",
        "Ångström",
    ]


def test_an_identifier_stays_as_it_is_and_may_have_a_word_for_none(apply) -> None:
    read = apply(identifier("X", absent=("false",)), [" X123 ", "false", "False", "JosÃ©"])

    assert [value for value, _ in read] == ["X123", None, "False", "JosÃ©"]


def test_a_constant_needs_no_column() -> None:
    frame = pl.DataFrame({"X": ["a", "b"]}).with_columns(constant("USD").value.alias("value"))

    assert frame["value"].to_list() == ["USD", "USD"]
    assert constant("USD").columns == ()


def test_the_first_that_is_there_counts() -> None:
    either = first_of(date("A"), date("B"))
    frame = pl.DataFrame({"A": ["2024-01-01", None, None], "B": ["2025-01-01", "2025-02-02", None]})

    assert frame.select(either.value).to_series().to_list() == [
        Day(2024, 1, 1),
        Day(2025, 2, 2),
        None,
    ]
    assert either.columns == ("A", "B")
