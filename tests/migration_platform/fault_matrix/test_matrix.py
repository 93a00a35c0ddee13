"""The matrix on a small sample: every fault over every entity, and none that is missed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from migration_platform.fault.catalogue import BENIGN, DOCUMENT_FAULTS, FAULTS
from migration_platform.fault_matrix.matrix import Matrix, run_matrix
from migration_platform.fault_matrix.sample import mapped_sample
from migration_platform.platform import Platform
from migration_platform.reconciliation.column import Column
from migration_platform.settings import Settings


@pytest.fixture(scope="module")
def sample(session_home: Path) -> Iterator[Platform]:
    with mapped_sample(Settings.load(), patients=40, seed=3) as platform:
        yield platform


@pytest.fixture(scope="module")
def matrix(sample: Platform) -> Matrix:
    return run_matrix(sample, per_type=25, seed=5)


def test_every_fault_of_the_catalogue_is_found_and_located(matrix: Matrix) -> None:
    faults = [line for line in matrix.lines if not line.benign]

    assert matrix.wrong == ()
    assert {f.name for f in FAULTS} | {f.name for f in DOCUMENT_FAULTS} <= {f.name for f in faults}
    assert all(line.planted == line.found == line.located >= 25 for line in faults)
    assert matrix.good


def test_no_benign_change_alarms_and_only_those_of_absent_types_are_not_made(
    matrix: Matrix,
) -> None:
    benign = {line.name: line for line in matrix.lines if line.benign}

    assert set(benign) == {c.name for c in BENIGN}
    assert sum(line.found for line in benign.values()) == 0
    assert {n for n, line in benign.items() if not line.planted} <= {"yes as a word"}


def test_a_comparison_that_takes_no_notice_of_case_is_seen(
    sample: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    def differs(column: Column, sent: str, found: str) -> str:
        a, b = (f"lower({side}::varchar)" for side in (sent, found))
        return f"({a} IS DISTINCT FROM {b})"

    monkeypatch.setattr(Column, "differs", differs)
    matrix = run_matrix(sample, per_type=4, seed=5, only="allergy")

    assert not matrix.good
    wrong = {each["name"] for each in matrix.wrong if each["entity"] == "allergy"}
    assert {"upper case", "key in other letter case"} <= wrong


def test_a_home_of_the_matrix_leaves_nothing_behind(session_home: Path) -> None:
    with mapped_sample(Settings.load(), patients=20, seed=3) as platform:
        home = platform.settings.home
        assert home != session_home

    assert not home.exists()
