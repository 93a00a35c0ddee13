"""Number reading: a number or an amount from its text, as DuckDB SQL, exact.

Each function takes SQL for a trimmed text and gives SQL for its value, null where it is none.
"""

from __future__ import annotations

_NUMBER = "DECIMAL(38, 16)"
"""Wider than what is stored, so that a rounded value shows."""

_PLAIN = r"^[+-]?([0-9]+\.?[0-9]{0,16}0*|\.[0-9]{1,16}0*)$"


def first_sql(*values: str) -> str:
    """The first of the values that is there."""
    return f"coalesce({', '.join(values)})"


def let_sql(name: str, value: str, body: str) -> str:
    """`body`, in which `name` stands for the value: written out each time it would be worked out, and
    planned, each time."""
    return f"list_transform([{value}], lambda {name}: {body})[1]"


def exact_sql(text: str) -> str:
    """A number. Short ones are cast without a look at how they are spelled: that is much faster."""
    short = f"CASE WHEN length({text}) <= 17 THEN TRY_CAST({text} AS {_NUMBER}) END"
    return first_sql(short, plain_sql(text))


def plain_sql(text: str) -> str:
    """A number written with digits and a point and nothing else."""
    return f"CASE WHEN regexp_matches({text}, '{_PLAIN}') THEN TRY_CAST({text} AS {_NUMBER}) END"


def whole_sql(text: str) -> str:
    """A whole number; zeros behind a point do not count."""
    whole = f"regexp_extract({text}, '^([+-]?[0-9]+)\\.0*$', 1)"
    digits = f"CASE WHEN contains({text}, '.') THEN {whole} ELSE {text} END"
    return f"TRY_CAST({digits} AS BIGINT)"


def decorated_sql(text: str, bare: str) -> str:
    """An amount as people write it. `bare` is the text without space, commas and currency: what is
    left of it are digits, and a minus or parentheses for a negative one."""
    amount = plain_sql(f"translate({bare}, '()-', '')")
    sign = f"CASE WHEN contains({bare}, '-') OR starts_with({bare}, '(') THEN -1 ELSE 1 END"
    return f"(CASE WHEN {text} IS NOT NULL THEN {sign} * {amount} END)::{_NUMBER}"
