"""Figures: exact, and a count keeps what it is out of."""

from __future__ import annotations

from fractions import Fraction

import pytest

from migration_platform.trigger.figure import read_figure


@pytest.mark.parametrize(
    ("given", "value", "text", "words"),
    [
        ("4.50", Fraction(9, 2), "4.5", "4.5"),
        ("9/200", Fraction(9, 200), "9/200", "9 of 200"),
        (" 1000 / 3000 ", Fraction(1, 3), "1000/3000", "1,000 of 3,000"),
        ("0/5", Fraction(0), "0/5", "0 of 5"),
        ("1.5/4", Fraction(3, 8), "1.5/4", "1.5 of 4"),
    ],
)
def test_a_figure_is_read_without_losing_a_digit(
    given: str, value: Fraction, text: str, words: str
) -> None:
    figure = read_figure(given)

    assert figure.value == value
    assert figure.text == text
    assert figure.words == words


def test_something_out_of_nothing_has_no_value() -> None:
    assert read_figure("0/0").value is None
    assert read_figure("0/0").words == "0 of 0"


@pytest.mark.parametrize("given", ["", "-1", "1e3", "NaN", "4,5", "1/2/3", "/3", "9" * 13])
def test_what_is_no_figure_is_refused(given: str) -> None:
    with pytest.raises(ValueError, match="a count out of a whole, as in 9/200"):
        read_figure(given)
