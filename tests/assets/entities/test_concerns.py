"""Records that move and that somebody must look at."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from assets.entities import intake_response, medication_request, portal_identity, subscription
from assets.entities.patient import ENTITY as PATIENT
from migration_platform.entity import Entity
from migration_platform.exception.concern import find_concerns
from migration_platform.mapping import records_schema

AS_OF = datetime(2026, 6, 30, tzinfo=UTC)


def concerned(
    folder: Path, entity: Entity, rows: list[dict[str, Any]], patients: list[dict[str, Any]]
) -> dict[str, str]:
    """Each record that a concern has, with the concern; records are named by their source ids."""
    files = {}
    for each, given in ((entity, rows), (PATIENT, patients)):
        files[each.name] = folder / f"{each.name}.parquet"
        filled = [{n: row.get(n) for n in records_schema(each)} for row in given]
        pl.DataFrame(filled, schema=records_schema(each)).write_parquet(files[each.name])
    for name in entity.parents:
        files.setdefault(name, files["patient"])  # not read
    found = find_concerns(entity, files, AS_OF, duckdb.connect())
    return {source_id: concern.kind for source_id, concern in found.items()}


def test_whoever_pays_and_has_no_practitioner_or_program_is_looked_at(tmp_path: Path) -> None:
    patients = [
        {"id": "routed", "practitioner_id": "d", "program_code": "weight_management"},
        {"id": "nobody", "program_code": "weight_management"},
        {"id": "nowhere", "practitioner_id": "d"},
    ]
    rows = [
        {"source_id": "1", "patient_id": "routed", "status_code": "active"},
        {"source_id": "2", "patient_id": "nobody", "status_code": "past_due"},
        {"source_id": "3", "patient_id": "nowhere", "status_code": "active"},
        {"source_id": "4", "patient_id": "nobody", "status_code": "cancelled"},
    ]

    found = concerned(tmp_path, subscription.ENTITY, rows, patients)

    assert found == {"2": "paid patient not routed", "3": "paid patient not routed"}


def test_a_whole_intake_without_a_decision_is_queued_once_after_two_weeks(tmp_path: Path) -> None:
    def answer(name: str, patient: str, day: int, status: str = "submitted") -> dict[str, Any]:
        at = datetime(2026, 6, day, tzinfo=UTC) if status == "submitted" else None
        return {"source_id": name, "patient_id": patient, "program_code": "hair_loss",
                "status_code": status, "answered_at": at}  # fmt: skip

    stages = {"whole": "intake", "half": "intake", "fresh": "intake", "decided": "active"}
    rows = [
        answer("w1", "whole", 1), answer("w2", "whole", 2),
        answer("h1", "half", 1), answer("h2", "half", 1, "draft"),
        answer("f1", "fresh", 1), answer("f2", "fresh", 20),
        answer("d1", "decided", 1),
    ]  # fmt: skip

    found = concerned(
        tmp_path, intake_response.ENTITY, rows,
        [{"id": name, "stage_code": stage} for name, stage in stages.items()],
    )  # fmt: skip

    assert found == {"w2": "decision did not arrive"}


def test_refills_left_without_a_fill_are_looked_at_after_a_month(tmp_path: Path) -> None:
    old, new = datetime(2026, 5, 1, tzinfo=UTC), datetime(2026, 6, 20, tzinfo=UTC)
    rows = [
        {"source_id": "1", "refills_left": 2, "started_at": old},
        {"source_id": "2", "refills_left": 2, "started_at": old, "dispenses": 0},
        {
            "source_id": "3",
            "refills_left": 2,
            "started_at": old,
            "last_fill_date": date(2026, 6, 1),
        },
        {"source_id": "4", "refills_left": 0, "started_at": old},
        {"source_id": "5", "refills_left": 2, "started_at": new},
    ]

    found = concerned(tmp_path, medication_request.ENTITY, rows, [])

    assert found == {"1": "refill without history", "2": "refill without history"}


def test_an_account_in_use_without_a_way_in_is_looked_at(tmp_path: Path) -> None:
    rows = [
        {"source_id": "1", "status_code": "active", "email": "a@example.com", "password_hash": "x"},
        {"source_id": "2", "status_code": "active", "password_hash": "x"},
        {"source_id": "3", "status_code": "locked", "email": "a@example.com"},
        {"source_id": "4", "status_code": "invited", "email": "a@example.com"},
        {"source_id": "5", "status_code": "disabled"},
    ]

    found = concerned(tmp_path, portal_identity.ENTITY, rows, [])

    assert found == {"2": "login that fails", "3": "login that fails"}


def test_a_concern_over_an_entity_that_the_source_lacks_finds_nothing(tmp_path: Path) -> None:
    file = tmp_path / "subscription.parquet"
    pl.DataFrame(schema=records_schema(subscription.ENTITY)).write_parquet(file)

    found = find_concerns(subscription.ENTITY, {"subscription": file}, AS_OF, duckdb.connect())

    assert found == {}
