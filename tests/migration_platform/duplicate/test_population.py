"""A search for duplicates counts as long as the patients that it read are those there are."""

from __future__ import annotations

import pytest

from migration_platform.database import connect
from migration_platform.duplicate.pair_store import newest_search
from migration_platform.evidence.governance import assemble_evidence
from migration_platform.platform import Platform
from tests.decisions import tamper
from tests.migration_platform.duplicate.clinic import move, search
from tests.migration_platform.stage.watched import again

GO = """
[[wave.go]]
measure = "open exceptions"
kind = "possible duplicate"
at_most = 10

[[wave]]
name = "rest"
"""
REGISTERED = (
    "INSERT INTO people VALUES ('new', 'Nora', 'Unseen', '1988-08-08', '555-0170', '700-01', 'TX')"
)


@pytest.fixture
def asking(platform: Platform) -> Platform:
    """The clinic, whose pilot asks that possible duplicates are few."""
    criteria = platform.plan.file.with_name("criteria.toml")
    criteria.write_text(criteria.read_text().replace('[[wave]]\nname = "rest"\n', GO))
    return again(platform)


def said(platform: Platform) -> list[str]:
    """What the verdict says of the search."""
    reasons = assemble_evidence(platform, "pilot").reasons
    return [reason for reason in reasons if "migration duplicates find" in reason]


def change_source(platform: Platform, statement: str) -> None:
    with connect(platform.settings, "source") as connection:
        connection.execute(statement)


def test_a_search_counts_while_no_extract_has_seen_other_patients(asking: Platform) -> None:
    move(asking)
    [never] = said(asking)
    search(asking)
    assert said(asking) == []

    move(asking)

    assert never.endswith("nobody has searched for duplicates (`migration duplicates find`)")
    assert said(asking) == []


@pytest.mark.parametrize(
    "statement",
    [REGISTERED, "DELETE FROM people WHERE \"Id\" = 'p00'",
     "UPDATE people SET \"PHONE\" = '555-0191' WHERE \"Id\" = 'p05'"],
    ids=["came", "went", "changed"],
)  # fmt: skip
def test_a_patient_who_came_went_or_changed_anywhere_makes_the_search_old(
    asking: Platform, statement: str
) -> None:
    move(asking)
    search(asking)
    change_source(asking, statement)  # all of them patients of cohort two
    assert said(asking) == []

    move(asking, "one")
    [reason] = said(asking)
    search(asking)

    assert "patients changed at the source" in reason
    assert "as the extract of cohort one saw: `migration duplicates find`" in reason
    assert said(asking) == []


def test_a_search_older_than_the_waves_freshness_limit_holds(asking: Platform) -> None:
    move(asking)
    search(asking)

    tamper(asking, "UPDATE migration.duplicate_search SET read_at = read_at - interval '25 hours', "
           "versions = (SELECT detail->'population'->>'digest' FROM migration.stage_run "
           "WHERE entity = 'patient' AND stage = 'extract' LIMIT 1)")  # fmt: skip

    [reason] = said(asking)
    assert "more than 24 hours have passed since duplicates were searched for" in reason


def test_where_rows_carry_no_version_every_extract_since_makes_the_search_old(
    asking: Platform,
) -> None:
    change_source(asking, "ALTER TABLE people RENAME TO everybody")
    change_source(asking, "CREATE VIEW people AS SELECT * FROM everybody")
    try:
        move(asking)
        search(asking)
        kept = newest_search(asking.store)
        assert said(asking) == []

        move(asking, "one")
        [reason] = said(asking)
    finally:
        change_source(asking, "DROP VIEW people")
        change_source(asking, "ALTER TABLE everybody RENAME TO people")

    assert kept is not None
    assert kept.versions == ""
    assert "or it cannot be told whether they did" in reason
