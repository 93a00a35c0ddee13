"""Stages: extract, transform, load and reconcile, as every front door calls them.

Each takes a cohort and an entity (extract several, for one snapshot), does its part through the
modules that know how, and records in the store what came of it. No rule of a migration is decided
here. An error that stops a stage is recorded as failed and raised.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime

import duckdb
import psycopg

from migration_platform import gate
from migration_platform.check import Batch, CheckOutcome, ExpectationResult, Point, overall_outcome
from migration_platform.destination.documents import copy_document
from migration_platform.destination.load import count_leaving, count_loaded, load_staged
from migration_platform.destination.staged_table import (
    SCHEMA,
    stage_records,
    staged_digest,
    table_name,
)
from migration_platform.entity import Entity
from migration_platform.errors import GateClosedError, MigrationError
from migration_platform.exception_queue import read_exceptions
from migration_platform.ledger import account_for, input_digest
from migration_platform.platform import REFERENCE, Platform
from migration_platform.reconciliation import reconcile_entity
from migration_platform.reconciliation.readback import read_back
from migration_platform.source.as_of import find_newest_record
from migration_platform.source.extraction import Scope, Snapshot
from migration_platform.source.membership import (
    all_members,
    count_unassigned,
    freeze,
    frozen_members,
    read_population,
)
from migration_platform.staging import quote_name, quote_text
from migration_platform.store import Stage, StageRun
from migration_platform.transformation import transform_snapshot

NOT_APPLICABLE_DIGEST = "not applicable"


@dataclass(frozen=True, slots=True)
class StageResult:
    """What a stage did to one entity of one cohort. `digest` names the content it produced."""

    cohort: str
    entity: str
    rows: int
    digest: str
    seconds: float
    applicable: bool
    reason: str
    counts: dict[str, int] = field(default_factory=dict)
    bytes: int = 0


@dataclass(frozen=True, slots=True)
class Reconciled(StageResult):
    """What was sent compared with what is there."""

    clean: bool | None = None
    balanced: bool | None = None
    sentence: str = ""


def extract(platform: Platform, cohort: str, entities: Sequence[str]) -> dict[str, StageResult]:
    """Read a cohort's records of several entities at one instant into staging.

    The first extract of a cohort freezes its membership. Raises SourceError or ConfigurationError.
    """
    done: dict[str, StageResult] = {}
    store, staging = platform.store, platform.staging
    applicability = platform.applicability
    scope = _scope(platform, cohort)
    with platform.streaming("source") as connection, staging.connect() as duck:
        snapshot = Snapshot(connection, scope, duck)
        for name in entities:
            entity, judged = platform.entity(name), applicability[name]
            with _recorded(platform, cohort, name, "extract") as run:
                if not judged.applicable:
                    run.update(applicable=False, reason=judged.reason, digest=NOT_APPLICABLE_DIGEST)
                    continue
                with staging.replacing(cohort, name, "extract") as path:
                    rows, digest = snapshot.write(
                        entity, judged.absent, path, platform.settings.source_documents
                    )
                    size = path.stat().st_size
                run.update(
                    row_count=rows,
                    digest=digest,
                    byte_count=size,
                    counts={"extracted": rows, **_count_unassigned(platform, cohort, entity)},
                    reason=_absent_sentence(entity, judged.absent),
                )
            done[name] = _result(run.ended)
        for name in entities:
            if name not in done:
                latest = store.latest(cohort, name, "extract")
                assert latest is not None
                done[name] = _result(latest)
    return done


def transform(platform: Platform, cohort: str, entity: str) -> StageResult:
    """Map the extracted records; stage those mapped beside the destination; queue the exceptions."""
    store, staging, declared = platform.store, platform.staging, platform.entity(entity)
    with _recorded(platform, cohort, entity, "transform") as run:
        extracted = _require(platform, cohort, entity, "extract")
        mapping = platform.mapping_digest(entity)
        run.update(
            input_digest=input_digest(platform, cohort, entity, store.latest),
            mapping_digest=mapping,
        )
        if not extracted.applicable:
            run.update(applicable=False, reason=extracted.reason, digest=NOT_APPLICABLE_DIGEST)
        else:
            parents = {}
            for name in declared.parents:
                home = REFERENCE if platform.entity(name).is_reference else cohort
                if _require(platform, home, name, "transform").applicable:
                    parents[name] = staging.path(home, name, "ends")
            with (
                staging.replacing(cohort, entity, "mapped") as mapped,
                staging.replacing(cohort, entity, "ends") as ends,
                staging.connect() as duck,
            ):
                result = transform_snapshot(
                    declared,
                    staging.path(cohort, entity, "extract"),
                    parents,
                    mapped,
                    ends,
                    duck,
                    window_start=platform.window_start(cohort, entity),
                    absent=platform.applicability[entity].absent,
                )
                size = mapped.stat().st_size + ends.stat().st_size
                with platform.destination() as connection:
                    stage_records(
                        connection, cohort, declared, mapped, result.digest, result.mapped, duck
                    )
                store.replace_exceptions(
                    cohort, entity, read_exceptions(platform, entity, ends, duck)
                )
            run.update(
                row_count=result.mapped,
                digest=result.digest,
                byte_count=size,
                counts={
                    "extracted": result.extracted,
                    "mapped": result.mapped,
                    "archived": result.archived,
                    "excluded": result.excluded,
                    "excepted": result.excepted,
                },
            )
    return _result(run.ended)


def load(platform: Platform, cohort: str, entity: str) -> StageResult:
    """Load what was transformed and checked, in one transaction.

    Raises GateClosedError if the wave before is not promoted, or the suite has not passed on exactly
    what is staged; MigrationError if the destination refuses it.
    """
    declared = platform.entity(entity)
    if cohort != REFERENCE:
        gate.require_open(platform, cohort)
    with _recorded(platform, cohort, entity, "load") as run:
        transformed = _require(platform, cohort, entity, "transform")
        run.update(input_digest=transformed.digest, mapping_digest=transformed.mapping_digest)
        if not transformed.applicable:
            with platform.destination() as connection:
                there = count_loaded(connection, cohort, entity)
            if there:
                raise GateClosedError(
                    f"{entity} in cohort {cohort}: {there:,} records are loaded, and now the "
                    f"entity is not applicable: {transformed.reason}. Restore what the source had."
                )
            run.update(applicable=False, reason=transformed.reason, digest=NOT_APPLICABLE_DIGEST)
        else:
            outcome = _check(platform, cohort, entity, "transformed")
            gate.require_checked(outcome, transformed, platform.suite_digest(entity))
            with platform.destination() as connection:
                if staged_digest(connection, cohort, entity) != transformed.digest:
                    raise MigrationError(
                        f"{entity} in cohort {cohort}: what is staged beside the destination is not "
                        f"what was transformed. Materialize transform/{entity} again."
                    )
                if entity not in platform.settings.allow_withdrawal:
                    gate.require_still_there(
                        cohort,
                        entity,
                        loaded=count_loaded(connection, cohort, entity),
                        withdrawn=count_leaving(connection, cohort, entity),
                    )
                copied = _copy_documents(platform, cohort, declared)
                counts = load_staged(
                    connection,
                    cohort,
                    declared,
                    platform.entities,
                    digest=transformed.digest,
                    mapping_digest=transformed.mapping_digest,
                )
                if cohort != REFERENCE:
                    # Again just before the commit: a promotion may have been undone meanwhile.
                    gate.require_open(platform, cohort)
                connection.commit()
            run.update(
                row_count=counts.loaded,
                digest=transformed.digest,
                byte_count=copied,
                counts={
                    "loaded": counts.loaded,
                    "inserted": counts.inserted,
                    "updated": counts.updated,
                    "withdrawn": counts.withdrawn,
                    "unchanged": counts.unchanged,
                },
            )
    return _result(run.ended)


def reconcile(platform: Platform, cohort: str, entity: str) -> Reconciled:
    """Compare what was sent with what the destination holds, field by field, and balance it."""
    staging, declared = platform.staging, platform.entity(entity)
    with _recorded(platform, cohort, entity, "reconcile") as run:
        loaded = _require(platform, cohort, entity, "load")
        run.update(input_digest=loaded.digest, mapping_digest=loaded.mapping_digest)
        if not loaded.applicable:
            run.update(applicable=False, reason=loaded.reason, digest=NOT_APPLICABLE_DIGEST)
        else:
            with platform.destination():
                pass  # brings our tables there to this revision before ADBC reads them
            with (
                ExitStack() as stack,
                staging.replacing(cohort, entity, "differences") as differences,
                staging.connect() as duck,
            ):
                stream = stack.enter_context(platform.streaming("destination"))
                found = stack.enter_context(read_back(stream, cohort, declared))
                result = reconcile_entity(
                    declared,
                    snapshot=staging.path(cohort, entity, "extract"),
                    ends=staging.path(cohort, entity, "ends"),
                    mapped=staging.path(cohort, entity, "mapped"),
                    found=found,
                    differences=differences,
                    documents=platform.settings.destination_documents
                    if declared.document_path
                    else None,
                    connection=duck,
                )
            run.update(
                row_count=result.found,
                digest=result.digest,
                counts={
                    "extracted": result.extracted,
                    "archived": result.archived,
                    "excluded": result.excluded,
                    "excepted": result.excepted,
                    "found": result.found,
                    "matched": result.matched,
                    "mismatched": result.mismatched,
                    "missing": result.missing,
                    "unexpected": result.unexpected,
                    "unaccounted": result.unaccounted,
                    **{f"differs:{name}": number for name, number in result.fields},
                },
            )
    account = account_for(platform, [cohort], entity)[0]
    return Reconciled(
        **asdict(_result(run.ended)),
        clean=account.clean,
        balanced=account.balanced,
        sentence=_sentence(run.ended),
    )


def batch(platform: Platform, cohort: str, entity: str, point: Point) -> Batch:
    """The records a suite is to look at: as transformed, or as they are in the destination."""
    declared = platform.entity(entity)
    columns = ("id", *[f.name for f in declared.fields])
    stage: Stage = "transform" if point == "transformed" else "load"
    run = _require(platform, cohort, entity, stage)
    staged = Batch(
        cohort=cohort,
        entity=entity,
        point=point,
        rows=run.row_count,
        digest=run.digest,
        columns=columns,
        url=platform.destination_url,
    )
    if point == "transformed":
        return replace(staged, schema=SCHEMA, table=table_name(cohort, entity))
    chosen = ", ".join(f"d.{quote_name(c)}" for c in columns)
    query = (
        f"SELECT {chosen} FROM {quote_name(entity)} d JOIN migration.crosswalk c "
        f"ON c.destination_id = d.id WHERE c.cohort = {quote_text(cohort)} "
        f"AND c.entity = {quote_text(entity)} AND c.fingerprint IS NOT NULL"
    )
    return replace(staged, query=query)


def record_check(
    platform: Platform, batch: Batch, suite_digest: str, results: Sequence[ExpectationResult]
) -> CheckOutcome:
    """Keep a suite's results, bound to the content it saw. Counts only."""
    outcome = CheckOutcome(
        cohort=batch.cohort,
        entity=batch.entity,
        point=batch.point,
        digest=batch.digest,
        suite_digest=suite_digest,
        outcome=overall_outcome(results),
        results=tuple(results),
        checked_at=datetime.now(UTC),
    )
    platform.store.record_check(outcome)
    return outcome


class _Run:
    """A stage run as it is being put together."""

    def __init__(self, run: StageRun) -> None:
        self.run = run
        self.ended = run

    def update(self, **values: object) -> None:
        self.run = replace(self.run, **values)  # type: ignore[arg-type]


@contextmanager
def _recorded(platform: Platform, cohort: str, entity: str, stage: Stage) -> Iterator[_Run]:
    """Record a stage from start to end, as failed if an error stops it."""
    number = platform.store.start(cohort, entity, stage)
    run = _Run(StageRun(cohort, entity, stage))
    try:
        yield run
    except BaseException as error:
        failed = replace(run.run, state="failed", reason=type(error).__name__)
        try:
            platform.store.finish(number, failed)
        except psycopg.Error:
            # The store is gone too: the first error is the one to tell.
            raise error from None
        raise
    run.ended = platform.store.finish(number, replace(run.run, state="done"))


def _require(platform: Platform, cohort: str, entity: str, stage: Stage) -> StageRun:
    """The newest finished run of a stage. Raises MigrationError if there is none."""
    run = platform.store.latest(cohort, entity, stage)
    if run is None:
        raise MigrationError(
            f"{entity} in cohort {cohort}: {stage} has not been run. Materialize {stage}/{entity} "
            f"first, or `migration run --cohort {cohort}`."
        )
    if stage in ("extract", "transform") and run.applicable:
        kinds = ("extract",) if stage == "extract" else ("mapped", "ends")
        for kind in kinds:
            if not platform.staging.path(cohort, entity, kind).exists():  # type: ignore[arg-type]
                raise MigrationError(
                    f"{entity} in cohort {cohort}: the staged file of {stage} is gone. Materialize "
                    f"{stage}/{entity} again."
                )
    return run


def _check(platform: Platform, cohort: str, entity: str, point: Point) -> CheckOutcome | None:
    found = platform.store.check_outcomes([cohort], entity)
    return next((c for c in found if c.point == point), None)


def _scope(platform: Platform, cohort: str) -> Scope:
    """Whose records a cohort's extract reads; freezes the membership if this is the first one."""
    population = platform.plan.population
    if cohort == REFERENCE:
        return Scope(None)
    declared = platform.plan.cohort(cohort)
    with platform.destination() as destination:
        members = frozen_members(destination, cohort)
        if members is None:
            gate.require_sealed(platform.plan, platform.frozen_cohorts())
            promoted = platform.store.promotion(declared.wave)
            if promoted is not None:
                raise GateClosedError(
                    f"cohort {cohort} is new in wave {declared.wave}, which is promoted: put it "
                    f"into a later wave of {platform.plan.file.name}."
                )
            with platform.source() as source:
                table = platform.source_tables[population["table"]]
                people = read_population(source, platform.plan, table, platform.states)
                newest = find_newest_record(
                    source, platform.entities.values(), platform.applicability
                )
            members = freeze(destination, platform.plan, declared, people, newest)
            destination.commit()
        everybody = all_members(destination) if declared.orphans else members
    if declared.orphans:
        return Scope(tuple(everybody), True, population["table"], population["key"])
    return Scope(tuple(members))


def _count_unassigned(platform: Platform, cohort: str, entity: Entity) -> dict[str, int]:
    """Patients in no cohort, once no cohort is left that could take them; counted with patients."""
    frozen = {name for name, _, _ in platform.frozen_cohorts()}
    if cohort == REFERENCE or entity.source.table != platform.plan.population["table"]:
        return {}
    if any(c.name not in frozen for c in platform.plan.cohorts):
        return {}
    with platform.source() as source, platform.destination() as destination:
        return {"unassigned": count_unassigned(source, platform.plan, all_members(destination))}


def _copy_documents(platform: Platform, cohort: str, entity: Entity) -> int:
    """Copy the files of the cohort's mapped records to the destination; returns bytes written."""
    if entity.document_path is None:
        return 0
    mapped = quote_text(str(platform.staging.path(cohort, entity.name, "mapped")))
    extracted = quote_text(str(platform.staging.path(cohort, entity.name, "extract")))
    settings, written = platform.settings, 0
    with platform.staging.connect() as duck:
        cursor: duckdb.DuckDBPyConnection = duck.execute(
            f'SELECT btrim(e."{entity.document_path}"), m.storage_path, m.sha256 '
            f"FROM read_parquet({mapped}) m JOIN read_parquet({extracted}) e "
            "ON e._source_id = m.source_id".replace("btrim", "trim")
        )
        for path, place, sha256 in cursor.fetchall():
            written += copy_document(
                settings.source_documents / path, settings.destination_documents, place, sha256
            )
    return written


def _absent_sentence(entity: Entity, absent: frozenset[str]) -> str:
    if not absent:
        return ""
    named = ", ".join(sorted(absent))
    return f"the source's table {entity.source.table} has no column {named}: those stay empty"


def _sentence(run: StageRun) -> str:
    """The result of a reconciliation in words."""
    c = run.counts
    if not run.applicable:
        return f"not applicable: {run.reason}"
    differing = [f"{c[n]:,} {n}" for n in ("mismatched", "missing", "unexpected") if c.get(n)]
    if c.get("unaccounted"):
        differing.append(f"{c['unaccounted']:,} without a single end")
    if differing:
        fields = [k.removeprefix("differs:") for k in c if k.startswith("differs:")]
        return ", ".join(differing) + (f" (fields: {', '.join(fields)})" if fields else "")
    return (
        f"all {c['matched']:,} records match in every field"
        if c["matched"]
        else "nothing to compare"
    )


def _result(run: StageRun) -> StageResult:
    return StageResult(
        cohort=run.cohort,
        entity=run.entity,
        rows=run.row_count,
        digest=run.digest,
        seconds=run.seconds,
        applicable=run.applicable,
        reason=run.reason,
        counts=dict(run.counts),
        bytes=run.byte_count,
    )
