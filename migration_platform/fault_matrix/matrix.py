"""Matrix: how many mutants of each fault were planted, found and located, over all entities.

Entities are taken one after the other, so that what is held in memory does not grow with their
number. Faults that an entity has no fit value for are planted in the others instead.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import cycle, islice
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import duckdb

from migration_platform.entity import POLARS_TYPE, Entity
from migration_platform.fault.benign import (
    DOCUMENT_CHANGES,
    RECORD_CHANGES,
    RULE_CHANGES,
    TABLE_CHANGES,
)
from migration_platform.fault.catalogue import BENIGN, DOCUMENT_FAULTS, FAULTS
from migration_platform.fault.fault import Fault, Row
from migration_platform.fault.judgement import Finding, Sown, judge
from migration_platform.fault.planting import Planter, places
from migration_platform.fault_matrix.rendering import (
    compare_columns,
    compare_left_out,
    compare_spellings,
)
from migration_platform.fault_matrix.sample import home_of
from migration_platform.platform import Platform
from migration_platform.reconciliation.cause import classify
from migration_platform.reconciliation.column import Column, compared_columns, quote_text
from migration_platform.reconciliation.shadow import compare_shadow
from migration_platform.reconciliation.shadow_file import FilePlanter

STOCK = 300
"""Records of an entity to plant in; copies of them carry the rest."""

ROUNDS = 3
"""How often entities are gone through while mutants are still owed."""


@dataclass(frozen=True, slots=True)
class Line:
    """What came of one fault or benign change. Of a benign one, `found` is how often it alarmed."""

    name: str
    group: str
    planted: int
    found: int
    located: int

    @property
    def benign(self) -> bool:
        return self.group == "benign"

    @property
    def good(self) -> bool:
        """All of it found and located; of a benign change, none of it reported."""
        return not self.found if self.benign else self.planted == self.found == self.located


@dataclass(frozen=True, slots=True)
class Matrix:
    """The lines in the catalogue's order; and each fault that was missed, or change that alarmed,
    with entity and field."""

    seed: int
    per_type: int
    lines: tuple[Line, ...]
    wrong: tuple[dict[str, str], ...]

    @property
    def good(self) -> bool:
        """Nothing missed, nothing alarmed, and every fault was planted at all."""
        return bool(self.lines) and all(
            line.good and (line.planted or line.benign) for line in self.lines
        )

    @property
    def short(self) -> tuple[str, ...]:
        """Faults with fewer mutants than were asked for: no record was fit for more."""
        return tuple(
            each.name for each in self.lines if not each.benign and each.planted < self.per_type
        )


@dataclass(slots=True)
class _Tally:
    """Counts by fault or benign change, while entity after entity is gone through."""

    planted: Counter[str] = field(default_factory=Counter)
    found: Counter[str] = field(default_factory=Counter)
    located: Counter[str] = field(default_factory=Counter)
    wrong: list[dict[str, str]] = field(default_factory=list)

    def add(self, entity: str, sown: Sown, findings: Iterable[Finding]) -> None:
        """Judge what was sown in an entity."""
        result = judge(sown, findings)
        for each in result.faults:
            self.planted[each.fault] += 1
            self.found[each.fault] += each.found
            self.located[each.fault] += each.located
        for harmless, reported in result.changes:
            self.planted[harmless.change] += harmless.records
            self.found[harmless.change] += reported
        for name, at in (*result.missed, *result.alarmed):
            self.wrong.append({"entity": entity, "name": name, "field": at})

    def line(self, name: str, group: str) -> Line:
        return Line(name, group, self.planted[name], self.found[name], self.located[name])


def run_matrix(
    platform: Platform,
    *,
    per_type: int,
    seed: int,
    only: str | None = None,
    progress: Callable[[str], None] = lambda text: None,
) -> Matrix:
    """Plant `per_type` mutants of each fault over the entities of a mapped sample, and judge them.

    A fault that cannot be planted in any entity (or not in `only`) has fewer, or none.
    """
    entities = [e for e in platform.entities.values() if only in (None, e.name)]
    tally, random = _Tally(), Random(seed)
    with platform.staging.connect() as duck:
        _plant_records(platform, entities, tally, random, per_type, duck, progress)
        share = -(-per_type // len(entities))
        for entity in entities:
            progress(f"{entity.name}: benign changes of how the sides come")
            stock = _stock(platform, entity, duck)
            columns = compared_columns(entity)
            for change in TABLE_CHANGES:
                planter = Planter(columns, stock, random)
                planter.leave(change.name, share)
                tally.add(
                    entity.name, planter.shadow, compare_shadow(duck, planter.shadow, change.name)
                )
            for sown, findings in compare_columns(platform, entity, stock, random, duck):
                tally.add(entity.name, sown, findings)
            tally.add(entity.name, *compare_spellings(platform, entity, duck))
            tally.add(entity.name, *compare_left_out(platform, entity, duck))
            if entity.document_path:
                progress(f"{entity.name}: stored files")
                _plant_files(platform, entity, tally, random, per_type, duck)
    lines = [tally.line(f.name, f.group) for f in FAULTS]
    lines += [tally.line(f.name, f.group) for f in DOCUMENT_FAULTS]
    lines += [tally.line(f"beyond: {rule.name}", "declared equalities") for rule in RULE_CHANGES]
    lines += [tally.line(change.name, "benign") for change in BENIGN]
    if only is not None:
        lines = [line for line in lines if line.planted]
    return Matrix(seed, per_type, tuple(lines), tuple(tally.wrong))


def _plant_records(
    platform: Platform,
    entities: Sequence[Entity],
    tally: _Tally,
    random: Random,
    per_type: int,
    duck: duckdb.DuckDBPyConnection,
    progress: Callable[[str], None],
) -> None:
    """Faults and benign changes of records, entity by entity, until none is owed any more.

    A type that no field has is given a column of its own, so that its faults are tried too.
    """
    own = {f.type for e in entities for f in e.fields}
    lacking = [Column(f"planted: {kind}", kind) for kind in POLARS_TYPE if kind not in own]
    where = {
        (e.name, f.name): places(f, [*compared_columns(e), *lacking])
        for e in entities
        for f in FAULTS
    }
    total = Counter({f.name: sum(len(where[e.name, f.name]) for e in entities) for f in FAULTS})
    owed = Counter({f.name: per_type for f in FAULTS if total[f.name]})
    for again in range(ROUNDS):
        for entity in entities:
            if not +owed:
                return
            progress(
                f"{entity.name}: faults of records" + (" that are still owed" if again else "")
            )
            stock = _stock(platform, entity, duck)
            if not stock:
                continue
            planter = Planter(
                [*compared_columns(entity), *lacking],
                [({**row, **dict.fromkeys(c.name for c in lacking)},) * 2 for row, _ in stock],
                random,
                rules=RULE_CHANGES,
            )
            for fault in FAULTS:
                mine = where[entity.name, fault.name]
                if not mine or not owed[fault.name]:
                    continue
                share = owed[fault.name]
                if not again:
                    share = min(share, -(-per_type * len(mine) // total[fault.name]))
                owed[fault.name] -= _plant(planter, fault, mine, share, random)
            if not again:
                for _ in range(-(-per_type // len(entities))):
                    for change in RECORD_CHANGES:
                        planter.change_record(change)
                    for rule in RULE_CHANGES:
                        planter.change_within(rule)
                        planter.change_within(rule, beyond=True)
            tally.add(entity.name, planter.shadow, compare_shadow(duck, planter.shadow))
            # No value may keep the cause from being named.
            classify(duck, [Column(c.name, c.type) for c in planter.shadow.columns])


def _plant(
    planter: Planter, fault: Fault, where: list[tuple[str, ...]], number: int, random: Random
) -> int:
    """Plant a fault so many times, field after field; returns how often a record was fit."""
    random.shuffle(where)
    done = 0
    for names in islice(cycle(where), number + 2 * len(where)):
        done += planter.plant(fault, names)
        if done == number:
            break
    return done


def _plant_files(
    platform: Platform,
    entity: Entity,
    tally: _Tally,
    random: Random,
    per_type: int,
    duck: duckdb.DuckDBPyConnection,
) -> None:
    """Faults and benign changes of stored files, in copies of the source's."""
    staged = platform.staging.path(home_of(platform, entity.name), entity.name, "mapped")
    stored = duck.execute(
        f"SELECT storage_path, sha256 FROM read_parquet({quote_text(str(staged))}) ORDER BY id"
    ).fetchall()
    with TemporaryDirectory(dir=staged.parent) as folder:
        planter = FilePlanter(platform.settings.source_documents, stored, Path(folder), random)
        for _ in range(per_type):
            for fault in DOCUMENT_FAULTS:
                planter.plant(fault)
            for change in DOCUMENT_CHANGES:
                planter.change(change.name)
        tally.add(entity.name, planter, planter.compare(duck))


def _stock(
    platform: Platform, entity: Entity, duck: duckdb.DuckDBPyConnection
) -> list[tuple[Row, Row]]:
    """The entity's mapped records in canonical form, as sent and, the same, as found."""
    staged = platform.staging.path(home_of(platform, entity.name), entity.name, "mapped")
    if not staged.exists():
        return []
    columns: Sequence[Column] = compared_columns(entity)
    chosen = ", ".join(["id", *[c.sent_sql() for c in columns]])
    plain = ", ".join(["id", *[c.plain_sql() for c in columns]])
    query = (
        f"SELECT {plain} FROM (SELECT {chosen} FROM read_parquet({quote_text(str(staged))})) "
        f"ORDER BY id LIMIT {STOCK}"
    )
    return [(row, row) for row in duck.sql(query).to_arrow_table().to_pylist()]
