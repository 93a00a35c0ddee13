"""The three real Synthea exports, each moved as a pilot. Skipped where they are not at hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.scenarios.conftest import Project
from tests.scenarios.test_pilot import WRITES, balanced

DATA = Path(__file__).parents[3] / "shared" / "data"
EXPORTS = ("synthea-csv-a-157", "synthea-csv-b-107", "synthea-csv-c-27")


@pytest.mark.parametrize("export", EXPORTS)
def test_a_real_export_moves_balances_and_writes_nothing_the_second_time(
    project: Project, export: str
) -> None:
    folder = DATA / export
    if not folder.is_dir():
        pytest.skip(f"{export} is not beside the project")

    project.migration("sample", "--synthea", str(folder))
    run = project.ask("run", "--wave", "pilot")

    assert run["passed"] is True
    accounts = project.ask("accounting")
    balanced(accounts)
    assert sum(a["loaded"] or 0 for a in accounts) > 100
    lacking = {a["entity"]: a["reason"] for a in accounts if not a["applicable"]}
    assert "no table portal_accounts" in lacking["portal_identity"]
    totals = project.ask("totals")
    assert not [t["name"] for t in totals if t["outcome"] == "differs"]
    assert sum(t["outcome"] == "equal" for t in totals) > 10
    unasked = {t["name"]: t["reason"] for t in totals if t["outcome"] == "not applicable"}
    assert "no table payments" in unasked["payments by program and month"]
    cohorts = [c for w in project.waves().values() for c in w["cohorts"]]
    assert all(c["patients"] for c in cohorts if c["name"].startswith("pilot"))
    before = project.query("destination", WRITES)
    again = project.ask("run", "--wave", "pilot")
    assert [c["written"] for c in again["cohorts"]] == [0, 0, 0]
    assert project.query("destination", WRITES) == before
