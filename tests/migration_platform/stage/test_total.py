"""Control totals on real databases: what row by row agreement does not show, and what counts do not."""

from __future__ import annotations

from dataclasses import replace

import polars as pl
import pytest

from migration_platform import stage as stages
from migration_platform.control_total import ControlTotal
from migration_platform.entity import Field, Translation
from migration_platform.errors import ConfigurationError
from migration_platform.evidence.governance import assemble_evidence
from migration_platform.platform import Platform
from tests.decisions import sign_all
from tests.migration_platform.stage.small_migration import VISIT, destination, move

BY_NAME = ControlTotal(
    "cost by first letter", "visit", "Visits by the patient's first letter, with their cost.",
    "SELECT v._end, left(word(p.NAME), 1), count(*), sum(money(v.COST)) FROM visits v "
    "LEFT JOIN people p ON p._source_id = word(v.PATIENT) GROUP BY ALL",
    "SELECT left(p.name, 1), count(*), sum(v.cost) FROM cohort_visit v "
    "JOIN cohort_patient p ON p.id = v.patient_id GROUP BY 1",
)  # fmt: skip


@pytest.fixture
def counted(platform: Platform) -> Platform:
    """The small migration with one control total, moved."""
    platform.control_totals = (BY_NAME,)
    move(platform)
    return platform


def total_of(platform: Platform, cohort: str = "one", entity: str = "visit") -> dict:
    run = platform.store.latest(cohort, entity, "reconcile")
    assert run is not None
    (total,) = run.detail["totals"]
    return total


def test_both_sides_agree_and_what_stayed_is_shown_beside_it(counted: Platform) -> None:
    total = total_of(counted)

    assert (total["outcome"], total["groups"]) == ("equal", 2)
    assert total["moved"] == {"count": 3, "total": "7.5"}
    assert total["stayed"] == {"excepted": {"count": 1, "total": "1"}}
    assert sign_all(counted, "pilot").verdict == "promote"


def test_a_sum_that_moved_between_groups_without_changing_a_count_is_found(
    counted: Platform,
) -> None:
    before = destination(counted, "SELECT count(*), sum(cost) FROM visit")
    destination(counted, "UPDATE visit SET cost = 9.5 WHERE cost = 10.5")
    destination(counted, "UPDATE visit SET cost = 1 WHERE cost IS NULL")

    stages.reconcile(counted, "one", "visit")

    assert destination(counted, "SELECT count(*), sum(cost) FROM visit") == before
    total = total_of(counted)
    assert total["outcome"] == "differs"
    assert total["differing"] == [
        {"group": ["A"], "source": {"count": 2, "total": "7.5"},
         "destination": {"count": 2, "total": "6.5"}},
        {"group": ["B"], "source": {"count": 1, "total": None},
         "destination": {"count": 1, "total": "1"}},
    ]  # fmt: skip


def test_a_wrong_mapping_that_every_record_agrees_on_is_found_and_blocks(
    platform: Platform,
) -> None:
    cents = Translation("COST, ten times too small", ("COST",),
                        pl.col("COST").str.to_decimal(scale=6) / 10)  # fmt: skip
    wrong = Field("cost", "decimal", cents)
    platform.entities["visit"] = replace(VISIT, fields=(*VISIT.fields[:2], wrong))
    platform.control_totals = (BY_NAME,)

    move(platform)

    run = platform.store.latest("one", "visit", "reconcile")
    assert run is not None
    assert (run.counts["matched"], run.counts["mismatched"]) == (3, 0)
    seen = assemble_evidence(platform, "pilot")
    assert seen.verdict == "block"
    assert seen.reasons[0] == (
        "the control total 'cost by first letter' of visit in one differs in 1 of 2 groups, first "
        "in (A): 2 records with 7.5 against 2 records with 0.75 at the destination"
    )
    assert stages.reconcile(platform, "one", "visit").clean is False


def test_a_total_that_was_never_computed_holds(counted: Platform) -> None:
    counted.control_totals = (replace(BY_NAME, sentence="Asked otherwise."),)

    seen = assemble_evidence(counted, "pilot")

    assert seen.verdict == "hold"
    assert "the control totals of visit changed after it was reconciled" in seen.reasons[0]


def test_records_of_another_cohort_do_not_count(counted: Platform) -> None:
    destination(
        counted,
        "INSERT INTO patient VALUES ('00000000-0000-0000-0000-000000000001', 'Abe');"
        "INSERT INTO visit VALUES ('00000000-0000-0000-0000-000000000002', "
        "'00000000-0000-0000-0000-000000000001', '', 5)",
    )

    stages.reconcile(counted, "one", "visit")

    assert total_of(counted)["outcome"] == "equal"


def test_a_table_that_the_source_lacks_makes_a_total_not_applicable(platform: Platform) -> None:
    del platform.entities["visit"]
    visit = replace(VISIT, source=replace(VISIT.source, table="calls"))
    platform.entities["visit"] = visit
    platform.control_totals = (replace(BY_NAME, source=BY_NAME.source.replace("visits", "calls")),)

    move(platform)

    total = total_of(platform)
    assert (total["outcome"], total["reason"]) == (
        "not applicable", "the source has no table calls",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"source": "SELECT _end, count(*), 0 FROM nowhere"}, "no entity is read from a table"),
        ({"source": "SELECT _end FORM visits"}, "source: the query was refused: Parser"),
        ({"source": "SELECT _end, WEIGHT, count(*), 0 FROM visits GROUP BY ALL"}, "WEIGHT"),
        ({"source": "SELECT NOTE, _end, count(*), 0 FROM visits GROUP BY ALL"}, "must be _end"),
        ({"source": "SELECT _end, count(*), 0 FROM visits GROUP BY ALL"}, "without _end"),
        ({"destination": "SELECT n, count(*), 0 FROM cohort_visit GROUP BY 1"}, '"n" does not'),
    ],
)
def test_a_total_that_cannot_be_computed_is_an_error(
    platform: Platform, change: dict[str, str], said: str
) -> None:
    platform.control_totals = (replace(BY_NAME, **change),)

    with pytest.raises(ConfigurationError, match=said):
        move(platform)


def test_what_a_database_says_of_a_value_is_withheld(platform: Platform) -> None:
    platform.control_totals = (
        replace(BY_NAME, source="SELECT _end, 'a', count(*), sum(NOTE::int) FROM visits GROUP BY ALL"),
    )  # fmt: skip

    with pytest.raises(ConfigurationError, match=r"refused: ConversionException$"):
        move(platform)
