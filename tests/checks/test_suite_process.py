"""The suites in a process of their own: the same answers, and an answer to no other question."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from checks import suite_process, validation
from migration_platform.check import overall_outcome
from migration_platform.errors import ConfigurationError, MigrationError
from tests.checks.conftest import rows

MARK = "zxqvmarkedpatient"


@pytest.fixture(autouse=True, scope="module")
def stopped() -> Iterator[None]:
    """This file leaves no process to others."""
    yield
    suite_process.stop()


def is_there(process: int) -> bool:
    """Whether a process of that number runs."""
    state = Path(f"/proc/{process}/stat")
    if sys.platform == "linux":
        return state.exists() and state.read_text().rsplit(")", 1)[1].split()[0] != "Z"
    return subprocess.run(["ps", "-p", str(process)], capture_output=True).returncode == 0


def test_it_answers_as_a_suite_run_here_does(stage: Any) -> None:
    for found in (rows(3), rows(3, state_code="ZZ"), []):
        batch = stage("organization", found)

        assert suite_process.validate(batch) == validation.validate(batch)

    assert overall_outcome(suite_process.validate(batch)) == "not applicable"


def test_a_missing_suite_is_named_with_the_file_to_write(stage: Any) -> None:
    batch = replace(stage("organization", rows(1)), entity="pedigree")

    with pytest.raises(ConfigurationError, match=r"checks/suites/pedigree\.py"):
        suite_process.validate(batch)


def test_an_unforeseen_error_tells_its_kind_and_place_but_not_its_message(stage: Any) -> None:
    batch = stage("organization", rows(1))
    elsewhere = replace(batch, url=f"{MARK}://nowhere")

    with pytest.raises(MigrationError) as told:
        suite_process.validate(elsewhere)

    said = "organization: its suite could not be run: NoSuchModuleError at checks/suite_plan.py:"
    assert said in str(told.value)
    assert MARK not in str(told.value)


def test_a_killed_process_fails_its_question_and_the_next_has_another(stage: Any) -> None:
    batch = stage("organization", rows(1))
    suite_process.validate(batch)
    process = suite_process.start().process
    process.kill()
    process.wait()

    with pytest.raises(MigrationError, match=r"organization: the process .* ended with code -9"):
        suite_process.validate(batch)

    assert overall_outcome(suite_process.validate(batch)) == "passed"


def test_an_interrupted_questions_answer_is_not_taken_for_the_next_ones(stage: Any) -> None:
    batch = stage("organization", rows(2))
    suite_process.validate(batch)
    columns = ", ".join(batch.columns)
    slow = replace(
        batch,
        rows=1,
        table=None,
        query=f"SELECT {columns}, '' AS source_id FROM {batch.schema}.\"{batch.table}\" "
        "WHERE pg_sleep(3) IS NOT NULL LIMIT 1",
    )

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        signal.setitimer(signal.ITIMER_REAL, 1)
        with pytest.raises(KeyboardInterrupt):
            suite_process.validate(slow)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)

    counted = suite_process.validate(batch)[0]
    assert (counted.outcome, counted.element_count) == ("passed", 2)


def test_it_ends_with_the_process_that_started_it() -> None:
    code = (
        "from checks import suite_process as s; print(s.start().process.pid, flush=True); input()"
    )
    starter = subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=Path.cwd(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert starter.stdout is not None
    process = int(starter.stdout.readline())
    assert is_there(process)

    starter.kill()
    starter.communicate()

    for _ in range(600):  # it may still be importing
        if not is_there(process):
            break
        time.sleep(0.1)
    assert not is_there(process)


def test_an_interrupt_of_the_whole_group_leaves_its_answer_to_who_asked(stage: Any) -> None:
    batch = stage("organization", rows(1))
    suite_process.validate(batch)

    os.kill(suite_process.start().process.pid, signal.SIGINT)

    assert overall_outcome(suite_process.validate(batch)) == "passed"


def test_who_asks_imports_no_great_expectations() -> None:
    code = "import sys, assets.definitions; assert 'great_expectations' not in sys.modules"

    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path.cwd())
