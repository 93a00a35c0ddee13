"""Samples of charts: which are drawn, and that what is said of the others holds."""

from __future__ import annotations

from fractions import Fraction
from math import comb

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migration_platform.chart.sample import (
    RISK_CHARTS,
    Chart,
    draw,
    most_wrong,
    state_bound,
    stratify,
)


def plain(count: int) -> list[Chart]:
    return [Chart(f"p{n}", 10, 0, 0) for n in range(count)]


def chance(population: int, bad: int, drawn: int, wrong: int) -> Fraction:
    """Of exactly `wrong` wrong charts in the sample, if `bad` of the population are."""
    ways = comb(bad, wrong) * comb(population - bad, drawn - wrong)
    return Fraction(ways, comb(population, drawn))


# By hand: P(none of 60 in N with D wrong) = C(N-D, 60) / C(N, 60), the last D above one in twenty;
# for a population without end (1 - p)^60 = 1/20 gives p = 4.87 %.
@pytest.mark.parametrize(
    ("population", "drawn", "wrong", "most"),
    [
        (60, 60, 0, 0), (60, 60, 3, 3),  # all looked at: what was found is what there is
        (2, 1, 0, 1),  # one of two right: of the other nothing is known
        (20, 19, 0, 0),  # one wrong of 20 escapes 19 looks once in 20 times: not above it
        (100, 60, 0, 3), (1_000_000, 60, 0, 48_701),
        (10, 1, 1, 10),
    ],
)  # fmt: skip
def test_the_bound_is_the_hypergeometric_one(population, drawn, wrong, most) -> None:
    assert most_wrong(population, drawn, wrong) == most


def test_none_wrong_of_sixty_says_fewer_than_4_9_percent_in_a_large_cohort() -> None:
    assert state_bound(100_000, 60, 0, 0) == (
        "With 60 of 100,000 charts drawn at random and none wrong, at most 4,868 charts are wrong, "
        "fewer than 4.9 %, at 95 % confidence."
    )
    assert chance(100_000, 4_868, 60, 0) > Fraction(1, 20) >= chance(100_000, 4_869, 60, 0)


@pytest.mark.parametrize("population", [1, 2, 3, 7, 12, 20])
def test_the_bound_holds_in_95_of_100_samples_whatever_the_truth_is(population: int) -> None:
    for drawn in range(1, population + 1):
        bounds = [most_wrong(population, drawn, wrong) for wrong in range(drawn + 1)]
        assert bounds == sorted(bounds)
        for bad in range(population + 1):
            covered = sum(
                chance(population, bad, drawn, wrong)
                for wrong in range(drawn + 1)
                if bounds[wrong] >= bad
            )
            assert covered >= Fraction(95, 100), (drawn, bad)


@given(st.integers(1, 400), st.data())
def test_the_bound_is_the_largest_number_that_is_not_unlikely(population, data) -> None:
    drawn = data.draw(st.integers(1, population))
    wrong = data.draw(st.integers(0, drawn))

    most = most_wrong(population, drawn, wrong)

    def as_few(bad: int) -> Fraction:
        return sum((chance(population, bad, drawn, k) for k in range(wrong + 1)), Fraction())

    assert wrong <= most <= population
    assert as_few(most) > Fraction(1, 20)
    assert most == population or as_few(most + 1) <= Fraction(1, 20)


def test_a_bound_of_what_cannot_be_is_refused() -> None:
    with pytest.raises(ValueError, match="drawn"):
        most_wrong(10, 11, 0)


def test_a_sample_that_is_not_judged_throughout_says_nothing() -> None:
    assert state_bound(400, 60, 2, 0) == (
        "It says nothing yet: 2 of its 60 random charts are not judged."
    )
    assert "nothing can be said" in state_bound(400, 0, 0, 0)
    assert state_bound(25, 25, 0, 1) == "All 25 charts were looked at, 1 wrong."
    assert state_bound(10, 1, 0, 1) == (
        "With 1 of 10 charts drawn at random and 1 wrong, nothing is ruled out."
    )


def test_a_chart_belongs_to_the_first_risk_that_holds_of_it() -> None:
    charts = [
        *plain(16),
        Chart("waits", 99, 3, 2), Chart("rare", 9, 0, 1), Chart("long", 98, 0, 0),
        Chart("less", 97, 0, 0),
    ]  # fmt: skip

    strata = stratify(charts)

    assert {p: s for p, s in strata.items() if s != "the rest"} == {
        "waits": "many exceptions",
        "rare": "rare codes",
        "long": "many records",
    }


def test_equal_charts_are_no_risk() -> None:
    assert set(stratify(plain(40)).values()) == {"the rest"}
    assert stratify([]) == {}


@given(st.integers(0, 80), st.integers(0, 2**31), st.integers(1, 90), st.randoms())
def test_the_same_seed_and_charts_give_the_same_sample(count, seed, number, random) -> None:
    charts = [Chart(f"p{n}", n, n % 3, n % 5 == 0) for n in range(count)]
    first = draw(charts, seed, number)
    random.shuffle(charts)

    again = draw(charts, seed, number)

    assert again == first
    chosen = [c.patient for c in first]
    assert len(chosen) == len(set(chosen))
    assert sum(c.is_random for c in first) == min(number, count)
    strata = stratify(charts)
    assert all(strata[c.patient] == c.stratum for c in first)
    for risk in {s for s in strata.values() if s != "the rest"}:
        left = sum(s == risk for s in strata.values()) - sum(
            c.is_random and c.stratum == risk for c in first
        )
        assert sum(not c.is_random and c.stratum == risk for c in first) == min(left, RISK_CHARTS)


def test_another_seed_draws_others() -> None:
    drawn = {tuple(c.patient for c in draw(plain(100), seed, 10)) for seed in range(20)}

    assert len(drawn) == 20


def test_every_chart_has_the_same_chance() -> None:
    times = dict.fromkeys((c.patient for c in plain(10)), 0)
    for seed in range(4_000):
        for chart in draw(plain(10), seed, 3):
            times[chart.patient] += 1

    # 1,200 each are to be expected, give or take 29 (one standard deviation).
    assert all(1_200 - 5 * 29 < n < 1_200 + 5 * 29 for n in times.values())
