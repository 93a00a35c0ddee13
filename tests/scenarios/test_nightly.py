"""A fault planted in the real destination: found by the night, shown, repaired, balanced again.

One long story, because each part stands on the one before, with the real Dagster, Postgres and Great
Expectations. `docs/nightly.md` tells the same story with its output.
"""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

from tests.scenarios.conftest import Project

NIGHT = """
from assets.runner import Pool
from assets.task import Task
from migration_platform.settings import Settings

looks = [("nightly", "pilot-weight"), ("nightly", "pilot-skin"), ("nightly_reference", None)]
with Pool(Settings.load(), 2) as pool:
    pool.do([Task(job, f"{job} {cohort}", cohort, None) for job, cohort in looks], lambda event: None)
    [report] = pool.do([Task("nightly_report", "report", None, None)], lambda event: None)
print(report.success)
"""
OUTCOMES = (
    "SELECT cohort, outcome FROM migration.night WHERE looked_at = "
    "(SELECT max(looked_at) FROM migration.night) ORDER BY cohort"
)
SWAP = (
    "UPDATE migration.crosswalk c SET source_id = CASE c.source_id WHEN lo THEN hi || '~' ELSE lo END "
    "FROM (SELECT min(source_id) lo, max(source_id) hi FROM migration.crosswalk WHERE cohort = "
    "'pilot-skin' AND entity = 'condition' AND fingerprint IS NOT NULL) x WHERE c.cohort = 'pilot-skin' "
    "AND c.entity = 'condition' AND c.source_id IN (lo, hi); "
    "UPDATE migration.crosswalk SET source_id = rtrim(source_id, '~') WHERE source_id LIKE '%~'"
)
STORED = (
    "SELECT storage_path FROM document_reference JOIN migration.crosswalk ON destination_id = id "
    "WHERE cohort = 'pilot-skin' AND fingerprint IS NOT NULL ORDER BY id LIMIT 1"
)
PLANTED = """
UPDATE patient SET last_name = upper(last_name) WHERE id = (SELECT destination_id FROM
    migration.crosswalk WHERE entity = 'patient' AND cohort = 'pilot-skin'
    AND fingerprint IS NOT NULL ORDER BY 1 LIMIT 1);
DELETE FROM immunization WHERE id = (SELECT destination_id FROM migration.crosswalk WHERE
    entity = 'immunization' AND cohort = 'pilot-skin' AND fingerprint IS NOT NULL ORDER BY 1 LIMIT 1)
"""


def run_night(project: Project) -> dict[str, str]:
    """A night through Dagster as its schedules run it; each cohort's outcome."""
    done = subprocess.run(
        [sys.executable, "-c", NIGHT],
        cwd=project.root,
        env={**os.environ, "MIGRATION_HOME": str(project.home), "PYTHONPATH": str(project.root)},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.stdout.strip() == "True", f"{done.stdout}\n{done.stderr}"
    return {str(c): str(o) for c, o in project.query("platform", OUTCOMES)}


def count_nights(project: Project) -> int:
    """How often the night's asset was materialized."""
    [(number,)] = project.query(
        "dagster",
        'SELECT count(*) FROM event_logs WHERE asset_key = \'["night", "report"]\' '
        "AND dagster_event_type = 'ASSET_MATERIALIZATION'",
    )
    return int(number)


def pages(project: Project) -> str:
    [page] = (project.home / "reports" / "nights").glob("*.html")
    return page.read_text()


def differences(project: Project) -> list[dict[str, Any]]:
    return [e for e in project.ask("exceptions")["groups"] if e["kind"] == "difference"]


def test_a_planted_fault_is_found_by_the_night_shown_repaired_and_balanced_again(
    project: Project,
) -> None:
    project.ask("sample", "--patients", "120", "--seed", "7")
    code_map = project.root / "assets/entities/code_maps/encounter_class.csv"
    with code_map.open("a") as file:
        file.write("TELEVISIT,VR,virtual visit of the first app\n")
    project.ask("run", "--wave", "pilot")
    project.promote("pilot")

    # Nothing was written since: the night reads nothing back, and says what it rests on.
    quiet = project.ask("nightly")
    assert {c["outcome"] for c in quiet["cohorts"]} == {"unchanged"}
    rested = project.ask("reconcile", "--cohort", "pilot-skin")
    proofs = [e["unchanged"] for e in rested["cohorts"][0]["entities"] if "unchanged" in e]
    assert proofs
    assert not any(proof["compared"] for proof in proofs)
    assert "proven unchanged" in pages(project)

    # Somebody changes a value, deletes a record, overwrites a file, and swaps two records in the
    # crosswalk.
    surname = project.query(
        "destination",
        "SELECT upper(last_name) FROM patient JOIN migration.crosswalk ON destination_id = id "
        "WHERE cohort = 'pilot-skin' AND fingerprint IS NOT NULL ORDER BY id LIMIT 1",
    )[0][0]
    project.query("destination", PLANTED)
    project.query("destination", SWAP)
    [(stored,)] = project.query("destination", STORED)
    (project.home / "destination-documents" / stored).write_bytes(b"not what was sent")
    found = run_night(project)
    assert found == {"pilot-skin": "drift", "pilot-weight": "unchanged", "reference": "unchanged"}
    assert count_nights(project) == 1
    opened = {(e["entity"], e["field"], e["count"]) for e in differences(project)}
    assert opened == {
        ("patient", "last_name", 1),
        ("immunization", "", 1),
        ("condition", "source_id", 2),
        ("document_reference", "file", 1),
    }
    assert all(e["owner"] and e["due_at"] for e in differences(project))
    assert "now it would not be" in project.waves()["pilot"]["sentence"]
    page = pages(project)
    assert "1 drifted" in page
    assert "patient.last_name" in page
    assert surname not in page
    looked = project.ask("reconcile", "--cohort", "pilot-skin", expect=1)
    assert looked["cohorts"][0]["counts"]["missing"] == 1

    # The repair writes those that a load can put right, and leaves the swapped ones to a person.
    planned = project.ask("repair", "--cohort", "pilot-skin", "--dry-run", expect=1)
    assert {r["entity"]: r["planned"] for r in planned["repairs"]} == {
        "patient": 1, "immunization": 1, "condition": 0, "document_reference": 0,
    }  # fmt: skip
    repaired = project.ask("repair", "--cohort", "pilot-skin", expect=1)
    by_entity = {r["entity"]: r for r in repaired["repairs"]}
    assert (by_entity["patient"]["updated"], by_entity["immunization"]["inserted"]) == (1, 1)
    assert by_entity["patient"]["clean"] is True
    assert by_entity["document_reference"]["files"] == 1
    assert by_entity["document_reference"]["clean"] is True
    assert by_entity["condition"]["left"][0]["why"] == "crosswalk"
    [(kept,)] = project.query(
        "destination",
        "SELECT before->>'last_name' FROM migration.journal WHERE entity = 'patient' "
        "AND action = 'update' ORDER BY load_id DESC LIMIT 1",
    )
    assert kept == surname
    project.query("destination", SWAP)
    assert project.ask("repair", "--cohort", "pilot-skin")["clean"] is True

    # The exceptions are closed, the wave is fine, and the night too.
    assert differences(project) == []
    assert project.waves()["pilot"]["sentence"] == "Wave pilot is promoted, by Eva Laurent."

    # A destination that is down is no quiet night, and the wave is held until somebody has looked.
    project.query("platform", "ALTER DATABASE destination ALLOW_CONNECTIONS false")
    away = project.ask("nightly", expect=2)
    project.query("platform", "ALTER DATABASE destination ALLOW_CONNECTIONS true")
    assert {c["outcome"] for c in away["cohorts"]} == {"could not look"}
    assert "in its last night, cohort pilot-weight" in " ".join(project.waves()["pilot"]["reasons"])
    assert project.ask("nightly")["outcome"] == "unchanged"
    assert project.waves()["pilot"]["reasons"] == []
