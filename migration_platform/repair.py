"""Repair: the differing records of a cohort, loaded again as they were sent, and compared again.

It writes through the ordinary load, behind its gates and with its journal. What a load cannot put
right is left where it is and named: a difference of the mapping, a record that nobody sent, a record
under another record's crosswalk entry, and whatever somebody has waived.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from migration_platform import gate
from migration_platform import stage as stages
from migration_platform.accounting import DIFFERENCES
from migration_platform.errors import MigrationError
from migration_platform.platform import REFERENCE, Platform
from migration_platform.reconciliation.column import CROSSWALK as SOURCE_ID
from migration_platform.reconciliation.document_file import FILE
from migration_platform.staging import quote_text
from migration_platform.waiver.waiver import mark_waived

MAPPING, CROSSWALK, UNEXPECTED, WAIVED = "mapping", "crosswalk", "unexpected", "waived"
NEXT_STEP = {
    MAPPING: "correct the mapping (or the source), then run the cohort again",
    CROSSWALK: "compare migration.crosswalk with its backup: which source record is it?",
    UNEXPECTED: "find out who wrote it: remove it there, or waive it",
    WAIVED: "end the waiver if it is to be repaired: migration waivers",
}
"""What is left for a person, by why it cannot be repaired, and what to do about it."""


@dataclass(frozen=True, slots=True)
class Left:
    """Records that were left as they are. `tokens` name the first few."""

    why: str
    count: int
    tokens: tuple[str, ...]

    @property
    def next_step(self) -> str:
        return NEXT_STEP[self.why]


@dataclass(frozen=True, slots=True)
class EntityRepair:
    """One entity of a cohort before and after. `planned` records were (or would be) loaded again,
    and `files` stored files copied; `after` is None if nothing was done."""

    cohort: str
    entity: str
    before: dict[str, int]
    planned: int
    files: int
    left: tuple[Left, ...]
    inserted: int = 0
    updated: int = 0
    after: dict[str, int] | None = None
    clean: bool | None = None


def repair(
    platform: Platform,
    cohort: str,
    entities: Sequence[str],
    *,
    dry_run: bool = False,
    progress: Callable[[str], None] = lambda what: None,
) -> list[EntityRepair]:
    """Compare entities of a cohort, load again what differs, parents first, and compare again.

    Raises GateClosedError if the cohort may not load, MigrationError if there is nothing to compare
    with or something newer waits to be loaded.
    """
    if not dry_run and cohort != REFERENCE:
        gate.require_open(platform, cohort)
    plans = []
    for entity in entities:
        progress(f"comparing {entity} of {cohort}")
        found = stages.reconcile(platform, cohort, entity)
        before = {name: found.counts.get(name, 0) for name in DIFFERENCES}
        if not any(before.values()):
            continue
        rewrite, files, left = _plan(platform, cohort, entity)
        plans.append((rewrite, EntityRepair(cohort, entity, before, len(rewrite), files, left)))
    if dry_run:
        return [plan for _, plan in plans]
    for rewrite, plan in plans:
        if rewrite or plan.files:
            _require_nothing_newer(platform, cohort, plan.entity)
    return [_do(platform, rewrite, plan, progress) for rewrite, plan in plans]


def _do(
    platform: Platform, rewrite: list[str], plan: EntityRepair, progress: Callable[[str], None]
) -> EntityRepair:
    written = {"inserted": 0, "updated": 0}
    if rewrite or plan.files:
        progress(f"loading {plan.planned:,} of {plan.entity} again")
        written = stages.load(platform, plan.cohort, plan.entity, rewrite=rewrite).counts
    progress(f"comparing {plan.entity} of {plan.cohort} again")
    after = stages.reconcile(platform, plan.cohort, plan.entity)
    return EntityRepair(
        plan.cohort,
        plan.entity,
        plan.before,
        plan.planned,
        plan.files,
        plan.left,
        inserted=written["inserted"],
        updated=written["updated"],
        after={name: after.counts.get(name, 0) for name in DIFFERENCES},
        clean=after.clean,
    )


def _require_nothing_newer(platform: Platform, cohort: str, entity: str) -> None:
    """A repair writes what was sent before, never more."""
    transformed = platform.store.latest(cohort, entity, "transform")
    loaded = platform.store.latest(cohort, entity, "load")
    if transformed is None or loaded is None or transformed.digest != loaded.digest:
        raise MigrationError(
            f"{entity} in cohort {cohort} was transformed after it was loaded: a repair would load "
            f"more than it repairs. Run `migration run --cohort {cohort}` instead. Nothing was written."
        )


def _plan(platform: Platform, cohort: str, entity: str) -> tuple[list[str], int, tuple[Left, ...]]:
    """The destination ids to load again, how many stored files differ, and what is left."""
    run = platform.store.latest(cohort, entity, "reconcile")
    assert run is not None
    now = datetime.now(UTC)
    clusters = mark_waived(run.detail["clusters"], platform.store.waivers(), cohort, now)
    waived = {(c["leg"], c["field"], c["kind"]) for c in clusters if c["waived"]}
    path = platform.staging.path(cohort, entity, "differences")
    with platform.staging.connect() as duck:
        rows = duck.execute(
            "SELECT id, token, leg, field, status, kind FROM "
            f"read_parquet({quote_text(str(path))}) ORDER BY id"
        ).fetchall()
    kept: dict[str, dict[str, str]] = {why: {} for why in NEXT_STEP}
    wanted: dict[str, set[str]] = {}
    for record, token, leg, field, status, kind in rows:
        why = _why_left(leg, field, status, waived=(leg, field, kind) in waived)
        if why:
            kept[why][record] = token
        else:
            wanted.setdefault(record, set()).add(field)
    # A load writes whole records: one with a waived difference, or of which it is not sure whose it
    # is, is left alone altogether.
    spared = {*kept[WAIVED], *kept[CROSSWALK]}
    wanted = {record: fields for record, fields in wanted.items() if record not in spared}
    file_only = {record for record, fields in wanted.items() if fields == {FILE}}
    files = sum(FILE in fields for fields in wanted.values())
    left = tuple(
        Left(why, len(records), tuple(sorted(records.values())[:5]))
        for why, records in kept.items()
        if records
    )
    return sorted(wanted.keys() - file_only), files, left


def _why_left(leg: str, field: str, status: str, *, waived: bool) -> str:
    """Why a difference cannot be repaired by loading its record again; empty if it can."""
    if waived:
        return WAIVED
    if leg == "mapping":
        return MAPPING
    if status == "unexpected":
        return UNEXPECTED
    return CROSSWALK if field == SOURCE_ID else ""
