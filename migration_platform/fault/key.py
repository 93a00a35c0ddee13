"""Key: the source id that the crosswalk gives a record, the record's own id, and references."""

from __future__ import annotations

import re
from collections.abc import Sequence
from random import Random
from typing import Any

from migration_platform.fault.fault import (
    ANY,
    REFERENCE,
    TEXT,
    UNFIT,
    Fault,
    Row,
    Value,
    _Unfit,
    draw_id,
    fault,
    of_text,
)

SOURCE_ID = "source_id"


def _is_source_id(name: str) -> bool:
    return name == SOURCE_ID


def _is_reference_to_patient(name: str) -> bool:
    return name == "patient_id"


def _is_provider(name: str) -> bool:
    return name.startswith(("practitioner", "author", "provider", "npi"))


def _shift_separator(text: str, random: Random) -> str | None:
    """`1,11` becomes `11,1`: the same signs, cut elsewhere."""
    found = re.search(r"(\w)([,|:/#-])(\w)", text)
    if not found:
        return None
    return text[: found.start()] + "".join(found.group(1, 3, 2)) + text[found.end() :]


def _write_otherwise(text: str, random: Random) -> str | None:
    """A UUID in capitals, in braces, or without hyphens."""
    if not re.fullmatch(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", text):
        return None
    return random.choice([text.upper(), f"{{{text}}}", text.replace("-", "")])


def _own_id(rows: Sequence[Row], names: Sequence[str], random: Random) -> list[Row] | None:
    changed = _write_otherwise(str(rows[0]["id"]), random)
    return None if changed in (None, rows[0]["id"]) else [{**rows[0], "id": changed}]


def swap(rows: Sequence[Row], names: Sequence[str], random: Random) -> list[Row] | None:
    """Two records have each other's value in a field."""
    name = names[0]
    a, b = rows[0], rows[1]
    if a[name] == b[name] or a[name] is None or b[name] is None:
        return None
    return [{**a, name: b[name]}, {**b, name: a[name]}]


def _copy_from(rows: Sequence[Row], names: Sequence[str], random: Random) -> list[Row] | None:
    """The first record refers to what the second refers to."""
    name = names[0]
    if rows[1][name] is None or rows[0][name] == rows[1][name]:
        return None
    return [{**rows[0], name: rows[1][name]}, rows[1]]


def _rotate(rows: Sequence[Row], names: Sequence[str], random: Random) -> list[Row] | None:
    """Each of three records has the value of the next."""
    values = [r[names[0]] for r in rows]
    if len(set(values)) < 3 or None in values:
        return None
    return [{**r, names[0]: values[(i + 1) % 3]} for i, r in enumerate(rows)]


def tell_apart(rows: Sequence[Row], names: Sequence[str], random: Random) -> list[Row]:
    """Another id in each record."""
    return [{**r, names[0]: draw_id(random)} for r in rows]


def _swap_fields(rows: Sequence[Row], names: Sequence[str], random: Random) -> list[Row] | None:
    """Two fields of a record have each other's value."""
    row, (a, b) = rows[0], names
    return None if row[a] == row[b] else [{**row, a: row[b], b: row[a]}]


def lose(value: Any, random: Random) -> Value | _Unfit:
    """The value is gone."""
    return UNFIT if value is None else None


def _refer_elsewhere(value: Any, random: Random) -> Value | _Unfit:
    return UNFIT if value is None else draw_id(random)


KEYS: tuple[Fault, ...] = (
    fault(
        "crosswalk entry lost",
        "keys",
        "no crosswalk entry says which source record it was",
        ("NULL key, composite NULL",),
        lose,
        TEXT,
        named=_is_source_id,
    ),
    fault(
        "key cut elsewhere",
        "keys",
        "a key of several parts has its separator in another place",
        ("key concat ambiguity 1,11/11,1",),
        of_text(_shift_separator),
        TEXT,
        named=_is_source_id,
        make=lambda random: f"{random.randint(1, 9)},{random.randint(10, 99)}",
    ),
    fault(
        "key in other letter case",
        "keys",
        "the key is the same but for letter case",
        ("case/collation-equal keys",),
        of_text(lambda text, random: text.swapcase()),
        TEXT,
        named=_is_source_id,
        make=lambda random: f"Key-{random.randint(1, 10**9)}",
    ),
    fault(
        "key padded",
        "keys",
        "the key is filled up with spaces",
        ("padded CHAR keys",),
        of_text(lambda text, random: text.ljust(max(40, len(text) + 1))),
        TEXT,
        named=_is_source_id,
    ),
    fault(
        "leading zeros lost",
        "keys",
        "a code or key was taken for a number: its leading zeros are gone",
        ("leading zeros lost",),
        of_text(lambda text, random: text.lstrip("0") or "0" if text.isdigit() else None),
        TEXT,
        make=lambda random: f"00{random.randint(1, 10**6)}",
    ),
    fault(
        "key as a broken number",
        "keys",
        "a code or key of digits went through a floating point number",
        ("int→float key",),
        of_text(
            lambda text, random: (
                random.choice([f"{text}.0", f"{float(text):.5e}"])
                if text.isdecimal() and text.isascii() and len(text) < 300
                else None
            )
        ),
        TEXT,
        make=lambda random: str(random.randint(10**6, 10**15)),
    ),
    Fault(
        "own key written otherwise",
        "keys",
        "the record's id stands there in capitals, braces or without hyphens",
        ("UUID case/braces/binary",),
        _own_id,
    ),
    fault(
        "reference written otherwise",
        "keys",
        "an id that a field refers to is in capitals, braces or without hyphens",
        ("UUID case/braces/binary",),
        of_text(_write_otherwise),
        REFERENCE,
        make=lambda random: draw_id(random)[:-1] + "a",
    ),
    Fault(
        "crosswalk swapped",
        "keys",
        "two records have each other's source id",
        ("crosswalk swap between two patients",),
        swap,
        (TEXT,),
        2,
        _is_source_id,
    ),
    Fault(
        "crosswalk in a circle",
        "keys",
        "three records have the source id of the next",
        ("merge chain/transitive closure",),
        _rotate,
        (TEXT,),
        3,
        _is_source_id,
    ),
    Fault(
        "references in a circle",
        "keys",
        "three records hang each on the parent of the next",
        ("merge chain/transitive closure",),
        _rotate,
        (REFERENCE,),
        3,
        prepare=tell_apart,
    ),
    Fault(
        "hangs on another's parent",
        "keys",
        "a record hangs on the parent of another record",
        ("two patients merged wrongly", "MRN assigned to another facility"),
        _copy_from,
        (REFERENCE,),
        2,
        prepare=tell_apart,
    ),
    fault(
        "patient split",
        "keys",
        "a record hangs on a patient who was not sent",
        ("one patient split",),
        _refer_elsewhere,
        REFERENCE,
        named=_is_reference_to_patient,
    ),
    fault(
        "orphan",
        "keys",
        "a record hangs on a parent that is not there",
        ("parent–child swapped, orphan child",),
        _refer_elsewhere,
        REFERENCE,
        make=draw_id,
    ),
    fault(
        "reference lost",
        "keys",
        "a record hangs on nothing any more",
        ("parent–child swapped, orphan child",),
        lose,
        REFERENCE,
        make=draw_id,
    ),
    Fault(
        "parents swapped",
        "keys",
        "two records have each other's parent",
        ("parent–child swapped, orphan child",),
        swap,
        (REFERENCE,),
        2,
        prepare=tell_apart,
    ),
    Fault(
        "two references exchanged",
        "keys",
        "two references of a record have each other's value",
        ("parent–child swapped, orphan child",),
        _swap_fields,
        (REFERENCE, REFERENCE),
        prepare=lambda rows, names, random: [
            {**r, **{n: draw_id(random) for n in names}} for r in rows
        ],
    ),
    Fault(
        "providers swapped",
        "keys",
        "two records have each other's provider",
        ("provider/NPI swapped",),
        swap,
        (("uuid", "text"),),
        2,
        _is_provider,
        tell_apart,
    ),
    Fault(
        "fields swapped",
        "keys",
        "two fields of one type have each other's value",
        ("columns swapped",),
        _swap_fields,
        (TEXT, TEXT),
        named=lambda name: name != SOURCE_ID,
    ),
    Fault(
        "values swapped between records",
        "keys",
        "two records have each other's value in a field",
        ("swap between rows",),
        swap,
        (ANY,),
        2,
    ),
)
