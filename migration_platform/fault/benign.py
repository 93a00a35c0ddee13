"""Benign: changes that are no difference, and must not be reported.

By the place where a change comes about: `record` (on one side or the other, at the first look or the
second), `rule` (a value within its field's declared equality), `table` (how the sides come: order,
pieces, types), `destination` (how its columns hold a value, before it is brought to canonical form),
`mapping` (the source says the same in other words) and `file`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from random import Random
from typing import Literal

from migration_platform.entity import Equality, Type
from migration_platform.fault.fault import Row, Value, draw_id
from migration_platform.fault.number import plain
from migration_platform.fault.structured import draw_document
from migration_platform.fault.text import phrase

Level = Literal["record", "rule", "table", "destination", "mapping", "file"]


@dataclass(frozen=True, slots=True)
class Looks:
    """A record on both sides: as it was sent, and found at the first look and at the second."""

    sent: list[Row]
    first: list[Row]
    second: list[Row]


@dataclass(frozen=True, slots=True)
class RecordChange:
    """A benign change of a record: `look` says how either side shows it."""

    name: str
    sentence: str
    covers: tuple[str, ...]
    look: Callable[[Row, Row, Random], Looks]
    level: Level = "record"


@dataclass(frozen=True, slots=True)
class RuleChange:
    """A benign change within a declared equality, planted in a column of its own.

    `make` draws the value that was sent, `change` gives what is found. `beyond` goes further than
    the rule allows: a fault, which must be found.
    """

    name: str
    sentence: str
    covers: tuple[str, ...]
    type: Type
    equality: Equality
    make: Callable[[Random], Value]
    change: Callable[[Value, Random], Value]
    beyond: Callable[[Value, Random], Value]
    level: Level = "rule"


@dataclass(frozen=True, slots=True)
class TableChange:
    """A benign change of how the sides come. How it is done stands in `reconciliation.shadow`."""

    name: str
    sentence: str
    covers: tuple[str, ...]
    level: Level = "table"


@dataclass(frozen=True, slots=True)
class ColumnChange:
    """A benign change of how a destination's column holds its values.

    Columns of `type` are made as `sql_type`, and `write` says the value as a text for it.
    """

    name: str
    sentence: str
    covers: tuple[str, ...]
    type: Type
    sql_type: str
    write: Callable[[Value, Random], str | None]
    level: Level = "destination"


Change = RecordChange | RuleChange | TableChange | ColumnChange


def _wrong(row: Row) -> Row:
    """The record with every value but its id gone."""
    return {name: value if name == "id" else None for name, value in row.items()}


def _under_another_id(sent: Row, found: Row, random: Random) -> Looks:
    new = draw_id(random)
    there = [{**found, "id": new}]
    return Looks([{**sent, "id": new}], there, there)


RECORD_CHANGES: tuple[RecordChange, ...] = (
    RecordChange(
        "changed and settled",
        "a value was being written at the first look, and is right at the second",
        (),
        lambda sent, found, random: Looks([sent], [_wrong(found)], [found]),
    ),
    RecordChange(
        "there at the second look",
        "the record came between the two looks",
        (),
        lambda sent, found, random: Looks([sent], [], [found]),
    ),
    RecordChange(
        "twice at the first look",
        "the record was seen twice while it moved, and once at the second look",
        (),
        lambda sent, found, random: Looks([sent], [found, found], [found]),
    ),
    RecordChange(
        "gone at the second look",
        "a row that was not sent was there at the first look, and is gone",
        (),
        lambda sent, found, random: Looks(
            [sent], [found, {**found, "id": draw_id(random)}], [found]
        ),
    ),
    RecordChange(
        "another destination id",
        "the crosswalk gives the record another id, on both sides",
        ("surrogate-key remap by crosswalk",),
        _under_another_id,
    ),
)


def _reordered(value: Value, random: Random) -> Value:
    document = json.loads(str(value))
    names = list(document)
    random.shuffle(names)
    return json.dumps(
        {n: document[n] for n in reversed(names)},
        separators=random.choice([(",", ":"), (", ", " : ")]),
    )


def _moved(by: str) -> Callable[[Value, Random], Value]:
    return lambda value, random: plain(Decimal(str(value)) + Decimal(by) * random.choice([-1, 1]))


_REASON = "planted to see whether the rule is kept"

RULE_CHANGES: tuple[RuleChange, ...] = (
    RuleChange(
        "space where it is trimmed", "space around a text whose equality is 'trimmed'",
        ("declared trim/case rule",), "text", Equality("trimmed", _REASON), phrase,
        lambda value, random: f"  {value} ", lambda value, random: str(value).replace(" ", "", 1),
    ),
    RuleChange(
        "letter case where it does not count", "another case of a text whose equality is 'caseless'",
        ("declared trim/case rule",), "text", Equality("caseless", _REASON), phrase,
        lambda value, random: str(value).swapcase(), lambda value, random: f"{value}s".swapcase(),
    ),
    RuleChange(
        "amount within its tolerance", "off by less than the declared tolerance",
        ("declared trim/case rule",), "decimal",
        Equality("tolerance", _REASON, Decimal("0.01")),
        lambda random: plain(Decimal(random.randint(100, 10**6)) / 100),
        _moved("0.01"), _moved("0.010001"),
    ),
    RuleChange(
        "instant within its tolerance", "off by no more than the declared seconds",
        ("declared trim/case rule",), "timestamp", Equality("tolerance", _REASON, Decimal(1)),
        lambda random: random.randint(1, 10**15),
        lambda value, random: int(str(value)) + 1_000_000,
        lambda value, random: int(str(value)) + 1_000_001,
    ),
    RuleChange(
        "JSON keys in another order", "an object's keys and the space between them, declared so",
        ("JSON key order", "key order (benign)"), "text", Equality("json", _REASON), draw_document, _reordered,
        lambda value, random: str(value).replace("[", '["also", ', 1),
    ),
)  # fmt: skip

TABLE_CHANGES: tuple[TableChange, ...] = (
    TableChange("row order", "the records come in another order at the second look", ("row order",)),
    TableChange("column order", "the columns come in another order", ("column order",)),
    TableChange("new default columns", "the destination has columns that nobody sent", ("new default columns",)),
    TableChange("torn pieces", "the records come in many small pieces, some of them empty", ("row order",)),
    TableChange("whole numbers widened or narrowed", "whole numbers come in 32 bits where they fit", ("int widened",)),
    TableChange("another kind of text", "texts come with large offsets or from a dictionary", ("column order",)),
    TableChange("numeric scale of what was sent", "decimals were sent with more places, all of them zero", ("numeric scale",)),
    TableChange("zone of what was sent", "instants were sent in another zone", ("equivalent tz rendering",)),
)  # fmt: skip


def _text(value: Value, random: Random) -> str | None:
    return None if value is None else str(value)


def _more_places(value: Value, random: Random) -> str | None:
    if value is None:
        return None
    text = str(value)
    return f"{text}{'' if '.' in text else '.'}{'0' * random.randint(1, 5)}"


def _negative_zero(value: Value, random: Random) -> str | None:
    return "-0.0" if value == "0" else _text(value, random)


def _braces(value: Value, random: Random) -> str | None:
    return None if value is None else f"{{{str(value).upper()}}}"


def _word(value: Value, random: Random) -> str | None:
    if value is None:
        return None
    return random.choice(["yes", "t", "1", "on"] if value else ["no", "f", "0", "off"])


def _in_zone(value: Value, random: Random) -> str | None:
    """The instant as a wall time with its offset."""
    if not isinstance(value, int):
        return None
    hours = random.choice([-8, -5, 0, 9])
    minutes = random.choice([0, 30, 45])
    offset = (abs(hours) * 60 + minutes) * (-1 if hours < 0 else 1)
    instant = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=value)
    return str(instant.astimezone(timezone(timedelta(minutes=offset))).isoformat())


def _in_utc(value: Value, random: Random) -> str | None:
    """The instant as a wall time in UTC that does not say so."""
    if not isinstance(value, int):
        return None
    instant = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=value)
    return str(instant.replace(tzinfo=None).isoformat())


def _long_date(value: Value, random: Random) -> str | None:
    if not isinstance(value, date) or value.year < 1000:
        return _text(value, random)
    return value.strftime("%d %b %Y")


COLUMN_CHANGES: tuple[ColumnChange, ...] = (
    ColumnChange("numeric scale", "the column keeps more decimal places", ("numeric scale",),
                 "decimal", "numeric(40, 14)", _more_places),
    ColumnChange("no fixed scale", "the column keeps as many places as were written",
                 ("numeric scale",), "decimal", "numeric", _more_places),
    ColumnChange("-0.0", "a floating point column holds zero with a minus sign",
                 ("−0.0", "−0.0 (benign)"), "decimal", "double precision", _negative_zero),
    ColumnChange("whole number in 64 bits", "the column is wider than it need be", ("int widened",),
                 "integer", "bigint", _text),
    ColumnChange("another zone", "instants were written with the offset of another zone",
                 ("equivalent tz rendering",), "timestamp", "timestamptz", _in_zone),
    ColumnChange("UTC without a zone", "the column has no zone and holds UTC",
                 ("equivalent tz rendering",), "timestamp", "timestamp", _in_utc),
    ColumnChange("ids in capitals and braces", "a uuid was written in another of its spellings",
                 ("surrogate-key remap by crosswalk",), "uuid", "uuid", _braces),
    ColumnChange("yes as a word", "a boolean was written as yes, t, 1 or on", ("declared code map",),
                 "boolean", "boolean", _word),
    ColumnChange("text of bounded length", "the column has a length that is long enough",
                 ("column order",), "text", "varchar(100000)", _text),
    ColumnChange("date in words", "a date was written with the month's name",
                 ("equivalent tz rendering",), "date", "date", _long_date),
)  # fmt: skip

MAPPING_CHANGES: tuple[TableChange, ...] = (
    TableChange(
        "code spelled otherwise",
        "the source writes a code in capitals or with space around it, and its code map says the "
        "same of it",
        ("declared code map",),
        "mapping",
    ),
    TableChange(
        "left out on purpose",
        "archived, excluded as a repeated row or waiting for a person: in the snapshot, and not sent",
        (
            "records kept on source by retention rule",
            "records in quarantine with open exception",
            "declared dedupe merges",
        ),
        "mapping",
    ),
)

DOCUMENT_CHANGES: tuple[TableChange, ...] = (
    TableChange("file written anew", "the same bytes, written at another time with other rights", ("re-encoded but bit-equal documents",), "file"),
    TableChange("file behind a link", "the same bytes, reached over a link within the folder", ("re-encoded but bit-equal documents",), "file"),
    TableChange("further files", "files that no entry names lie in the folder", ("re-encoded but bit-equal documents",), "file"),
)  # fmt: skip
"""How they are done stands in `reconciliation.shadow_file`."""

CHANGES: Sequence[Change] = (
    *RECORD_CHANGES,
    *RULE_CHANGES,
    *TABLE_CHANGES,
    *COLUMN_CHANGES,
    *MAPPING_CHANGES,
    *DOCUMENT_CHANGES,
)
