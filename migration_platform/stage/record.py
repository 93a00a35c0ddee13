"""Record: what a stage gives back, and how a stage's run is recorded from start to end.

An error that stops a stage is recorded as failed and raised.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

import psycopg

from migration_platform.errors import MigrationError
from migration_platform.platform import Platform
from migration_platform.store import Stage, StageRun

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


class RunRecord:
    """A stage run as it is being put together."""

    def __init__(self, run: StageRun) -> None:
        self.run = run
        self.ended = run

    def update(self, **values: object) -> None:
        self.run = replace(self.run, **values)  # type: ignore[arg-type]


@contextmanager
def recorded(platform: Platform, cohort: str, entity: str, stage: Stage) -> Iterator[RunRecord]:
    """Record a stage from start to end, as failed if an error stops it."""
    number = platform.store.start(cohort, entity, stage)
    run = RunRecord(StageRun(cohort, entity, stage))
    try:
        with platform.store.remembering():
            yield run
    except BaseException as error:
        # A text that this platform did not write may quote a patient's value.
        own = f": {error}" if isinstance(error, MigrationError) else ""
        failed = replace(run.run, state="failed", reason=f"{type(error).__name__}{own}")
        try:
            platform.store.finish(number, failed)
        except psycopg.Error:
            # The store is gone too: the first error is the one to tell.
            raise error from None
        raise
    run.ended = platform.store.finish(number, replace(run.run, state="done"))


def require(platform: Platform, cohort: str, entity: str, stage: Stage) -> StageRun:
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


def result_of(run: StageRun) -> StageResult:
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
