"""Whose records a cohort has."""

from __future__ import annotations

import pytest

from migration_platform import stage as stages
from migration_platform.errors import ConfigurationError
from migration_platform.evidence.governance import assemble_evidence
from migration_platform.exception.store import count_exceptions
from migration_platform.ledger import account_for
from migration_platform.platform import Platform
from tests.decisions import promote
from tests.migration_platform.stage.small_migration import (
    destination,
    move,
    source,
)


def test_a_cohort_keeps_the_patients_it_was_frozen_with(platform: Platform) -> None:
    move(platform)
    source(platform.settings, "INSERT INTO people VALUES ('e', 'Eve', 'MA')")

    move(platform)

    members = destination(platform, "SELECT patient FROM migration.cohort_member ORDER BY 1")
    assert members == [("a",), ("b",), ("c",)]


def test_records_of_no_existing_patient_are_accounted_for_where_the_plan_says(
    platform: Platform,
) -> None:
    move(platform)
    promote(platform, "pilot", person="Ada", reason="clean")

    move(platform, "lost")

    visit = account_for(platform, ["lost"], "visit")[0]
    assert (visit.extracted, visit.loaded, visit.excepted) == (1, 0, 1)


def test_a_patient_who_came_when_every_cohort_was_frozen_is_named(platform: Platform) -> None:
    move(platform)
    promote(platform, "pilot", person="Ada", reason="clean")
    for cohort in ("two", "lost"):
        move(platform, cohort)
    source(platform.settings, "INSERT INTO people VALUES ('late', 'Late', 'MA')")

    move(platform, "two")

    reasons = assemble_evidence(platform, "rest").reasons
    assert any("1 patients of the source belong to no cohort" in reason for reason in reasons)


def test_a_member_who_left_the_source_is_extracted_in_one_cohort_only(platform: Platform) -> None:
    move(platform)
    promote(platform, "pilot", person="Ada", reason="clean")
    source(platform.settings, """DELETE FROM people WHERE "Id" = 'b'""")

    move(platform)
    move(platform, "lost")

    accounts = account_for(platform, ["one", "lost"], "visit")
    assert [a.extracted for a in accounts] == [4, 1]
    queued = {e["cohort"]: e["count"] for e in count_exceptions(platform.store, ["one", "lost"])
              if e["entity"] == "visit"}  # fmt: skip
    assert set(queued) == {"one", "lost"}


def test_a_source_without_patients_is_a_configuration_error(platform: Platform) -> None:
    source(platform.settings, "DROP TABLE people")

    with pytest.raises(ConfigurationError, match="no table people"):
        stages.extract(platform, "one", ["patient"])
