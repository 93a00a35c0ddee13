"""Killed anywhere, and run again: the same bytes. A few kills here, hundreds by `make bench`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import crash_child
from benchmarks.crash import Harness, Kill, Outcome, note, plan_kills, read_progress, summarize

ROOT = Path(__file__).parents[2]


@pytest.fixture
def trial(fresh_home: Path) -> Harness:
    """The small migration in a home of its own, with the state before each operation."""
    harness = Harness(fresh_home)
    harness.learn()
    return harness


def test_a_run_after_a_kill_ends_in_the_same_bytes(trial: Harness) -> None:
    kills = [Kill(name, draw=draw) for name in crash_child.OPERATIONS for draw in (1, 2)]
    kills += [Kill(name, trial.boundaries[name] // 2) for name in crash_child.OPERATIONS]
    # The last boundaries of a rollback: its commit, the stored files, its own record.
    last = trial.boundaries["rollback"]
    kills += [Kill("rollback", boundary) for boundary in range(last - 12, last, 3)]

    outcomes = [trial.make(kill) for kill in kills]

    assert [o for o in outcomes if o.differing] == []
    assert sum(o.took_effect for o in outcomes if o.kill.boundary) == 8
    assert sum(o.took_effect for o in outcomes if not o.kill.boundary) >= 4


def test_a_kill_without_a_run_after_it_would_be_seen(trial: Harness) -> None:
    for name in crash_child.OPERATIONS:
        trial._restore(name)
        middle = trial.boundaries[name] // 2
        killed = trial.run(crash_child.OPERATIONS[name], boundary=middle)

        assert killed == -1
        assert trial.describe() != trial.expected[name]


def test_a_harness_that_was_stopped_goes_on_where_it_was(tmp_path: Path) -> None:
    progress = tmp_path / "kills.jsonl"
    note(progress, Outcome(Kill("load", draw=0), took_effect=False, differing=()))
    note(progress, Outcome(Kill("load", boundary=2), took_effect=True, differing=()))

    outcomes = read_progress(progress)
    left = plan_kills({"load": 3}, 0, outcomes)
    told = summarize(outcomes, {"load": 3})

    assert list(left) == [Kill("load", boundary=1), Kill("load", boundary=3)]
    assert told["boundaries that were not killed at"] == {"load": 2}
    assert told["ended before they were killed"] == 1


def test_the_command_for_hundreds_of_kills_says_what_it_takes() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.crash", "--help"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip

    assert "--kills" in done.stdout
