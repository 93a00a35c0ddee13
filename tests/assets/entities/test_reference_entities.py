"""Organizations, practitioners and payers: a row by hand, and what it becomes."""

from __future__ import annotations

from assets.entities import organization, payer, practitioner


def test_an_organization(translate) -> None:
    record = {
        "Id": "org-1",
        "NAME": "LAWRENCE GENERAL HOSPITAL",
        "ADDRESS": "ONE GENERAL STREET",
        "CITY": "LAWRENCE",
        "STATE": "MA",
        "ZIP": "1842",
        "PHONE": "508-393-72236",
    }

    assert translate(organization.ENTITY, record) == {
        "name": "LAWRENCE GENERAL HOSPITAL",
        "address_line": "ONE GENERAL STREET",
        "city": "LAWRENCE",
        "state_code": "MA",
        "postal_code": "01842",
        "phone": "508-393-72236",  # a digit too many, and still no reason to hold a chart back
    }


def test_a_practitioner(translate) -> None:
    record = {
        "Id": "doc-1",
        "ORGANIZATION": "org-1",
        "NAME": "Zoë Müller",
        "GENDER": "F",
        "SPECIALITY": "ENDOCRINOLOGY",
        "NPI": "1234567893",
        "CREDENTIALS": "NP",
        "LICENSE_STATES": "MA;NY",
        "ADDRESS": "1 Main Street",
        "CITY": "Boston",
        "STATE": "mass.",
        "ZIP": "02116-1234",
    }

    assert translate(practitioner.ENTITY, record) == {
        "organization_id": "org-1",
        "name": "Zoë Müller",
        "sex_code": "female",
        "specialty": "ENDOCRINOLOGY",
        "npi": "1234567893",
        "credentials": "NP",
        "license_states": "MA;NY",
        "address_line": "1 Main Street",
        "city": "Boston",
        "state_code": "MA",
        "postal_code": "02116-1234",
    }


def test_a_payer(translate) -> None:
    record = {
        "Id": "payer-1",
        "NAME": "Aetna",
        "ADDRESS": "151 Farmington Ave",
        "CITY": "Hartford",
        "STATE_HEADQUARTERED": "CT",
        "ZIP": "6156",
        "PHONE": "1-800-872-3862",
    }

    assert translate(payer.ENTITY, record) == {
        "name": "Aetna",
        "address_line": "151 Farmington Ave",
        "city": "Hartford",
        "state_code": "CT",
        "postal_code": "06156",
        "phone": "1-800-872-3862",
    }


def test_reference_entities_belong_to_no_patient() -> None:
    entities = (organization.ENTITY, practitioner.ENTITY, payer.ENTITY)

    assert [each.is_reference for each in entities] == [True, True, True]
    assert [each.retention for each in entities] == [None, None, None]
