"""Certificate: what this very comparison finds of faults planted on purpose, in this very run.

Faults and benign changes are planted in a shadow copy of records that the run has just read, on both
sides, and the shadow goes through the same comparison. Every fault must be found and located, and
nothing else reported; otherwise the run is inconclusive, whatever it found (`promotion`). Nothing is
ever planted in a platform. What the faults are stands in `fault`.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from random import Random

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from migration_platform.fault.benign import (
    DOCUMENT_CHANGES,
    RECORD_CHANGES,
    RULE_CHANGES,
    TABLE_CHANGES,
)
from migration_platform.fault.catalogue import DOCUMENT_FAULTS, FAULTS
from migration_platform.fault.fault import Fault, Row
from migration_platform.fault.judgement import Judgement, differences, judge
from migration_platform.fault.planting import Planter, places
from migration_platform.reconciliation.column import Column, quote_text
from migration_platform.reconciliation.column_group import ColumnGroup, group_columns
from migration_platform.reconciliation.document_file import look_at_file
from migration_platform.reconciliation.shadow import Compare, compare_shadow
from migration_platform.reconciliation.shadow_file import FilePlanter

FAULTS_PLANTED = 64
"""Record faults in each run. Files and the limits of declared equalities come on top."""

SAMPLED, UNTOUCHED, RULES = 128, 8, 2
"""Records drawn to plant in; how many of them are compared as they are; and how many of the declared
equalities are tried, each in a column of its own."""

ALWAYS = ("record missing", "record extra", "record twice", "record taken over")
"""Planted in every run, whatever the draw."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """What was planted and what became of it. `records` is how many records there were to plant in;
    none, and nothing is certified, nor was anything compared. `missed` names fault and field of each
    that was not found or not exactly located, `alarmed` each benign change that was reported."""

    seed: str
    records: int
    planted: int
    found: int
    located: int
    benign: int
    false_alarms: int
    missed: tuple[dict[str, str], ...]
    alarmed: tuple[dict[str, str], ...]


def draw_sample(sql: duckdb.DuckDBPyConnection, mapped: Path, seed: str) -> pa.Table:
    """Records to plant in, as they were mapped.

    They stand beside each other in the file, so that the rest of it need not be read; where,
    follows from the seed. Suspects (table `suspect`) are passed over.
    """
    file = quote_text(str(mapped))
    total = pq.read_metadata(mapped).num_rows
    start, width = Random(seed).randrange(max(total - SAMPLED, 0) + 1), SAMPLED
    while True:
        low = max(0, min(start, total - width))
        drawn = sql.sql(
            "SELECT * EXCLUDE (file_row_number) "
            f"FROM read_parquet({file}, file_row_number = true) "
            f"WHERE file_row_number BETWEEN {low} AND {low + width - 1} "
            f"AND id NOT IN (SELECT id FROM suspect) ORDER BY file_row_number LIMIT {SAMPLED}"
        ).to_arrow_table()
        if len(drawn) == SAMPLED or width >= total:
            return drawn
        width *= 8


def certify(
    sql: duckdb.DuckDBPyConnection,
    columns: Sequence[Column],
    *,
    sent: str,
    found: str,
    seed: str,
    files: tuple[Path, Path] | None = None,
    compare: Compare = compare_shadow,
    faults: int = FAULTS_PLANTED,
) -> Certificate:
    """Plant faults in a few records and see what the comparison makes of them.

    `sent` and `found` are relations of `sql`: the records as they were mapped, and in canonical
    form (`found` may have more of them). `files` is the
    documents folder of an entity whose records own a file, and a folder to make shadow files in.
    """
    random = Random(seed)
    pairs = _read_pairs(sql, columns, sent, found)
    rules = random.sample(RULE_CHANGES, RULES)
    planter = Planter(columns, pairs, random, rules=rules)
    for fault, names in choose(columns, random, faults):
        planter.plant(fault, names)
    for record_change in RECORD_CHANGES:
        planter.change_record(record_change)
    for rule in rules:
        planter.change_within(rule)
        planter.change_within(rule, beyond=True)
    table_change = random.choice(TABLE_CHANGES).name
    planter.leave(table_change, UNTOUCHED)

    shadow = sql.cursor()
    findings = compare(shadow, planter.shadow, table_change) if pairs else []
    result = judge(planter.shadow, findings)
    if pairs and files is not None:
        result += _certify_files(shadow, sql, sent, files, random)
    shadow.close()
    return Certificate(
        seed,
        len(pairs),
        result.planted,
        result.found,
        result.located,
        len(result.changes),
        len(result.alarmed),
        tuple({"fault": name, "field": field} for name, field in result.missed),
        tuple({"change": name, "field": field} for name, field in result.alarmed),
    )


def choose(
    columns: Sequence[Column], random: Random, number: int
) -> list[tuple[Fault, tuple[str, ...]]]:
    """Faults and where to plant them: those of every run, one for each column, others by draw."""
    where = {fault.name: places(fault, columns) for fault in FAULTS}
    faults = [f for f in FAULTS if where[f.name]]
    random.shuffle(faults)
    chosen = [(f, random.choice(where[f.name])) for f in faults if f.name in ALWAYS]
    waiting = {f.name: f for f in faults if f.name not in ALWAYS}
    # A fault whose fit values are made rather than looked for is sure to be planted.
    sure = sorted(waiting.values(), key=lambda f: f.prepare is None)
    for column in columns:
        for fault in sure:
            if fault.name not in waiting:
                continue
            mine = [names for names in where[fault.name] if column.name in names]
            if mine:
                chosen.append((fault, random.choice(mine)))
                del waiting[fault.name]
                break
    return [*chosen, *[(f, random.choice(where[f.name])) for f in waiting.values()]][:number]


def _read_pairs(
    sql: duckdb.DuckDBPyConnection,
    columns: Sequence[Column],
    sent: str,
    found: str,
) -> list[tuple[Row, Row]]:
    """The records as they were sent and as they are found, where the two agree now."""
    groups = group_columns(columns)
    chosen = ", ".join(["id", *[c.sent_sql() for c in columns]])
    ours = _rows(sql, groups, f"(SELECT {chosen} FROM {sent})")
    theirs = _rows(sql, groups, f"(SELECT * FROM {found} WHERE id IN (SELECT id FROM {sent}))")
    rules = {c.name: c.equality for c in columns}
    return [
        (ours[each], theirs[each])
        for each in sorted(ours)
        if each in theirs and not differences([ours[each]], [theirs[each]], rules)
    ]


def _rows(
    sql: duckdb.DuckDBPyConnection, groups: Sequence[ColumnGroup], relation: str
) -> dict[str, Row]:
    """Rows as people are shown them: a mutation must change what a value says, not only how many
    zeros end it."""
    lists = ", ".join(group.values("r") for group in groups)
    names = [column.name for group in groups for column in group.columns]
    return {
        str(identity): {
            "id": identity,
            **dict(zip(names, chain.from_iterable(values), strict=True)),
        }
        for identity, *values in sql.execute(f"SELECT id, {lists} FROM {relation} r").fetchall()
    }


def _certify_files(
    shadow: duckdb.DuckDBPyConnection,
    sql: duckdb.DuckDBPyConnection,
    sent: str,
    files: tuple[Path, Path],
    random: Random,
) -> Judgement:
    """The same for stored files: each document fault and each benign change once."""
    documents, beside = files
    stored = sql.execute(
        f"SELECT storage_path, sha256 FROM {sent} WHERE sha256 IS NOT NULL ORDER BY id LIMIT 8"
    ).fetchall()
    # A file that is already wrong carries no planted fault: it would be reported anyway.
    stored = [s for s in stored if look_at_file(documents, s[0], s[1]) == s[1]]
    with tempfile.TemporaryDirectory(prefix=".shadow-", dir=beside) as folder:
        planter = FilePlanter(documents, stored, Path(folder), random)
        for fault in DOCUMENT_FAULTS:
            planter.plant(fault)
        for change in DOCUMENT_CHANGES:
            planter.change(change.name)
        return judge(planter, planter.compare(shadow))
