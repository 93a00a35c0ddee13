"""Telephone numbers, email addresses and ZIP codes."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from migration_platform.translation import email, phone, postal_code


@pytest.mark.parametrize(
    "text",
    [
        "(617) 555-0123",
        "617-555-0123",
        "617.555.0123",
        "+1 617 555 0123",
        "1-617-555-0123",
        "6175550123",
        "+16175550123",
        " 617/555-0123 ",
    ],
)
def test_a_us_number_is_the_same_in_every_spelling(apply, text: str) -> None:
    assert apply(phone("X"), [text]) == [("+16175550123", None)]


def test_a_number_of_another_country_needs_its_code(apply) -> None:
    assert apply(phone("X"), ["+44 20 7183 8750", "020 7183 8750"]) == [
        ("+442071838750", None),
        (None, "not a telephone number"),
    ]


@pytest.mark.parametrize(
    "text", ["508-393-72236", "555-0123", "617-555-0123 ext 4", "117-555-0123", "none"]
)
def test_what_cannot_be_dialled_is_refused(apply, text: str) -> None:
    assert apply(phone("X"), [text]) == [(None, "not a telephone number")]


@settings(deadline=None, max_examples=50)
@given(st.from_regex(r"[2-9][0-9]{2}[2-9][0-9]{6}", fullmatch=True))
def test_ten_digits_stay_ten_digits(apply, digits: str) -> None:
    spelled = f"({digits[:3]}) {digits[3:6]}-{digits[6:]}"

    assert apply(phone("X"), [digits, spelled]) == [(f"+1{digits}", None)] * 2


def test_email_addresses_are_in_lower_case(apply) -> None:
    assert apply(email("X"), [" Ana.Ruiz@Example.ORG", "", "ana@example", "a b@c.de"]) == [
        ("ana.ruiz@example.org", None),
        (None, None),
        (None, "not an email address"),
        (None, "not an email address"),
    ]


def test_zip_codes_get_their_leading_zeros_back(apply) -> None:
    given = ["02139", "2139", "02139-1234", "021391234", "2139-1234", "601", ""]

    assert apply(postal_code("X"), given) == [
        ("02139", None),
        ("02139", None),
        ("02139-1234", None),
        ("02139-1234", None),
        ("02139-1234", None),
        ("00601", None),
        (None, None),
    ]


@pytest.mark.parametrize("text", ["06", "123456", "SW1A 1AA", "02139-12"])
def test_what_is_no_zip_code_is_refused(apply, text: str) -> None:
    assert apply(postal_code("X"), [text]) == [(None, "not a ZIP code")]


def test_digits_of_another_script_are_refused(apply) -> None:
    assert apply(phone("X"), ["٦١٧٥٥٥٠١٢٣"]) == [(None, "not a telephone number")]
    assert apply(postal_code("X"), ["٠٢١٣٩"]) == [(None, "not a ZIP code")]
