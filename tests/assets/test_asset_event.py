"""What Dagster is told: outcomes told apart, and no message that this platform did not write."""

from datetime import UTC, datetime
from pathlib import Path

import dagster as dg
import pytest

from assets.asset_event import describe_check, describe_claim, safe_errors
from migration_platform.check import CheckOutcome, ExpectationResult, Outcome
from migration_platform.errors import GateClosedError

ERROR, WARN = dg.AssetCheckSeverity.ERROR, dg.AssetCheckSeverity.WARN
URL = "http://127.0.0.1:3010/cohorts/one/expectations"


def outcome(word: Outcome) -> CheckOutcome:
    return CheckOutcome(
        cohort="one",
        entity="patient",
        point="transformed",
        digest="d",
        suite_digest="s",
        outcome=word,
        results=(
            ExpectationResult("e", "name", "name is there", word, 200, 3, 0),
            ExpectationResult("e", "sex", "sex is known", "passed", 200, 0, 0),
        ),
        checked_at=datetime(2026, 11, 1, tzinfo=UTC),
    )


@pytest.mark.parametrize(
    ("word", "passed", "severity"),
    [
        ("passed", True, ERROR),
        ("failed", False, ERROR),
        ("error", False, ERROR),
        ("not applicable", False, WARN),
    ],
)
def test_only_passed_passes_and_only_not_applicable_does_not_block(
    word: Outcome, passed: bool, severity: dg.AssetCheckSeverity
) -> None:
    found = describe_check("suite", outcome(word), Path("/reports/one.html"), URL)
    assert found.passed is passed
    assert found.severity == severity


def test_a_check_names_what_did_not_pass_with_its_counts_and_links_the_report() -> None:
    found = describe_check("suite", outcome("failed"), Path("/reports/one.html"), URL)
    assert found.description == "failed: 1 failed, 1 passed"
    assert found.metadata["not passed"].value == "- **failed** name is there (3 of 200, 1.5 %)"
    assert found.metadata["open the report"].value == URL
    assert found.metadata["expectation report"].value == "/reports/one.html"


@pytest.mark.parametrize(
    ("holds", "passed", "severity"),
    [(True, True, ERROR), (False, False, ERROR), (None, False, WARN)],
)
def test_a_claim_of_which_nothing_is_known_does_not_pass(
    holds: bool | None, passed: bool, severity: dg.AssetCheckSeverity
) -> None:
    found = describe_claim("balanced", holds, "nothing to compare")
    assert found.passed is passed
    if not passed:
        assert found.severity == severity


def test_an_error_of_the_platform_is_told_in_its_own_words() -> None:
    with pytest.raises(dg.Failure) as seen, safe_errors("load patient of one"):
        raise GateClosedError("wave pilot is not promoted")
    assert seen.value.description == "load patient of one: wave pilot is not promoted"
    assert not seen.value.allow_retries


def test_any_other_error_is_told_by_its_class_and_place_alone() -> None:
    with pytest.raises(dg.Failure) as seen, safe_errors("load patient of one"):
        int("Ann Smith")
    assert "Ann Smith" not in str(seen.value.description)
    assert "ValueError at tests/assets/test_asset_event.py:" in str(seen.value.description)
    assert seen.value.__suppress_context__
