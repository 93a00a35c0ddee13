"""Contacts: telephone numbers, email addresses and postal codes in the destination's one spelling."""

from __future__ import annotations

import polars as pl

from migration_platform.entity import Reading, Translation
from migration_platform.translation.word import filled, problem_unless

_NORTH_AMERICAN = r"^\+?1?([2-9][0-9]{2}[2-9][0-9]{6})$"
_OTHER_COUNTRY = r"^(\+[2-9][0-9]{7,14})$"


def phone(column: str) -> Translation:
    """A telephone number in E.164. Ten digits are a US number; other countries need their +code."""
    given = filled(column)
    compact = given.str.replace_all(r"[\s\u00a0().\-/]", "")
    national = compact.str.extract(_NORTH_AMERICAN)
    value = pl.coalesce(
        pl.when(national.is_not_null()).then("+1" + national), compact.str.extract(_OTHER_COUNTRY)
    )
    return Translation(
        sentence=(
            f"{column} in E.164: spaces, dots, dashes, slashes and parentheses removed, ten digits "
            "are a US number; empty is no value"
        ),
        columns=(column,),
        value=value,
        problem=problem_unless(value, given, "not a telephone number"),
        reading=Reading("phone", (column,), loss="how the number was punctuated"),
    )


def email(column: str) -> Translation:
    """An email address in lower case."""
    given = filled(column)
    lower = given.str.to_lowercase()
    value = pl.when(lower.str.contains(r"^[^@\s]+@[^@\s]+\.[^@\s]+$")).then(lower)
    return Translation(
        sentence=f"{column} in lower case, trimmed, empty is no value",
        columns=(column,),
        value=value,
        problem=problem_unless(value, given, "not an email address"),
        reading=Reading("email", (column,), loss="letter case"),
    )


def postal_code(column: str) -> Translation:
    """A US ZIP code, 02139 or 02139-1234. A spreadsheet's lost leading zeros come back."""
    given = filled(column)
    parts = given.str.extract_groups(r"^([0-9]{3,5})(?:[- ]([0-9]{4}))?$")
    joined = given.str.extract_groups(r"^([0-9]{4,5})([0-9]{4})$")
    first = pl.coalesce(joined.struct.field("1"), parts.struct.field("1")).str.zfill(5)
    last = pl.coalesce(joined.struct.field("2"), parts.struct.field("2"))
    value = pl.when(last.is_not_null()).then(first + "-" + last).otherwise(first)
    return Translation(
        sentence=(
            f"{column} as a US ZIP code with five digits or ZIP+4, leading zeros put back; "
            "empty is no value"
        ),
        columns=(column,),
        value=value,
        problem=problem_unless(value, given, "not a ZIP code"),
        reading=Reading("postal code", (column,), loss="whether leading zeros were missing"),
    )
