"""The examples of "adapt it": what a newcomer copies works as it stands.

Fast: no database, no Dagster, no Great Expectations.
"""

from __future__ import annotations

import ast
import csv
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from migration_platform.decision.people import load_people
from migration_platform.evidence.criteria import load_criteria
from migration_platform.evidence.readiness import load_readiness
from migration_platform.wave import Cohort, Wave, load_plan
from tests.test_documents import ROOT, blocks, read


def example(name: str) -> str:
    """A block of "adapt it" by the file that it stands for."""
    found = [text for kind, text in blocks(read("docs/adapt.md")) if kind.endswith(f" {name}")]
    assert len(found) == 1, name
    return found[0]


def test_the_examples_of_what_is_decided_beforehand_can_be_read(tmp_path: Path) -> None:
    pilot = Wave("pilot", (Cohort("pilot-weight", "pilot"),), None, 0, 0, 24, 0, 0, 1)
    for name in ("people", "criteria", "readiness"):
        (tmp_path / name).write_text(example(f"assets/{name}.toml"), encoding="utf-8")

    people = load_people(tmp_path / "people")
    criteria = load_criteria(tmp_path / "criteria", [pilot])["pilot"]
    items = load_readiness(tmp_path / "readiness", ["pilot"])

    assert people.holds("Amir Khan", "clinical lead")
    assert criteria.metrics[0].baseline == {"pilot-weight": "24/600"}
    assert [item.owner for item in items] == ["operations lead"]


def test_the_example_of_a_waves_file_can_be_read(tmp_path: Path) -> None:
    [text] = [text for kind, text in blocks(read("docs/adapt.md")) if kind == "toml"]
    (tmp_path / "waves.toml").write_text(text, encoding="utf-8")

    plan = load_plan(tmp_path / "waves.toml")

    assert [c.name for c in plan.cohorts] == ["pilot-weight", "rest-patients", "rest-orphans"]
    assert plan.months("encounter") is None


def test_the_example_of_an_entity_passes_its_own_tests(tmp_path: Path) -> None:
    (tmp_path / "device.py").write_text(example("assets/entities/device.py"), encoding="utf-8")
    test = example("tests/assets/entities/test_device.py")
    (tmp_path / "test_device.py").write_text(test, encoding="utf-8")
    shutil.copy(ROOT / "tests/assets/entities/conftest.py", tmp_path / "conftest.py")
    with (tmp_path / "conftest.py").open("a", encoding="utf-8") as file:
        file.write(
            f"\nimport assets.entities\n\nassets.entities.__path__.append({str(tmp_path)!r})\n"
        )

    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", ".", "."],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout
    assert "3 passed" in done.stdout


def test_the_parts_of_the_example_fit_together() -> None:
    declared = example("assets/entities/device.py")
    fields = re.findall(r"Field\(\s*\"(\w+)\"", declared)
    table = re.search(r"\(\n(.*?)\n\);", example("migration_platform/destination/schema.sql"), re.S)
    assert table, "the example declares no table"
    columns = [line.split()[0] for line in table[1].splitlines() if "CONSTRAINT" not in line]
    owners = list(csv.reader(example("assets/ownership.csv").splitlines()))
    suite = ast.parse(example("checks/suites/device.py"))
    asked = {
        node.value.value
        for node in ast.walk(suite)
        if isinstance(node, ast.keyword)
        and node.arg in ("column", "column_A", "column_B")
        and isinstance(node.value, ast.Constant)
    }

    assert columns == ["id", *fields]
    assert [row[:2] for row in owners] == [["device", name] for name in fields]
    assert all(
        len(row) == len(read("assets/ownership.csv").splitlines()[0].split(",")) for row in owners
    )
    assert asked <= {"id", "source_id", *fields}
