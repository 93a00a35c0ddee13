"""Store: the platform's own records of what the stages did, what was checked and what waits.

Reads and writes only; what they amount to is decided in `accounting`, `promotion` and `evidence`.
What was decided stands in `decision.store`, of which this is one too.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, Literal

from psycopg.types.json import Jsonb

from migration_platform.check import CheckCount, CheckOutcome, ExpectationResult
from migration_platform.decision.store import DecisionStore

Stage = Literal["extract", "transform", "load", "reconcile"]
STAGES: tuple[Stage, ...] = ("extract", "transform", "load", "reconcile")


@dataclass(frozen=True, slots=True)
class StageRun:
    """One run of a stage over one entity of a cohort.

    `digest` names the content it produced or saw, `input_digest` the content it worked from.
    `detail` is what an extract or a reconciliation says beyond counts (`stage`).
    """

    cohort: str
    entity: str
    stage: Stage
    state: str = "done"
    applicable: bool = True
    reason: str = ""
    row_count: int = 0
    digest: str = ""
    input_digest: str = ""
    mapping_digest: str = ""
    counts: dict[str, int] = field(default_factory=dict)
    detail: dict[str, Any] = field(default_factory=dict)
    byte_count: int = 0
    started_at: datetime | None = None
    ended_at: datetime | None = None

    @property
    def seconds(self) -> float:
        if self.started_at is None or self.ended_at is None:
            return 0.0
        return (self.ended_at - self.started_at).total_seconds()


_RUN = (
    "cohort, entity, stage, state, applicable, reason, row_count, digest, input_digest, "
    "mapping_digest, counts, detail, byte_count, started_at, ended_at"
)

_COUNTS = (
    "NOT (r.stage IN ('load', 'reconcile') AND EXISTS (SELECT FROM migration.rollback b "
    "WHERE b.cohort = r.cohort AND b.state = 'done' AND b.last_run >= r.id))"
)
"""Of a stage run `r`: its cohort was not rolled back since."""

_CHECK_COUNTS = (
    "NOT (point = 'destination' AND EXISTS (SELECT FROM migration.rollback b "
    "WHERE b.cohort = o.cohort AND b.state = 'done' AND b.last_check >= o.id))"
)
"""Of a check's outcome `o`: what it looked at in the destination was not taken back since."""


class Store(DecisionStore):
    """The platform store: what stages did, what was checked, what waits; and what was decided."""

    _known: dict[tuple[str, str, Stage], StageRun | None] | None = None

    @contextmanager
    def remembering(self) -> Iterator[None]:
        """Within the block the newest run of a stage is read once: what a stage rests on is then of
        one instant, and several parts of it ask for the same runs."""
        before, self._known = self._known, {}
        try:
            yield
        finally:
            self._known = before

    # --- the source as it was built ---------------------------------------------------------

    def record_source_build(
        self,
        kind: str,
        digest: str,
        tables: dict[str, int],
        missing: Sequence[str],
        unmoved: Sequence[str],
    ) -> None:
        with self.transaction() as c:
            c.execute(
                "INSERT INTO migration.source_build (kind, digest, tables, missing, unmoved) "
                "VALUES (%s, %s, %s, %s, %s)",
                (kind, digest, Jsonb(tables), Jsonb(list(missing)), Jsonb(list(unmoved))),
            )

    def source_build(self) -> dict[str, Any] | None:
        """The newest build of the sample source, None for somebody's own source."""
        with self.transaction() as c:
            return c.execute(
                "SELECT kind, digest, tables, missing, unmoved, built_at "
                "FROM migration.source_build ORDER BY id DESC LIMIT 1"
            ).fetchone()

    # --- stages -----------------------------------------------------------------------------

    def start(self, cohort: str, entity: str, stage: Stage) -> int:
        """Record that a stage runs now; returns the run's number."""
        # That a stage runs now is for whoever watches: it need not survive a power cut.
        rows = self.read(
            "INSERT INTO migration.stage_run (cohort, entity, stage, state, started_at) "
            "SELECT %s, %s, %s, 'running', clock_timestamp() "
            "FROM set_config('synchronous_commit', 'off', true) RETURNING id",
            (cohort, entity, stage),
        )
        return int(rows[0]["id"])

    def finish(self, number: int, run: StageRun) -> StageRun:
        """Record how a stage ended; returns the run with its times."""
        rows = self.read(
            "UPDATE migration.stage_run SET state = %s, applicable = %s, reason = %s, "
            "row_count = %s, digest = %s, input_digest = %s, mapping_digest = %s, "
            "counts = %s, detail = %s, byte_count = %s, ended_at = clock_timestamp() WHERE id = %s "
            f"RETURNING {_RUN}",
            (
                run.state,
                run.applicable,
                run.reason,
                run.row_count,
                run.digest,
                run.input_digest,
                run.mapping_digest,
                Jsonb(run.counts),
                Jsonb(run.detail),
                run.byte_count,
                number,
            ),
        )
        return StageRun(**rows[0])

    def latest(self, cohort: str, entity: str, stage: Stage) -> StageRun | None:
        """The newest finished run of a stage, None if it has none."""
        asked = (cohort, entity, stage)
        if self._known is not None and asked in self._known:
            return self._known[asked]
        rows = self.read(
            f"SELECT {_RUN} FROM migration.stage_run r WHERE cohort = %s AND entity = %s "
            f"AND stage = %s AND state = 'done' AND {_COUNTS} ORDER BY id DESC LIMIT 1",
            asked,
        )
        run = StageRun(**rows[0]) if rows else None
        if self._known is not None:
            self._known[asked] = run
        return run

    def latest_runs(
        self, cohorts: Sequence[str], entity: str | None = None, *, done_only: bool = True
    ) -> list[StageRun]:
        """The newest run of each cohort, entity and stage that no rollback took back."""
        rows = self.read(
            f"SELECT DISTINCT ON (cohort, entity, stage) {_RUN} FROM migration.stage_run r "
            "WHERE cohort = ANY(%s) AND (%s::text IS NULL OR entity = %s) "
            f"AND (NOT %s OR state = 'done') AND {_COUNTS} "
            "ORDER BY cohort, entity, stage, id DESC",
            (list(cohorts), entity, entity, done_only),
        )
        return [StageRun(**row) for row in rows]

    def history(self, cohort: str, entity: str, stage: Stage) -> list[dict[str, Any]]:
        """Every finished run of a stage, newest first: when, and its counts."""
        return self.read(
            "SELECT ended_at, counts, digest FROM migration.stage_run WHERE cohort = %s "
            "AND entity = %s AND stage = %s AND state = 'done' ORDER BY id DESC LIMIT 20",
            (cohort, entity, stage),
        )

    # --- checks -----------------------------------------------------------------------------

    def record_check(self, outcome: CheckOutcome) -> None:
        self.write(
            "INSERT INTO migration.check_outcome "
            "(cohort, entity, point, digest, suite_digest, outcome, results, checked_at) "
            "VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
            (
                outcome.cohort,
                outcome.entity,
                outcome.point,
                outcome.digest,
                outcome.suite_digest,
                outcome.outcome,
                Jsonb([asdict(r) for r in outcome.results]),
                outcome.checked_at,
            ),
        )

    def check_outcomes(
        self, cohorts: Sequence[str], entity: str | None = None
    ) -> list[CheckOutcome]:
        """The newest outcome of each cohort, entity and point that no rollback took back."""
        rows = self.read(
            "SELECT DISTINCT ON (cohort, entity, point) cohort, entity, point, digest, "
            "suite_digest, outcome, results, checked_at FROM migration.check_outcome o "
            "WHERE cohort = ANY(%s) AND (%s::text IS NULL OR entity = %s) "
            f"AND {_CHECK_COUNTS} "
            "ORDER BY cohort, entity, point, id DESC",
            (list(cohorts), entity, entity),
        )
        for row in rows:
            row["results"] = tuple(ExpectationResult(**r) for r in row["results"])
        return [CheckOutcome(**row) for row in rows]

    def count_checks(self, cohorts: Sequence[str]) -> list[CheckCount]:
        """The same outcomes counted where they are kept: of many cohorts they are many."""
        rows = self.read(
            "SELECT DISTINCT ON (cohort, entity, point) cohort, entity, point, digest, "
            "suite_digest, outcome, jsonb_array_length(results) AS expectations, "
            "jsonb_array_length(jsonb_path_query_array(results, "
            """'$[*] ? (@.outcome == "failed" || @.outcome == "error")')) AS bad """
            "FROM migration.check_outcome o WHERE cohort = ANY(%s) "
            f"AND {_CHECK_COUNTS} "
            "ORDER BY cohort, entity, point, id DESC",
            (list(cohorts),),
        )
        return [CheckCount(**row) for row in rows]
