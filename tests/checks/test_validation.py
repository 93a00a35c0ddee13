"""Running a suite: outcomes told apart, counts only, nothing written, nothing left open to doubt."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from types import ModuleType
from typing import Any

import great_expectations as gx
import great_expectations.expectations as gxe
import psycopg
import pytest
import sqlalchemy as sa

from checks import suite_plan, validation
from migration_platform.check import ExpectationResult, overall_outcome
from migration_platform.errors import ConfigurationError
from tests.checks.conftest import rows

MARK = "Zxqv-Marked-Patient"
Suite = Callable[..., None]


@pytest.fixture
def suite(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Suite]:
    """Makes these expectations the suite of `organization`, the smallest entity."""

    def declare(*expectations: gxe.Expectation) -> None:
        (tmp_path / "organization.py").write_text("# a suite of this test")
        monkeypatch.setattr(validation, "SUITES", tmp_path)
        module = ModuleType("checks.suites.organization")
        suite = gx.ExpectationSuite(name="trial", expectations=list(expectations))
        monkeypatch.setattr(module, "SUITE", suite, raising=False)
        monkeypatch.setitem(sys.modules, "checks.suites.organization", module)
        suite_plan.close()

    yield declare
    suite_plan.close()


def by_sentence(results: list[ExpectationResult], words: str) -> ExpectationResult:
    return next(each for each in results if words in each.sentence)


def test_of_an_empty_batch_nothing_passes(stage: Any) -> None:
    results = validation.validate(stage("organization", []))

    assert {each.outcome for each in results} == {"not applicable"}
    assert overall_outcome(results) == "not applicable"


def test_fewer_records_than_mapped_fail_with_how_many_are_missing(stage: Any) -> None:
    batch = stage("organization", rows(3), rows_expected=5)

    counted = by_sentence(validation.validate(batch), "as many records as were mapped")

    assert counted.outcome == "failed"
    assert (counted.element_count, counted.unexpected_count, counted.missing_count) == (3, 2, 2)


def test_more_records_than_mapped_fail_too(stage: Any) -> None:
    batch = stage("organization", rows(3), rows_expected=1)

    counted = by_sentence(validation.validate(batch), "as many records as were mapped")

    assert counted.outcome == "failed"
    assert (counted.element_count, counted.unexpected_count, counted.missing_count) == (3, 2, 0)


def test_a_table_that_is_empty_though_records_were_mapped_fails(stage: Any) -> None:
    results = validation.validate(stage("organization", [], rows_expected=2))

    assert overall_outcome(results) == "failed"
    assert "passed" not in {each.outcome for each in results}


def test_counts_say_how_many_break_it_and_how_many_have_no_value(stage: Any) -> None:
    planted = [*rows(2), {**rows(3)[2], "state_code": "ZZ"}, {**rows(4)[3], "state_code": None}]

    result = by_sentence(validation.validate(stage("organization", planted)), "is a US state")

    assert result.outcome == "failed"
    assert (result.element_count, result.unexpected_count, result.missing_count) == (4, 1, 1)


def test_a_column_without_any_value_has_nothing_to_check(stage: Any) -> None:
    results = validation.validate(stage("organization", rows(3, state_code=None)))

    result = by_sentence(results, "is a US state")

    assert result.outcome == "not applicable"
    assert (result.element_count, result.missing_count) == (3, 3)
    assert overall_outcome(results) == "passed"


def test_a_share_that_is_allowed_passes_and_keeps_its_count(suite: Suite, stage: Any) -> None:
    suite(gxe.ExpectColumnValuesToNotBeNull(column="city", mostly=0.5, description="Mostly."))

    result = by_sentence(
        validation.validate(stage("organization", [*rows(2), rows(3, city=None)[2]])), "Mostly"
    )

    assert (result.outcome, result.unexpected_count) == ("passed", 1)


def test_an_expectation_that_raises_is_an_error_and_hides_no_other(
    suite: Suite, stage: Any
) -> None:
    suite(
        gxe.ExpectColumnValuesToMatchRegex(column="id", regex="x", description="Not of a uuid."),
        gxe.ExpectColumnValuesToNotBeNull(column="nowhere", description="No such column."),
        gxe.ExpectColumnValuesToNotBeNull(column="name", description="Has a name."),
        gxe.ExpectColumnValuesToBeInSet(column="city", value_set=["Paris"], description="Paris."),
    )

    results = validation.validate(stage("organization", rows(2)))

    assert [each.outcome for each in results] == ["passed", "error", "error", "passed", "failed"]
    assert results[1].error == "UndefinedFunction"
    assert results[2].error == "InvalidMetricAccessorDomainKwargsKeyError"
    assert results[1].unexpected_count is None
    assert overall_outcome(results) == "failed"


def test_a_database_that_cannot_be_reached_is_an_error(stage: Any) -> None:
    batch = replace(
        stage("organization", rows(2)), url="postgresql+psycopg2://nobody@127.0.0.1:1/nowhere"
    )

    results = validation.validate(batch)

    assert {each.outcome for each in results} == {"error"}
    assert overall_outcome(results) == "error"


def test_no_value_of_a_record_is_in_results_logs_or_output(
    suite: Suite,
    stage: Any,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    suite(
        gxe.ExpectColumnValuesToBeInSet(column="name", value_set=["x"], description="In a set."),
        gxe.ExpectColumnValuesToBeUnique(column="city", description="Unique."),
        gxe.ExpectColumnDistinctValuesToBeInSet(
            column="name", value_set=["x"], description="Aggregate."
        ),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query="SELECT name FROM {batch}", description="Rows."
        ),
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query="SELECT 1 FROM {batch} WHERE CAST(name AS integer) > 0",
            description="Quoted by the database's message.",
        ),
    )
    caplog.set_level("DEBUG")

    results = validation.validate(stage("organization", rows(3, name=MARK, city=MARK)))

    assert [each.outcome for each in results[1:]] == [*["failed"] * 4, "error"]
    assert results[-1].error == "InvalidTextRepresentation"
    out, err = capfd.readouterr()
    for text in (repr(results), out, err, caplog.text):
        assert MARK not in text


def test_no_record_leaves_the_database(stage: Any) -> None:
    batch = stage("organization", rows(20))
    suite_plan.close()
    fetched: list[int] = []

    def note(_c: Any, cursor: Any, statement: str, *_: Any) -> None:
        fetched.append(cursor.rowcount)

    sa.event.listen(sa.Engine, "after_cursor_execute", note)
    try:
        validation.validate(batch)
    finally:
        sa.event.remove(sa.Engine, "after_cursor_execute", note)

    assert fetched
    assert max(fetched) <= 1


def test_a_check_cannot_write(suite: Suite, stage: Any, destination: psycopg.Connection) -> None:
    destination.execute(
        "CREATE OR REPLACE FUNCTION meddle() RETURNS int LANGUAGE sql VOLATILE AS "
        "$$ DELETE FROM organization RETURNING 1 $$"
    )
    suite(
        gxe.UnexpectedRowsExpectation(
            unexpected_rows_query="SELECT 1 FROM {batch} WHERE meddle() = 1", description="Writes."
        )
    )

    result = validation.validate(stage("organization", rows(1)))[-1]

    assert (result.outcome, result.error) == ("error", "ReadOnlySqlTransaction")


def test_the_same_batch_is_checked_anew_each_time(stage: Any) -> None:
    assert overall_outcome(validation.validate(stage("organization", rows(2)))) == "passed"

    broken = validation.validate(stage("organization", rows(2, state_code="ZZ")))

    assert overall_outcome(broken) == "failed"


def test_a_connection_that_was_cut_since_the_last_suite_is_replaced(
    stage: Any, destination: psycopg.Connection
) -> None:
    before = validation.validate(stage("organization", rows(2)))
    cut = destination.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE application_name = 'migration checks' AND datname = current_database()"
    ).fetchall()

    after = validation.validate(stage("organization", rows(2)))

    assert (True,) in cut
    assert after == before


def test_the_digest_is_that_of_the_suites_file() -> None:
    content = (Path("checks") / "suites" / "patient.py").read_bytes()

    assert validation.suite_digest("patient") == sha256(content).hexdigest()


def test_an_entity_without_a_suite_is_named_with_the_file_to_write() -> None:
    with pytest.raises(ConfigurationError, match=r"checks/suites/pedigree\.py"):
        validation.suite_digest("pedigree")


def test_the_door_opens_without_great_expectations() -> None:
    code = "import sys, checks.validation as v; v.suite_digest('patient'); "
    code += "assert 'great_expectations' not in sys.modules"

    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path.cwd())
