"""Mojibake is undone where it is certain, and nothing else is touched."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from migration_platform.translation.mojibake import repair_series, repair_text


def tear(value: str) -> str:
    """UTF-8 read as Windows-1252, the five bytes without a letter kept as they are."""

    def letter(octet: int) -> str:
        try:
            return bytes([octet]).decode("cp1252")
        except UnicodeDecodeError:
            return chr(octet)

    return "".join(letter(each) for each in value.encode("utf-8"))


@pytest.mark.parametrize(
    ("torn", "whole"),
    [
        ("CafÃ©", "Café"),
        ("NÃºÃ±ez", "Núñez"),
        ("SofÃ\u00ada", "Sofía"),
        ("donâ€™t", "don’t"),
        ("â€œquotedâ€\u009d", "“quoted”"),
        ("5 â‚¬", "5 €"),
        ("ðŸ˜€", "😀"),
        ("Ã\u0083Â©", "é"),  # twice
    ],
)
def test_torn_text_is_read_back(torn: str, whole: str) -> None:
    assert repair_text(torn) == whole


@pytest.mark.parametrize("text", ["José", "Ångström", "São Paulo", "Ã", "Müller", "naïve €5", "Ð"])
def test_text_that_is_merely_unusual_stays(text: str) -> None:
    assert repair_text(text) == text


def test_a_torn_letter_is_read_back_beside_one_that_cannot_be() -> None:
    beyond_repair = "à\u0080\u0080"

    assert repair_text("Ã©" + beyond_repair + "Ã©") == "é" + beyond_repair + "é"


names = st.text(
    alphabet=st.characters(min_codepoint=0x20, max_codepoint=0x17F, exclude_categories=["Cc"]),
    max_size=20,
)


@settings(deadline=None, max_examples=50)
@given(names)
def test_what_was_torn_once_comes_back(name: str) -> None:
    whole = repair_text(name)  # a name that looks torn itself cannot be told from a torn one

    assert repair_text(tear(whole)) == whole


@settings(deadline=None, max_examples=50)
@given(st.text(alphabet=st.characters(max_codepoint=0x7E)))
def test_ascii_is_never_touched(value: str) -> None:
    assert repair_text(value) == value


def test_a_column_without_the_marker_is_returned_as_it_is() -> None:
    column = pl.Series(["José", None, ""])

    assert repair_series(column) is column


def test_in_a_column_every_repetition_is_repaired() -> None:
    column = pl.Series(["JosÃ©", None, "Ana", "JosÃ©"])

    assert repair_series(column).to_list() == ["José", None, "Ana", "José"]
