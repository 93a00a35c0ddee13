"""Sample chart: which charts people check by eye, and what that says about the charts they did not.

Pure: charts in, a sample and a statement out. A sample has two parts. A simple random one over all
charts of the cohort, which alone carries the statement; and a few charts more from each stratum of
risk, where a fault is likeliest, which find faults and say nothing about the rest: they were not
drawn with the same chance.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

Stratum = Literal["many exceptions", "rare codes", "many records", "the rest"]

RISKS: tuple[Stratum, ...] = ("many exceptions", "rare codes", "many records")
"""In this order: a chart belongs to the first that holds of it."""

RANDOM_CHARTS = 60
"""Drawn over all charts unless told otherwise: none wrong of 60 says fewer than 4.9 % are."""

RISK_CHARTS = 5
"""Drawn beside them from each stratum of risk."""

TOP = Fraction(1, 10)
"""Many is more than in all but this part of the charts."""

CONFIDENCE = Fraction(95, 100)


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart and what makes it a risk: how many source records it has, how many of them wait, how
    many rare codes stand in it. `digest` names what was sent of it."""

    patient: str
    records: int
    waiting: int
    rare_codes: int
    digest: str = ""


@dataclass(frozen=True, slots=True)
class SampledChart:
    """A chart that was drawn: at random over all of them, or for its stratum."""

    patient: str
    stratum: Stratum
    is_random: bool


def stratify(charts: Sequence[Chart]) -> dict[str, Stratum]:
    """The stratum of each chart, by patient."""
    waiting = _most_have([c.waiting for c in charts])
    records = _most_have([c.records for c in charts])
    return {
        c.patient: "many exceptions"
        if c.waiting > waiting
        else "rare codes"
        if c.rare_codes
        else "many records"
        if c.records > records
        else "the rest"
        for c in charts
    }


def draw(charts: Sequence[Chart], seed: int, number: int = RANDOM_CHARTS) -> list[SampledChart]:
    """Draw `number` charts over all, and `RISK_CHARTS` more of each stratum of risk.

    Every chart's place in line is a hash of the seed and the patient's id: the same seed and charts
    give the same sample on any machine, and no id is likelier than another.
    """
    strata = stratify(charts)
    line = sorted(strata, key=lambda patient: (_place(seed, patient), patient))
    chosen = [SampledChart(p, strata[p], True) for p in line[:number]]
    for risk in RISKS:
        more = [p for p in line[number:] if strata[p] == risk]
        chosen += [SampledChart(p, risk, False) for p in more[:RISK_CHARTS]]
    return chosen


def most_wrong(population: int, drawn: int, wrong: int) -> int:
    """How many of the population's charts may be wrong at the most: a one-sided exact upper bound.

    The largest number D of wrong charts under which a simple random sample of `drawn` would have
    `wrong` or fewer wrong ones with a probability above 1 - `CONFIDENCE`: the hypergeometric test of
    "D or more are wrong", turned round. In integers, so nothing is rounded. Coverage is at least
    `CONFIDENCE` whatever the true D. (J. Buonaccorsi, "A Note on Confidence Intervals for
    Proportions in Finite Populations", The American Statistician 41 (1987) 215-218; T. Wright,
    "Exact Confidence Bounds when Sampling from Small Finite Universes", Springer 1991.)
    """
    if not 0 <= wrong <= drawn <= population:
        raise ValueError("wrong <= drawn <= population must hold")
    samples = math.comb(population, drawn)
    doubt = 1 - CONFIDENCE

    def is_likely(bad: int) -> bool:
        as_few = sum(
            math.comb(bad, k) * math.comb(population - bad, drawn - k) for k in range(wrong + 1)
        )
        return as_few * doubt.denominator > samples * doubt.numerator

    low, high = wrong, population  # so few are always likely; the chance only falls from there on
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if is_likely(middle) else (low, middle - 1)
    return low


def state_bound(population: int, drawn: int, unjudged: int, wrong: int) -> str:
    """What the random part of a sample says, in words."""
    if not drawn:
        return "No chart was drawn at random, so nothing can be said of the others."
    if unjudged:
        return (
            f"It says nothing yet: {unjudged:,} of its {drawn:,} random charts "
            f"{'are' if unjudged > 1 else 'is'} not judged."
        )
    said = "none" if not wrong else f"{wrong:,}"
    if drawn == population:
        return f"All {population:,} charts were looked at, {said} wrong."
    most = most_wrong(population, drawn, wrong)
    seen = f"With {drawn:,} of {population:,} charts drawn at random and {said} wrong"
    if most == population:
        return f"{seen}, nothing is ruled out."
    # Up, so that what is printed is never less than what holds.
    percent = math.ceil(Fraction(most + 1, population) * 1000) / 10
    return f"{seen}, at most {most:,} charts are wrong, fewer than {percent:.1f} %, at {int(CONFIDENCE * 100)} % confidence."


def _most_have(counts: Sequence[int]) -> int:
    """The number that all but the top part of the charts do not exceed."""
    if not counts:
        return 0
    return sorted(counts)[math.ceil((1 - TOP) * len(counts)) - 1]


def _place(seed: int, patient: str) -> bytes:
    return hashlib.sha256(f"{seed}\0{patient}".encode()).digest()
