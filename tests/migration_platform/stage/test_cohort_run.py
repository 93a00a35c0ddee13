"""What is refused before a run of cohorts starts anything."""

from __future__ import annotations

import pytest

from migration_platform.cohort_run import run_cohorts
from migration_platform.errors import ConfigurationError
from migration_platform.platform import Platform


def test_a_run_without_kinds_of_exceptions_is_refused_before_anything_starts(
    platform: Platform,
) -> None:
    platform.plan.file.with_name("exceptions.toml").unlink()

    with pytest.raises(ConfigurationError, match=r"exceptions\.toml.*docs/exceptions\.md"):
        run_cohorts(platform, ["one"])

    assert platform.store.latest_runs(["one"]) == []


def test_a_run_without_a_source_is_refused_before_anything_starts(platform: Platform) -> None:
    with platform.source() as connection:
        connection.execute("ALTER TABLE people RENAME TO persons")

    with pytest.raises(ConfigurationError, match="has no table people"):
        run_cohorts(platform, ["one"])

    assert platform.store.latest_runs(["one"]) == []
