"""Words: text as people wrote it, identifiers as systems gave them, and what several rules share."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from migration_platform.entity import Reading, Translation
from migration_platform.translation.mojibake import repair_series


def filled(column: str, absent: Sequence[str] = ()) -> pl.Expr:
    """The column's text without the space around it; null when that leaves nothing.

    `absent` are texts that the source writes for "none".
    """
    trimmed = pl.col(column).str.strip_chars()
    return pl.when(~trimmed.is_in(["", *absent])).then(trimmed)


def describe_absent(absent: Sequence[str]) -> str:
    """The sentence's end that says which texts count as no value."""
    return f"; {' and '.join(repr(each) for each in absent)} means none" if absent else ""


def problem_unless(value: pl.Expr, given: pl.Expr, words: str) -> pl.Expr:
    """The words where something was given and no value came of it."""
    return pl.when(given.is_not_null() & value.is_null()).then(pl.lit(words))


def text(column: str) -> Translation:
    """Text that people wrote: trimmed, with double-encoded letters repaired."""
    # Repaired before it is trimmed: a torn "à" ends in a no-break space.
    repaired = pl.col(column).map_batches(
        repair_series, return_dtype=pl.String, is_elementwise=True
    )
    trimmed = repaired.str.strip_chars()
    return Translation(
        sentence=f"{column}, trimmed, empty is no value; UTF-8 once read as Windows-1252 repaired",
        columns=(column,),
        value=pl.when(trimmed != "").then(trimmed),
        reading=Reading("text", (column,), loss="which letters were stored in the wrong encoding"),
    )


def identifier(column: str, absent: Sequence[str] = ()) -> Translation:
    """A number or code that another system gave: as it is, only trimmed."""
    return Translation(
        sentence=f"{column} as it is, trimmed, empty is no value{describe_absent(absent)}",
        columns=(column,),
        value=filled(column, absent),
        reading=Reading(
            "identifier",
            (column,),
            (("absent", tuple(absent)),),
            loss="which of the words for none was written" if absent else "",
        ),
    )


def constant(value: str | int | bool) -> Translation:
    """The same value for every record."""
    return Translation(
        sentence=f"always {value!r}",
        columns=(),
        value=pl.lit(value),
        reading=Reading("constant", options=(("value", str(value)),)),
    )


def first_of(*translations: Translation) -> Translation:
    """The first that has a value. For retention rules, e.g. the end of a period, else its start."""
    values = [each.value for each in translations]
    parts = tuple(each.reading for each in translations if each.reading is not None)
    return Translation(
        sentence="the first that is there of: " + "; ".join(each.sentence for each in translations),
        columns=tuple(dict.fromkeys(c for each in translations for c in each.columns)),
        value=pl.coalesce(values),
        files=tuple(dict.fromkeys(f for each in translations for f in each.files)),
        reading=Reading(
            "first of",
            tuple(dict.fromkeys(c for part in parts for c in part.columns)),
            loss="which of them it came from",
            parts=parts,
        )
        if len(parts) == len(translations)
        else None,
    )
