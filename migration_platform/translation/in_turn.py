"""In turn: read a text with one rule after the other, each on what those before it left.

Nearly every value of a column has the usual spelling. Rules written as one expression would all run
on all of it; here the rarer ones cost nothing while nothing needs them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import polars as pl

Reader = Callable[[pl.Expr], pl.Expr]
"""A rule: the text in, the value out, or null where the text is not for this rule."""


def read_in_turn(given: pl.Expr, readers: Sequence[Reader], kind: pl.DataType) -> pl.Expr:
    """What the first reader that takes the text makes of it; null where none does."""
    rules = [reader(pl.col("given")).cast(kind).alias("read") for reader in readers]

    def read(values: pl.Series) -> pl.Series:
        found = _apply(rules[0], values)
        for rule in rules[1:]:
            left = (values.is_not_null() & found.is_null()).arg_true()
            if left.is_empty():
                break
            found = found.scatter(left, _apply(rule, values.gather(left)))
        return found

    return given.map_batches(read, return_dtype=kind, is_elementwise=True)


def _apply(rule: pl.Expr, values: pl.Series) -> pl.Series:
    return values.rename("given").to_frame().select(rule).to_series()
