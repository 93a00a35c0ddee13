"""Cohorts: each patient in exactly one, in the order of the rules, within their bounds."""

from __future__ import annotations

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from migration_platform.cohort import assign_cohorts
from migration_platform.wave import ATTRIBUTES, Cohort

RULES = (
    Cohort("first", "pilot", {"program": ("sleep",)}, at_most=2),
    Cohort("second", "pilot", {"state": ("MA", "(none)")}, share=0.5),
    Cohort("orphans", "rest", orphans=True),
    Cohort("rest", "rest"),
)


def population(*people: tuple[str, str | None, str | None]) -> pl.DataFrame:
    rows = [(name, name, program, state, None, None) for name, program, state in people]
    return pl.DataFrame(
        rows, schema=dict.fromkeys(("patient", "rank", *ATTRIBUTES), pl.String), orient="row"
    )


def test_the_first_rule_that_takes_a_patient_has_it_and_its_bound_passes_the_others_on() -> None:
    people = population(
        ("a", "sleep", "TX"), ("b", "sleep", "TX"), ("c", "sleep", "MA"), ("d", None, None)
    )

    assigned = dict(assign_cohorts(people, RULES).rows())

    assert assigned == {"a": "first", "b": "first", "c": "second", "d": "second"}


def test_a_patient_that_no_rule_takes_is_named_as_such() -> None:
    assigned = assign_cohorts(population(("a", None, "TX")), RULES[:2])

    assert assigned.rows() == [("a", None)]


@settings(max_examples=50, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.uuids().map(str), st.none() | st.just("sleep"), st.none() | st.sampled_from(["MA"])
        ),
        max_size=40,
        unique_by=lambda p: p[0],
    )
)
def test_every_patient_is_in_exactly_one_cohort(
    people: list[tuple[str, str | None, str | None]],
) -> None:
    assigned = assign_cohorts(population(*people), RULES)

    assert sorted(assigned["patient"]) == sorted(p[0] for p in people)
    assert assigned["cohort"].null_count() == 0
    assert assigned.filter(pl.col("cohort") == "first").height <= 2
