"""Row: records that are missing, too many, or somebody else's."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random

from migration_platform.fault.fault import ANY, Fault, Mutator, Row, draw_id

Rows = Callable[[list[Row], Random], list[Row]]


def _whole(change: Rows) -> Mutator:
    """A mutator that looks at no field."""

    def mutate(rows: Sequence[Row], names: Sequence[str], random: Random) -> list[Row]:
        return change([dict(r) for r in rows], random)

    return mutate


def _change_copy(rows: Sequence[Row], names: Sequence[str], random: Random) -> list[Row] | None:
    """A second row of the id, the same but for one field, which is empty there."""
    if rows[0][names[0]] is None:
        return None
    return [rows[0], {**rows[0], names[0]: None}]


def _take_over(rows: Sequence[Row], names: Sequence[str], random: Random) -> list[Row] | None:
    """The first record's id holds what the second record holds."""
    taken = {**rows[1], "id": rows[0]["id"]}
    return None if taken == rows[0] else [taken, rows[1]]


def _extreme(rows: list[Row], random: Random) -> list[Row]:
    """A row at one end of all keys, far from every other."""
    end = random.choice(["0", "f"])
    tail = f"{random.getrandbits(32):08x}"
    return [*rows, {**rows[0], "id": f"{end * 8}-{end * 4}-{end * 4}-{end * 4}-{end * 4}{tail}"}]


ROWS: tuple[Fault, ...] = (
    Fault(
        "record missing",
        "rows",
        "a record that was sent is not there",
        ("missing", "two patients merged wrongly", "index missing"),
        _whole(lambda rows, random: []),
    ),
    Fault(
        "run of records missing",
        "rows",
        "several records are not there: a chunk or its last row was never written",
        ("missing a whole partition/last row of a chunk",),
        _whole(lambda rows, random: []),
        records=3,
    ),
    Fault(
        "record extra",
        "rows",
        "a record is there that was never sent, or was deleted or archived on the source",
        ("extra", "soft-deleted resurrected", "hard delete not propagated"),
        _whole(lambda rows, random: [*rows, {**rows[0], "id": draw_id(random)}]),
    ),
    Fault(
        "record extra at the end of the keys",
        "rows",
        "a record that was never sent stands before all others or behind them",
        ("large key gaps",),
        _whole(_extreme),
    ),
    Fault(
        "record under another key",
        "rows",
        "the record is not there, and one with its content has another id",
        ("row in wrong cohort/tenant/partition",),
        _whole(lambda rows, random: [{**rows[0], "id": draw_id(random)}]),
    ),
    Fault(
        "record twice",
        "rows",
        "a record is there twice, both rows the same",
        ("duplicate same key", "row loaded twice after resume"),
        _whole(lambda rows, random: [rows[0], rows[0]]),
    ),
    Fault(
        "record more than twice",
        "rows",
        "a record is there many times",
        ("row loaded twice after resume",),
        _whole(lambda rows, random: [rows[0]] * random.randint(3, 5)),
    ),
    Fault(
        "record twice, one for another",
        "rows",
        "a record is there twice and another is not: the count is right",
        ("duplicate + missing, count-neutral",),
        _whole(lambda rows, random: [rows[0], rows[0]]),
        records=2,
    ),
    Fault(
        "record twice, one copy changed",
        "rows",
        "a record is there twice, and the rows differ in a field",
        ("duplicate with changed copy",),
        _change_copy,
        (ANY,),
    ),
    Fault(
        "record sent twice, found three times",
        "rows",
        "both sides hold a key more than once, and not equally often",
        ("duplicate key in both sides, different multiplicity",),
        _whole(lambda rows, random: [*rows, rows[0]]),
        prepare=_whole(lambda rows, random: [*rows, rows[0]]),
    ),
    Fault(
        "record sent twice, found once",
        "rows",
        "what was sent holds a key twice, and what is there once",
        ("duplicate key in both sides, different multiplicity",),
        _whole(lambda rows, random: rows[:1]),
        prepare=_whole(lambda rows, random: [*rows, rows[0]]),
    ),
    Fault(
        "record taken over",
        "rows",
        "another record's content stands under the record's id",
        ("key reuse", "sequence collision after cutover"),
        _take_over,
        records=2,
    ),
    Fault(
        "contents exchanged",
        "rows",
        "two records have each other's content",
        ("swap between rows",),
        lambda rows, names, random: (
            None
            if {**rows[0], "id": ""} == {**rows[1], "id": ""}
            else [{**rows[1], "id": rows[0]["id"]}, {**rows[0], "id": rows[1]["id"]}]
        ),
        records=2,
    ),
)
