"""Intake answers in flight, and what a patient wants to be told."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from assets.entities import communication_preference, intake_response

ANSWER = {
    "Id": "i-1",
    "PATIENT": "p-1",
    "PROGRAM": "dermatology",
    "QUESTION": "Where is your skin affected?",
    "ANSWER": "Face",
    "STATUS": "submitted",
    "ANSWERED_AT": "2025-05-06T11:30:00Z",
}
PREFERENCE = {
    "Id": "cp-1",
    "PATIENT": "p-1",
    "CHANNEL": "sms",
    "TOPIC": "marketing",
    "CONSENT": "FALSE",
    "UPDATED_AT": "2025-05-06T11:30:00Z",
}


def test_an_intake_response(translate) -> None:
    assert translate(intake_response.ENTITY, ANSWER) == {
        "patient_id": "p-1",
        "program_code": "dermatology",
        "question": "Where is your skin affected?",
        "answer": "Face",
        "status_code": "submitted",
        "answered_at": datetime(2025, 5, 6, 11, 30, tzinfo=UTC),
    }


@pytest.mark.parametrize(
    ("change", "end"),
    [
        ({"STATUS": "in_progress", "ANSWER": "", "ANSWERED_AT": None}, "mapped"),
        ({"ANSWERED_AT": "2023-05-06T11:30:00Z"}, "archived"),
        ({"ANSWERED_AT": "2023-05-06T11:30:00Z", "STATUS": "draft"}, "mapped"),
    ],
)
def test_an_intake_in_flight_moves_however_old(judge, change: dict[str, str], end: str) -> None:
    assert judge(intake_response.ENTITY, {**ANSWER, **change})[0] == end


def test_a_communication_preference(translate) -> None:
    assert translate(communication_preference.ENTITY, PREFERENCE) == {
        "patient_id": "p-1",
        "channel_code": "sms",
        "topic_code": "marketing",
        "consent_code": "denied",
        "updated_at": datetime(2025, 5, 6, 11, 30, tzinfo=UTC),
    }


@pytest.mark.parametrize(
    ("given", "consent"),
    [("Y", "granted"), ("yes", "granted"), ("TRUE", "granted"), ("N", "denied"), ("no", "denied")],
)
def test_consent_in_every_spelling(translate, given: str, consent: str) -> None:
    read = translate(communication_preference.ENTITY, {**PREFERENCE, "CONSENT": given})

    assert read["consent_code"] == consent


def test_consent_is_never_guessed(judge) -> None:
    record = {**PREFERENCE, "CONSENT": "sure"}

    assert judge(communication_preference.ENTITY, record) == (
        "excepted",
        "no translation in code_maps/consent.csv",
    )
    assert communication_preference.ENTITY.retention is None
