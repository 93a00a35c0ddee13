"""Rollback and drill of cohorts whose charts moved as patients of another cohort."""

from __future__ import annotations

import pytest

from migration_platform.drill import drill
from migration_platform.errors import MigrationError
from migration_platform.platform import Platform
from migration_platform.rollback import roll_back
from tests.migration_platform.duplicate.clinic import digest, merge, move, search


@pytest.fixture
def merged(platform: Platform) -> Platform:
    """A chart of cohort one that moved as a patient of cohort two, and one within cohort one."""
    move(platform)
    search(platform)
    merge(platform, "ben-2", "ben-1")
    merge(platform, "anna-2", "anna-1")
    move(platform, "one")
    return platform


def test_a_cohort_is_drilled_whose_charts_hang_on_patients_of_another(merged: Platform) -> None:
    before = digest(merged)

    result = drill(merged, "one")

    assert result.passed is True
    assert digest(merged) == before


def test_a_survivors_cohort_is_rolled_back_after_the_charts_that_hang_on_it(
    merged: Platform,
) -> None:
    before = digest(merged)

    with pytest.raises(MigrationError, match="roll one back first"):
        roll_back(merged, "two", person="Ada", reason="tried")
    assert digest(merged) == before
    roll_back(merged, "one", person="Ada", reason="tried")
    roll_back(merged, "two", person="Ada", reason="tried")
    move(merged, "two", "one")

    assert digest(merged) == before
