"""Headline: the first line of a page, with the shape of its state, and what stands below it."""

from __future__ import annotations

from dataclasses import dataclass

SHAPES = {
    "promote": "passed",
    "promoted": "promoted",
    "completed": "promoted",
    "hold": "held",
    "block": "failed",
}
"""The shape of each verdict. The word stands beside it always."""


@dataclass(frozen=True, slots=True)
class Headline:
    state: str
    sentence: str
    rest: str = ""


@dataclass(frozen=True, slots=True)
class Reason:
    """Why something may not go on, and where the proof of it is."""

    words: str
    proof: str = ""


def count_noun(number: int, noun: str, several: str = "") -> str:
    """`1 record`, `1,204 records`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {several or noun + 's'}"
