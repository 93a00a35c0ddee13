"""Sound records: one of each entity, of which every expectation of its suite holds."""

from __future__ import annotations

from typing import Any
from uuid import UUID


def key(kind: str, n: int) -> str:
    """A uuid that says what it is the id of."""
    return str(UUID(bytes=kind[:8].ljust(8, "_").encode() + n.to_bytes(8, "big")))


def person(n: int) -> dict[str, Any]:
    return {"patient_id": key("patient", n)}


def chart(n: int) -> dict[str, Any]:
    return {**person(n), "encounter_id": key("encounter", n)}


PLACE = {"city": "Boston", "state_code": "MA", "postal_code": "02118"}
CODED = {"code": "44054006", "description": "Type 2 diabetes"}
REASON = {"reason_code": "44054006", "reason_description": "Type 2 diabetes"}
DOCTOR, CLINIC, PAYER = key("practitioner", 1), key("organization", 1), key("payer", 1)


def sound(entity: str, n: int) -> dict[str, Any]:
    """A record of patient `n` that every expectation holds of."""
    fields: dict[str, dict[str, Any]] = {
        "organization": {"name": f"Clinic {n}", "phone": "617-555-0123", **PLACE},
        "payer": {"name": f"Payer {n}", "ownership": "PRIVATE", "phone": "1-800-5550123", **PLACE},
        "practitioner": {
            "organization_id": CLINIC,
            "name": "Dr. Ada Ng",
            "sex_code": "female",
            "npi": f"1{n:09}",
            "credentials": "MD",
            "license_states": "MA,NY",
            **PLACE,
        },
        "patient": {
            "first_name": "José",
            "last_name": "García",
            "birth_date": "1980-02-29",
            "death_date": "2025-01-31" if n == 2 else None,
            "sex_code": "male",
            "race_code": "2106-3",
            "race_text": "white",
            "ethnicity_code": "2135-2",
            "marital_status_code": "M",
            "national_id": f"999-10-{n:04}",
            "county_fips": "25025",
            "phone_e164": "+16175550123",
            "email": "jose@example.org",
            "time_zone": "America/New_York",
            "annual_income": 52000,
            "program_code": "dermatology",
            "stage_code": "active",
            "practitioner_id": DOCTOR,
            **PLACE,
        },
        "portal_identity": {
            **person(n),
            "login": f"jose{n}",
            "email": "jose@example.org",
            "phone_e164": "+16175550123",
            "password_hash": "$2b$12$abcdefghijklmnopqrstuv",
            "status_code": "active",
            "created_at": "2024-01-01T10:00Z",
            "last_login_at": "2024-02-01T10:00Z",
        },
        "coverage": {
            **person(n),
            "payer_id": PAYER,
            "secondary_payer_id": key("payer", 2),
            "start_date": "2024-01-01",
            "end_date": "2025-01-01",
            "owner_code": "self",
            "owner_name": "José García",
        },
        "encounter": {
            **person(n),
            "practitioner_id": DOCTOR,
            "organization_id": CLINIC,
            "payer_id": PAYER,
            "class_code": "VR",
            "started_at": "2024-03-01T10:00Z",
            "ended_at": "2024-03-01T10:15Z",
            "code": "185317003",
            "base_cost": "85.55",
            "total_claim_cost": "120.00",
            "payer_coverage": "96.00",
            **REASON,
        },
        "clinical_note": {
            **chart(n),
            "author_id": DOCTOR,
            "cosigner_id": key("practitioner", 2),
            "written_at": "2024-03-01T10:20Z",
            "type_code": "progress",
            "note_text": "S: rash for two weeks.\nA: eczema.",
        },
        "condition": {
            **chart(n),
            "onset_date": "2024-03-01",
            "abatement_date": "2024-04-01",
            "code_system": "SNOMED-CT",
            **CODED,
        },
        "allergy": {
            **chart(n),
            "onset_date": "1990-05-01",
            "abatement_date": "2020-05-01",
            "code": "7984",
            "code_system": "RxNorm",
            "description": "Penicillin V",
            "type_code": "allergy",
            "category_code": "medication",
            "reaction1_code": "271807003",
            "reaction1_severity_code": "mild",
            "reaction2_code": "247472004",
            "reaction2_severity_code": "severe",
        },
        "medication_request": {
            **chart(n),
            "prescriber_id": DOCTOR,
            "payer_id": PAYER,
            "code": "860975",
            "description": "metformin 500 MG",
            "started_at": "2024-03-01T10:00Z",
            "ended_at": "2025-03-01T10:00Z",
            "status_code": "active",
            "sig": "Take one tablet daily",
            "refills_left": 3,
            "last_fill_date": "2024-04-01",
            "dispenses": 2,
            "base_cost": "12.50",
            "payer_coverage": "20.00",
            "total_cost": "25.00",
            "reason_code": "44054006",
        },
        "observation": {
            **chart(n),
            "observed_at": "2024-03-01T10:05Z",
            "category_code": "vital-signs",
            "code": "29463-7",
            "description": "Body Weight",
            "value_text": "81.4",
            "value_number": "81.4",
            "units": "kg",
            "value_type": "numeric",
        },
        "procedure": {
            **chart(n),
            "started_at": "2024-03-01T10:05Z",
            "ended_at": "2024-03-01T10:10Z",
            "code_system": "SNOMED-CT",
            "base_cost": "431.40",
            **CODED,
            **REASON,
        },
        "immunization": {
            **chart(n),
            "administered_at": "2024-03-01T10:05Z",
            "code": "140",
            "description": "Influenza",
            "base_cost": "136.00",
        },
        "care_plan": {
            **chart(n),
            "plan_number": f"plan-{n}",
            "start_date": "2024-03-01",
            "end_date": "2024-09-01",
            **CODED,
            **REASON,
        },
        "document_reference": {
            **chart(n),
            "author_id": DOCTOR,
            "title": "Consent to telehealth",
            "type_code": "consent",
            "content_type": "application/pdf",
            "created_at": "2024-03-01T10:05Z",
            "storage_path": f"3f/{n}.pdf",
            "sha256": f"{n:064x}",
            "size_bytes": 1204,
        },
        "claim": {
            **chart(n),
            "practitioner_id": DOCTOR,
            "primary_payer_id": PAYER,
            "secondary_payer_id": key("payer", 2),
            "service_at": "2024-03-01T10:00Z",
            "illness_onset_at": "2024-03-01T10:00Z",
            "diagnosis1_code": "44054006",
            "diagnosis2_code": "38341003",
            "primary_status_code": "closed",
            "secondary_status_code": "closed",
            "patient_status_code": "billed",
            "primary_outstanding": 0,
            "secondary_outstanding": 0,
            "patient_outstanding": "24.00",
            "primary_billed_at": "2024-03-02T10:00Z",
            "patient_billed_at": "2024-03-02T10:00Z",
            "primary_type_code": "professional",
            "secondary_type_code": "none",
        },
        "claim_transaction": {
            **chart(n),
            "claim_id": key("claim", n),
            "type_code": "charge",
            "amount": "85.55",
            "units": 1,
            "unit_amount": "85.55",
            "from_at": "2024-03-01T10:00Z",
            "to_at": "2024-03-01T10:15Z",
            **{f"diagnosis_ref{number}": number for number in (1, 2, 3, 4)},
        },
        "subscription": {
            **person(n),
            "program_code": "dermatology",
            "plan_code": "monthly",
            "status_code": "active",
            "start_date": "2024-01-01",
            "renewal_date": "2026-12-01",
            "price": "49.00",
            "currency_code": "USD",
            "payment_token": "tok_1a2b3c4d",
        },
        "payment": {
            **person(n),
            "subscription_id": key("subscription", n),
            "amount": "49.00",
            "currency_code": "USD",
            "status_code": "succeeded",
            "paid_at": "2024-02-01T10:00Z",
            "method_code": "card",
            "card_last4": "4242",
            "processor_reference": f"ch_{n}",
        },
        "intake_response": {
            **person(n),
            "program_code": "dermatology",
            "question": f"Question {n}: since when?",
            "answer": "Two weeks",
            "status_code": "reviewed",
            "answered_at": "2024-01-01T10:00Z",
        },
        "communication_preference": {
            **person(n),
            "channel_code": "sms",
            "topic_code": "care",
            "consent_code": "denied",
            "updated_at": "2024-01-01T10:00Z",
        },
    }
    return {"id": key(entity, n), **fields[entity]}
