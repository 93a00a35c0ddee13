"""The round trip finds a wrong mapping: translations that are wrong on purpose, with a right reading."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from migration_platform.entity import Field, Reading, Reference, Translation, Type
from migration_platform.errors import ConfigurationError
from migration_platform.translation import (
    boolean,
    code,
    constant,
    date,
    decimal,
    email,
    first_of,
    identifier,
    instant,
    integer,
    local_time,
    money,
    number_within,
    phone,
    postal_code,
    text,
)
from tests.migration_platform.reconciliation.conftest import Prove

X = pl.col("X")
UTC = "UTC"


def wrong(right: Translation, value: pl.Expr) -> Translation:
    """The translation with another value, which claims that nothing is the matter."""
    return replace(right, value=value, problem=None)


def as_instant(fmt: str) -> pl.Expr:
    return X.str.to_datetime(fmt, time_unit="us").dt.replace_time_zone(UTC)


WRONG: list[tuple[str, Translation, Type, str, str, str | None, str | None]] = [
    ("text cut off", wrong(text("X"), X.str.slice(0, 4)), "text", "Maria José", "truncated", "Maria José", "Mari"),
    ("text in capitals", wrong(text("X"), X.str.to_uppercase()), "text", "Ann", "case", "Ann", "ANN"),
    ("a line end kept", wrong(text("X"), X), "text", "Ann\n", "whitespace", "Ann", "Ann\n"),
    ("an accent lost", wrong(text("X"), X.str.replace("é", "e")), "text", "José", "accent", "José", "Jose"),
    ("mangled text not repaired", wrong(text("X"), X), "text", "JosÃ©", "encoding", "JosÃ©", "JosÃ©"),
    ("mangled text repaired to another letter", wrong(text("X"), pl.lit("Josè")), "text", "JosÃ©", "other value", "JosÃ©", "Josè"),
    ("leading zeros lost", wrong(identifier("X"), X.str.strip_prefix("0")), "text", "0123", "other value", "0123", "123"),
    ("a word for none moved", wrong(identifier("X", absent=("false",)), X), "text", "false", "value added", None, "false"),
    ("an empty text moved", wrong(identifier("X"), X), "text", "", "null against empty", None, ""),
    ("day and month swapped", wrong(date("X"), X.str.to_date("%d/%m/%Y")), "date", "03/09/2024", "other value", "2024-03-09", "2024-09-03"),
    ("a day early", wrong(date("X"), X.str.to_date().dt.offset_by("-1d")), "date", "2024-03-09", "day shift", "2024-03-09", "2024-03-08"),
    ("an offset ignored", wrong(instant("X"), as_instant("%Y-%m-%dT%H:%M:%S-05:00")), "timestamp", "2024-03-09T15:04:05-05:00", "zone shift", "1710014645000000", "1709996645000000"),
    ("seconds cut", wrong(instant("X"), as_instant("%Y-%m-%dT%H:%M:%SZ").dt.truncate("1m")), "timestamp", "2024-03-09T15:04:05Z", "other value", "1709996645000000", "1709996640000000"),
    ("a time without zone guessed", wrong(instant("X"), as_instant("%Y-%m-%d %H:%M")), "timestamp", "2024-03-09 15:04", "unreadable", "2024-03-09 15:04", "1709996640000000"),
    ("the wrong zone", wrong(local_time("X", "America/New_York"), local_time("X", "America/Chicago").value), "timestamp", "2024-07-01 12:00", "zone shift", "1719849600000000", "1719853200000000"),
    ("winter time all year", wrong(local_time("X", "America/New_York"), as_instant("%Y-%m-%d %H:%M").dt.offset_by("5h")), "timestamp", "2024-07-01 12:00", "zone shift", "1719849600000000", "1719853200000000"),
    ("the hour shown twice guessed", wrong(local_time("X", "America/New_York"), as_instant("%Y-%m-%d %H:%M").dt.offset_by("5h")), "timestamp", "2024-11-03 01:30", "unreadable", "2024-11-03 01:30", "1730615400000000"),
    ("the skipped hour guessed", wrong(local_time("X", "America/New_York"), as_instant("%Y-%m-%d %H:%M").dt.offset_by("5h")), "timestamp", "2024-03-10 02:30", "unreadable", "2024-03-10 02:30", "1710055800000000"),
    ("parentheses ignored", wrong(money("X"), X.str.strip_chars("()").str.to_decimal(scale=6)), "decimal", "(12.00)", "sign", "-12", "12"),
    ("cents lost", wrong(money("X"), X.str.to_decimal(scale=6).round(0)), "decimal", "12.40", "rounding", "12.4", "12"),
    ("a decimal comma", wrong(money("X"), X.str.replace(",", ".").str.to_decimal(scale=6)), "decimal", "1,234", "scale", "1234", "1.234"),
    ("rounded to two digits", wrong(decimal("X"), X.str.to_decimal(scale=6).round(2)), "decimal", "6.127", "rounding", "6.127", "6.13"),
    ("a binary float between", wrong(decimal("X"), X.cast(pl.Float32).cast(pl.Float64)), "decimal", "0.1000001", "rounding", "0.1000001", "0.1"),
    ("a number dropped", wrong(number_within("X"), pl.lit(None, pl.Decimal(18, 6))), "decimal", "6.3", "value lost", "6.3", None),
    ("words made zero", wrong(number_within("X"), pl.lit(Decimal(0))), "decimal", "never", "value added", None, "0"),
    ("a point dropped", wrong(integer("X"), X.str.replace(".", "", literal=True).cast(pl.Int64)), "integer", "12.0", "scale", "12", "120"),
    ("yes and no swapped", wrong(boolean("X"), X != "yes"), "boolean", "yes", "flag", "true", "false"),
    ("a consent assumed", wrong(boolean("X"), pl.lit(True)), "boolean", "", "value added", None, "true"),
    ("a digit trimmed", wrong(phone("X"), pl.lit("+1") + X.str.slice(0, 9)), "text", "6175551234", "truncated", "+16175551234", "+1617555123"),
    ("an address cut", wrong(email("X"), X.str.to_lowercase().str.split("+").list.first()), "text", "Ann+b@x.org", "truncated", "ann+b@x.org", "ann"),
    ("letter case kept", wrong(email("X"), X), "text", "Ann@x.org", "case", "ann@x.org", "Ann@x.org"),
    ("zeros not put back", wrong(postal_code("X"), X), "text", "2139", "other value", "02139", "2139"),
    ("four digits lost", wrong(postal_code("X"), X.str.slice(0, 5)), "text", "02139-1234", "truncated", "02139-1234", "02139"),
    ("another constant", wrong(constant("US"), pl.lit("CA")), "text", "", "other value", "US", "CA"),
    ("the last of two", wrong(first_of(identifier("X"), identifier("X")), X.str.reverse()), "text", "ab", "other value", "ab", "ba"),
    ("what cannot be read dropped", wrong(date("X"), pl.lit(None, pl.Date)), "date", "soon", "value lost", "soon", None),
]  # fmt: skip


@pytest.mark.parametrize(
    ("translation", "kind", "given", "cause", "read", "sent"),
    [each[1:] for each in WRONG],
    ids=[each[0] for each in WRONG],
)
def test_a_wrong_translation_is_found(
    prove: Prove,
    translation: Translation,
    kind: Type,
    given: str,
    cause: str,
    read: str | None,
    sent: str | None,
) -> None:
    proved = prove(translation, [given], kind=kind)

    assert proved.differences == [("f", cause, read, sent)]
    assert (proved.result.compared, proved.result.differing) == (1, 1)


def test_a_code_map_that_changed_after_the_transform_is_found(prove: Prove, tmp_path: Path) -> None:
    code_map = tmp_path / "sex.csv"
    code_map.write_text("source_code,destination_code,note\nM,male,\nF,female,\n")
    translation = code("X", code_map)
    code_map.write_text("source_code,destination_code,note\nM,male,\nF,male,wrong\n")

    proved = prove([Field("sex_code", "text", translation)], {"X": ["M", " f "]})

    assert proved.differences == [("sex_code", "code", "male", "female")]


def test_a_code_map_that_is_gone_is_an_error_and_no_difference(
    prove: Prove, tmp_path: Path
) -> None:
    code_map = tmp_path / "sex.csv"
    code_map.write_text("source_code,destination_code,note\nM,male,\n")
    translation = code("X", code_map)
    code_map.unlink()

    with pytest.raises(ConfigurationError, match=r"sex\.csv: the code map cannot be read"):
        prove(translation, ["M"])


PARENTS = {
    "visit": [
        {"source_id": "v1", "id": "one", "patient": "a", "end": "mapped"},
        {"source_id": "v2", "id": "two", "patient": "b", "end": "mapped"},
        {"source_id": "v3", "id": "three", "patient": "a", "end": "archived"},
        {"source_id": "v4", "id": "four", "patient": "a", "end": "excepted"},
    ]
}
VISIT = [Field("visit_id", "uuid", Reference("visit", "V", absent=("0",)))]


def test_references_are_ids_of_the_records_that_they_name(prove: Prove) -> None:
    named = ["v1", " v1 ", None, "", "0", "v3"]

    proved = prove(VISIT, {"V": named}, parents=PARENTS, patients=["a"] * 6)

    assert proved.mapped == 6
    assert proved.differences == []


@pytest.mark.parametrize(
    ("named", "sent", "kind", "read"),
    [
        ("v1", "two", "other record", "one"),
        ("v1", None, "value lost", "one"),
        (None, "one", "value added", None),
        ("v3", "three", "value added", None),
    ],
)
def test_a_reference_to_the_wrong_record_is_found(
    prove: Prove, named: str | None, sent: str | None, kind: str, read: str | None
) -> None:
    proved = prove(
        VISIT,
        {"V": [named]},
        parents=PARENTS,
        patients=["a"],
        tamper=lambda frame: frame.with_columns(pl.lit(sent, pl.String).alias("visit_id")),
    )

    assert proved.differences == [("visit_id", kind, read, sent)]


@pytest.mark.parametrize("named", ["v2", "v4", "nowhere"])
@pytest.mark.parametrize("sent", [None, "two"])
def test_a_record_that_should_have_waited_for_its_parent_is_found(
    prove: Prove, named: str, sent: str | None
) -> None:
    moved_anyway = pl.DataFrame(
        {"id": ["id-0"], "source_id": ["s-0"], "visit_id": [sent]},
        schema_overrides={"visit_id": pl.String},
    )

    proved = prove(
        VISIT, {"V": [named]}, parents=PARENTS, patients=["a"], tamper=lambda frame: moved_anyway
    )

    assert proved.mapped == 1
    assert proved.differences == [("visit_id", "unreadable" if sent else "value lost", named, sent)]


def test_an_entity_that_the_source_lacks_leaves_references_empty(prove: Prove) -> None:
    proved = prove(VISIT, {"V": ["v1"]}, parents={}, patients=["a"])

    assert proved.mapped == 1
    assert proved.differences == []


@pytest.fixture
def files(tmp_path: Path) -> Path:
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "a.pdf").write_bytes(b"page one")
    (folder / "b.pdf").write_bytes(b"page two")
    return folder


def digest_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@pytest.mark.parametrize(
    ("content", "size", "found"),
    [
        (b"page one", 8, []),
        (b"page two", 8, [("sha256", "other value")]),
        (b"page one", 9, [("size", "other value")]),
    ],
)
def test_a_stored_file_is_opened_and_hashed_again(
    prove: Prove, files: Path, content: bytes, size: int, found: list[tuple[str, str]]
) -> None:
    fields = [
        Field("sha256", "text", Translation("", ("PATH",), pl.lit(digest_of(content)), reading=Reading("sha256 of file", ("PATH",)))),
        Field("size", "integer", Translation("", ("PATH",), pl.lit(size), reading=Reading("size of file", ("PATH",)))),
    ]  # fmt: skip

    proved = prove(fields, {"PATH": ["a.pdf"]}, documents=files)

    assert [d[:2] for d in proved.differences] == found


def test_a_file_that_is_gone_is_a_difference(prove: Prove, files: Path) -> None:
    sent = Translation("", ("X",), pl.lit("0" * 64), reading=Reading("sha256 of file", ("X",)))

    proved = prove(sent, ["c.pdf"], documents=files)

    assert proved.differences == [("f", "other value", "there is no such file", "0" * 64)]


POUNDS = Translation(
    "pounds as kilograms",
    ("X",),
    (X.cast(pl.Float64) * 0.45359237).round(3),
    reading=Reading("sql", ("X",), (("value", 'round("X"::decimal(18, 6) * 0.45359237, 3)'),)),
)


def test_a_translation_of_ones_own_is_proved_by_sql_of_ones_own(prove: Prove) -> None:
    assert prove(POUNDS, ["150", None], kind="decimal").differences == []

    upside_down = wrong(POUNDS, (X.cast(pl.Float64) / 0.45359237).round(3))
    proved = prove(upside_down, ["150"], kind="decimal")

    assert proved.differences == [("f", "other value", "68.039", "330.693")]


def test_a_field_without_a_reading_is_unproven_and_named(prove: Prove) -> None:
    proved = prove(replace(text("X"), reading=None), ["Ann"])

    assert proved.result.unproven == ("f",)


def test_a_reading_that_there_is_not_names_the_field_and_those_there_are(prove: Prove) -> None:
    with pytest.raises(
        ConfigurationError, match=r"thing\.f: there is no reading 'txt'.*identifier"
    ):
        prove(replace(text("X"), reading=Reading("txt", ("X",))), ["Ann"])


def test_a_record_with_two_wrong_fields_differs_once(prove: Prove) -> None:
    both = wrong(text("X"), X.str.to_uppercase())

    proved = prove([Field("a", "text", both), Field("b", "text", both)], {"X": ["Ann", "Bo", "C"]})

    assert len(proved.differences) == 4
    assert (proved.result.compared, proved.result.differing) == (3, 2)


def test_values_that_two_records_exchanged_are_named_so(prove: Prove) -> None:
    proved = prove(
        text("X"), ["Ann", "Bea"], tamper=lambda frame: frame.with_columns(pl.col("f").reverse())
    )

    assert {d[1] for d in proved.differences} == {"swapped between records"}
