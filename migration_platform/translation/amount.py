"""Amounts: exact numbers from text. No binary float stands between the text and the value.

A number with more digits than the destination keeps is refused, never rounded.
"""

from __future__ import annotations

import polars as pl

from migration_platform.entity import (
    DECIMAL_PRECISION,
    DECIMAL_SCALE,
    POLARS_TYPE,
    Reading,
    Translation,
)
from migration_platform.translation.in_turn import read_in_turn
from migration_platform.translation.word import filled, problem_unless

_DECIMAL = POLARS_TYPE["decimal"]
_WHOLE = DECIMAL_PRECISION - DECIMAL_SCALE
_EXACT = rf"^[+-]?(\d{{1,{_WHOLE}}}(\.\d{{0,{DECIMAL_SCALE}}}0*)?|\.\d{{1,{DECIMAL_SCALE}}}0*)$"
_NUMBER = r"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)$"
_MONEY = (
    r"^(-?\$?|\$-)(\d+|\d{1,3}(,\d{3})+)(\.\d*)?$",
    r"^(-?\$?|\$-)\.\d+$",
    r"^\(\$?(\d+|\d{1,3}(,\d{3})+)(\.\d*)?\)$",
)
_NUMBER_PROBLEM = "not a number with at most 12 digits before and 6 after the point"
_MONEY_PROBLEM = "not an amount of money with at most 12 digits before and 6 after the point"


def money(column: str) -> Translation:
    """An amount as people write it: $1,234.50, (12.00) for minus twelve, 1234.5."""
    given = filled(column)
    value = read_in_turn(given, [_read_exact, _read_decorated], _DECIMAL)
    return Translation(
        sentence=(
            f"{column} as an exact amount: $, USD and thousands' commas removed, parentheses or a "
            "minus mean negative; empty is no value"
        ),
        columns=(column,),
        value=value,
        problem=problem_unless(value, given, _MONEY_PROBLEM),
        reading=Reading("money", (column,), loss="a currency sign beside the number"),
    )


def decimal(column: str) -> Translation:
    """A plain number."""
    given = filled(column)
    value = _read_exact(given)
    return Translation(
        sentence=f"{column} as an exact number; empty is no value",
        columns=(column,),
        value=value,
        problem=problem_unless(value, given, _NUMBER_PROBLEM),
        reading=Reading("decimal", (column,)),
    )


def number_within(column: str) -> Translation:
    """A number where the text is one; empty, without a problem, where it is words.

    For values that are numbers or answers. The text itself must have a field of its own. A number
    with more digits than are kept is a problem: it would go missing where numbers are looked for.
    """
    given = filled(column)
    value = _read_exact(given)
    number = pl.when(given.str.contains(_NUMBER)).then(given)
    return Translation(
        sentence=f"{column} as an exact number where it is one, else empty",
        columns=(column,),
        value=value,
        problem=problem_unless(value, number, _NUMBER_PROBLEM),
        reading=Reading("number within", (column,), loss="what is written there in words"),
    )


def integer(column: str) -> Translation:
    """A whole number; 12.0 is one."""
    given = filled(column)
    whole = pl.when(given.str.contains(r"^[+-]?\d{1,18}(\.0*)?$")).then(given)
    value = whole.str.replace(r"\.0*$", "").cast(pl.Int64, strict=False)
    return Translation(
        sentence=f"{column} as a whole number; empty is no value",
        columns=(column,),
        value=value,
        problem=problem_unless(value, given, "not a whole number"),
        reading=Reading("integer", (column,)),
    )


def _read_exact(given: pl.Expr) -> pl.Expr:
    """The decimal that the digits spell, null unless it fits without rounding."""
    return pl.when(given.str.contains(_EXACT)).then(given).cast(_DECIMAL, strict=False)


def _read_decorated(given: pl.Expr) -> pl.Expr:
    compact = given.str.replace_all(r"[\s\u00a0]|(?i:usd)", "")
    written = pl.any_horizontal([compact.str.contains(each) for each in _MONEY])
    negative = compact.str.contains(r"^\(|-")
    digits = compact.str.replace_all(r"[$,()\-]", "")
    signed = pl.when(negative).then("-" + digits).otherwise(digits)
    return _read_exact(pl.when(written).then(signed))
