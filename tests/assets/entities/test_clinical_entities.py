"""What hangs on an encounter: a row of each by hand, what it becomes, and when it is archived."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from assets.entities import (
    allergy,
    care_plan,
    clinical_note,
    condition,
    document_reference,
    immunization,
    medication_request,
    observation,
    procedure,
)

NOTE = {
    "Id": "n-1",
    "PATIENT": "p-1",
    "ENCOUNTER": "e-1",
    "AUTHOR": "doc-1",
    "COSIGNER": "",
    "WRITTEN_AT": "2025-05-06T11:30:00Z",
    "TYPE": "progress note",
    "TEXT": "S: the patientâ€™s sleep is broken.\nO: –\n",
}
DIAGNOSIS = {
    "START": "06-May-2025",
    "STOP": None,
    "PATIENT": "p-1",
    "ENCOUNTER": "e-1",
    "CODE": "59621000",
    "DESCRIPTION": "Essential hypertension (disorder)",
}
PRESCRIPTION = {
    "START": "2025-05-06T11:08:09Z",
    "STOP": None,
    "PATIENT": "p-1",
    "PAYER": "payer-1",
    "ENCOUNTER": "e-1",
    "CODE": "314076",
    "DESCRIPTION": "lisinopril 10 MG Oral Tablet",
    "BASE_COST": "9.60",
    "PAYER_COVERAGE": "6.72",
    "DISPENSES": "3",
    "TOTALCOST": "28.80",
    "REASONCODE": "59621000",
    "REASONDESCRIPTION": "Hypertension",
    "REFILLS_LEFT": "2",
    "LAST_FILL": "07/06/2025",
    "SIG": "Take 1 tablet by mouth daily",
    "STATUS": "on-hold",
    "PRESCRIBER": "doc-1",
}
MEASURED = {
    "DATE": "2025-05-06T11:10:00Z",
    "PATIENT": "p-1",
    "ENCOUNTER": "e-1",
    "CATEGORY": "vital-signs",
    "CODE": "29463-7",
    "DESCRIPTION": "Body Weight",
    "VALUE": "82.4",
    "UNITS": "kg",
    "TYPE": "numeric",
}
DOCUMENT = {
    "Id": "d-1",
    "PATIENT": "p-1",
    "ENCOUNTER": "e-1",
    "TITLE": "Laboratory report",
    "TYPE": "lab_report",
    "CONTENT_TYPE": "application/pdf",
    "PATH": "3f/3fa2.pdf",
    "CREATED": "2025-05-06T11:30:00Z",
    "AUTHOR": "doc-1",
    "_sha256": "ab" * 32,
    "_size": "1234",
}
OF_ANA = {"patient_id": "p-1", "encounter_id": "e-1"}


def test_a_clinical_note_keeps_its_lines(translate) -> None:
    assert translate(clinical_note.ENTITY, NOTE) == {
        **OF_ANA,
        "author_id": "doc-1",
        "written_at": datetime(2025, 5, 6, 11, 30, tzinfo=UTC),
        "type_code": "progress",
        "note_text": "S: the patient’s sleep is broken.\nO: –",
    }


def test_a_condition(translate) -> None:
    assert translate(condition.ENTITY, DIAGNOSIS) == {
        **OF_ANA,
        "onset_date": date(2025, 5, 6),
        "code": "59621000",
        "description": "Essential hypertension (disorder)",
    }


def test_an_allergy(translate) -> None:
    record = {
        "START": "1988-10-20",
        "STOP": "",
        "PATIENT": "p-1",
        "ENCOUNTER": "e-1",
        "CODE": "7980",
        "SYSTEM": "RxNorm",
        "DESCRIPTION": "Penicillin G",
        "TYPE": "allergy",
        "CATEGORY": "medication",
        "REACTION1": "247472004",
        "DESCRIPTION1": "Wheal (finding)",
        "SEVERITY1": "MODERATE",
        "REACTION2": None,
        "DESCRIPTION2": None,
        "SEVERITY2": None,
    }

    assert translate(allergy.ENTITY, record) == {
        **OF_ANA,
        "onset_date": date(1988, 10, 20),
        "code": "7980",
        "code_system": "RxNorm",
        "description": "Penicillin G",
        "type_code": "allergy",
        "category_code": "medication",
        "reaction1_code": "247472004",
        "reaction1_description": "Wheal (finding)",
        "reaction1_severity_code": "moderate",
    }


def test_a_prescription_with_its_refills(translate) -> None:
    assert translate(medication_request.ENTITY, PRESCRIPTION) == {
        **OF_ANA,
        "prescriber_id": "doc-1",
        "payer_id": "payer-1",
        "code": "314076",
        "description": "lisinopril 10 MG Oral Tablet",
        "started_at": datetime(2025, 5, 6, 11, 8, 9, tzinfo=UTC),
        "status_code": "on_hold",
        "sig": "Take 1 tablet by mouth daily",
        "refills_left": 2,
        "last_fill_date": date(2025, 7, 6),
        "dispenses": 3,
        "base_cost": Decimal("9.60"),
        "payer_coverage": Decimal("6.72"),
        "total_cost": Decimal("28.80"),
        "reason_code": "59621000",
        "reason_description": "Hypertension",
    }


def test_an_observation_with_a_number_has_it_twice(translate) -> None:
    assert translate(observation.ENTITY, MEASURED) == {
        **OF_ANA,
        "observed_at": datetime(2025, 5, 6, 11, 10, tzinfo=UTC),
        "category_code": "vital-signs",
        "code": "29463-7",
        "description": "Body Weight",
        "value_text": "82.4",
        "value_number": Decimal("82.4"),
        "units": "kg",
        "value_type": "numeric",
    }


def test_an_observation_in_words_has_no_number_and_no_problem(translate, judge) -> None:
    record = {**MEASURED, "VALUE": "Never smoker", "ENCOUNTER": None, "TYPE": "text"}

    read = translate(observation.ENTITY, record)

    assert read["value_text"] == "Never smoker"
    assert "value_number" not in read
    assert judge(observation.ENTITY, record) == ("mapped", None)


def test_a_procedure(translate) -> None:
    record = {
        "START": "2025-05-06T11:10:00Z",
        "STOP": "2025-05-06T11:25:00Z",
        "PATIENT": "p-1",
        "ENCOUNTER": "e-1",
        "CODE": "430193006",
        "DESCRIPTION": "Medication reconciliation (procedure)",
        "BASE_COST": "516.65",
        "REASONCODE": "",
        "REASONDESCRIPTION": None,
    }

    assert translate(procedure.ENTITY, record) == {
        **OF_ANA,
        "started_at": datetime(2025, 5, 6, 11, 10, tzinfo=UTC),
        "ended_at": datetime(2025, 5, 6, 11, 25, tzinfo=UTC),
        "code": "430193006",
        "description": "Medication reconciliation (procedure)",
        "base_cost": Decimal("516.65"),
    }


def test_an_immunization_of_the_2017_export(translate) -> None:
    record = {
        "DATE": "1995-05-22",
        "PATIENT": "p-1",
        "ENCOUNTER": "e-1",
        "CODE": "08",
        "DESCRIPTION": "Hep B  adolescent or pediatric",
    }

    assert translate(immunization.ENTITY, record) == {
        **OF_ANA,
        "administered_at": datetime(1995, 5, 22, tzinfo=UTC),
        "code": "08",
        "description": "Hep B  adolescent or pediatric",
    }


def test_an_activity_of_a_care_plan(translate) -> None:
    record = {
        "Id": "plan-1",
        "START": "2025-05-06",
        "STOP": "2025-06-06",
        "PATIENT": "p-1",
        "ENCOUNTER": "e-1",
        "CODE": "53950000",
        "DESCRIPTION": "Respiratory therapy",
        "REASONCODE": "10509002",
        "REASONDESCRIPTION": "Acute bronchitis (disorder)",
    }

    assert translate(care_plan.ENTITY, record) == {
        **OF_ANA,
        "plan_number": "plan-1",
        "start_date": date(2025, 5, 6),
        "end_date": date(2025, 6, 6),
        "code": "53950000",
        "description": "Respiratory therapy",
        "reason_code": "10509002",
        "reason_description": "Acute bronchitis (disorder)",
    }


def test_a_document_with_its_file(translate) -> None:
    assert translate(document_reference.ENTITY, DOCUMENT) == {
        **OF_ANA,
        "author_id": "doc-1",
        "title": "Laboratory report",
        "type_code": "lab_report",
        "content_type": "application/pdf",
        "created_at": datetime(2025, 5, 6, 11, 30, tzinfo=UTC),
        "storage_path": "3f/3fa2.pdf",
        "sha256": "ab" * 32,
        "size_bytes": 1234,
    }
    assert document_reference.ENTITY.document_path == "PATH"


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        (
            {"_sha256": None, "_size": None, "_document_problem": "the stored file is missing"},
            "the stored file is missing",
        ),
        ({"_size": "0"}, "the stored file is empty"),
    ],
)
def test_a_document_without_its_file_waits(judge, change: dict[str, str | None], rule: str) -> None:
    assert judge(document_reference.ENTITY, {**DOCUMENT, **change}) == ("excepted", rule)


OLD = "2024-06-29T00:00:00Z"


@pytest.mark.parametrize(
    ("entity", "record", "end"),
    [
        (clinical_note.ENTITY, {**NOTE, "WRITTEN_AT": OLD}, "archived"),
        (observation.ENTITY, {**MEASURED, "DATE": OLD}, "archived"),
        (document_reference.ENTITY, {**DOCUMENT, "CREATED": OLD}, "archived"),
        (document_reference.ENTITY, {**DOCUMENT, "CREATED": OLD, "TYPE": "consent"}, "mapped"),
        (condition.ENTITY, {**DIAGNOSIS, "START": "1990-01-01"}, "mapped"),
        (condition.ENTITY, {**DIAGNOSIS, "START": "1990-01-01", "STOP": "2025-01-01"}, "mapped"),
        (condition.ENTITY, {**DIAGNOSIS, "START": "1990-01-01", "STOP": "1991-01-01"}, "archived"),
        (
            medication_request.ENTITY,
            {**PRESCRIPTION, "START": "2019-01-01T00:00:00Z", "STATUS": None, "REFILLS_LEFT": None},
            "mapped",  # it has not ended
        ),
        (
            medication_request.ENTITY,
            {**PRESCRIPTION, "STOP": OLD, "STATUS": "active", "REFILLS_LEFT": "0"},
            "mapped",
        ),
        (
            medication_request.ENTITY,
            {**PRESCRIPTION, "STOP": OLD, "STATUS": "completed", "REFILLS_LEFT": "1"},
            "mapped",
        ),
        (
            medication_request.ENTITY,
            {**PRESCRIPTION, "STOP": OLD, "STATUS": "completed", "REFILLS_LEFT": "0"},
            "archived",
        ),
        (
            medication_request.ENTITY,
            {**PRESCRIPTION, "STOP": OLD, "STATUS": None, "REFILLS_LEFT": None},
            "archived",
        ),
    ],
)
def test_what_is_old_and_over_is_archived(judge, entity, record, end: str) -> None:
    assert judge(entity, record)[0] == end


def test_an_allergy_and_a_vaccination_are_never_old() -> None:
    assert allergy.ENTITY.retention is None
    assert immunization.ENTITY.retention is None
