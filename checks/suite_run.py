"""Suite run: one suite on one batch, pushed down into Postgres by Great Expectations.

Counts leave the database, records never do. Great Expectations decides what passes; which metrics
are asked for is decided here, because its own front door fetches offending values (patient data)
for counts, and spends most of a small batch's time on bookkeeping. Imported when a suite is run,
not before: Great Expectations takes seconds to import.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import import_module
from threading import Lock
from typing import Any, TypeAlias

import great_expectations as gx
import great_expectations.expectations as gxe
import sqlalchemy as sa
from great_expectations.execution_engine import SqlAlchemyExecutionEngine
from great_expectations.execution_engine.sqlalchemy_batch_data import SqlAlchemyBatchData
from great_expectations.expectations.expectation import Expectation
from great_expectations.validator.metric_configuration import MetricConfiguration
from great_expectations.validator.metrics_calculator import MetricsCalculator
from great_expectations.validator.validation_graph import MetricEdge, ValidationGraph

from migration_platform.check import Batch, ExpectationResult, Outcome

# Its messages quote SQL errors, and those quote values.
logging.getLogger("great_expectations").setLevel(logging.CRITICAL + 1)

# The only format that neither asks for offending values nor keeps them.
RUNTIME = {"result_format": "BOOLEAN_ONLY", "catch_exceptions": False}
UNEXPECTED_ROWS = "unexpected_rows_query.table"
ROW_COUNT = "table.row_count"
NOT_NULL = "column_values.nonnull.unexpected_count"

Need: TypeAlias = tuple[Expectation, dict[str, MetricConfiguration]]
"""An expectation, and by name the metrics that it is judged by."""

_lock = Lock()  # the execution engine has one active batch at a time


@dataclass(frozen=True, slots=True)
class Plan:
    """A suite's expectations and the metrics each needs, worked out once for a process.

    The first counts the rows; the number that must be there is the batch's, not the suite's.
    """

    expectations: tuple[Expectation, ...]
    metrics: tuple[dict[str, MetricConfiguration], ...]
    graph: ValidationGraph


def load_suite(entity: str) -> gx.ExpectationSuite:
    """The suite in `checks/suites/<entity>.py`."""
    suite = import_module(f"checks.suites.{entity}").SUITE
    assert isinstance(suite, gx.ExpectationSuite)
    return suite


def expectations_at(entity: str, point: str) -> list[Expectation]:
    """A suite's expectations that can be asked at this point (`meta={"points": [...]}`)."""
    return [each for each in load_suite(entity).expectations if _is_asked(each, point)]


def run_suite(batch: Batch) -> list[ExpectationResult]:
    """Run the suite on a batch that is not empty, and count its rows."""
    engine = _connect(batch.url)
    with _lock:
        engine.load_batch_data("batch", _open(batch, engine))
        plan = _plan(batch.entity, batch.point, batch.url)
        counting = gxe.ExpectTableRowCountToEqual(
            value=batch.rows, description=count_sentence(batch.rows)
        )
        asked = (counting, *plan.expectations[1:])
        answers = zip(asked, plan.metrics, _resolve(engine, plan), strict=True)
        return [_judge(*answer, batch) for answer in answers]


def count_sentence(rows: int) -> str:
    """The expectation that every suite has: all records that were mapped, and no other."""
    noun = "record" if rows == 1 else "records"
    return f"There are exactly as many records as were mapped from the extract: {rows:,} {noun}."


def skip(expectation: Expectation) -> ExpectationResult:
    """The result of an expectation that had nothing to look at."""
    return _result(expectation, "not applicable")


def close() -> None:
    """Close the connections of this process."""
    with _lock:
        _plan.cache_clear()
        _needs.cache_clear()
        _connect.cache_clear()


def _is_asked(expectation: Expectation, point: str) -> bool:
    return point in (expectation.meta or {}).get("points", (point,))


@cache
def _connect(url: str) -> SqlAlchemyExecutionEngine:
    # A check never writes, and needs no transaction around a count.
    engine = sa.create_engine(
        url,
        isolation_level="AUTOCOMMIT",
        pool_pre_ping=True,
        pool_size=1,
        hide_parameters=True,
        connect_args={
            "application_name": "migration checks",
            "options": "-c default_transaction_read_only=on",
        },
    )
    return SqlAlchemyExecutionEngine(engine=engine, create_temp_table=False)


class _Untold(sa.types.UserDefinedType[object]):
    """The type of a column, which no expectation asks for: the staged table has declared types."""

    def get_col_spec(self, **_: object) -> str:
        return "UNTOLD"


def _open(batch: Batch, engine: SqlAlchemyExecutionEngine) -> SqlAlchemyBatchData:
    # A table as a query too: Great Expectations quotes no name with a hyphen in it.
    query = batch.query or f'SELECT * FROM "{batch.schema}"."{batch.table}"'
    data = SqlAlchemyBatchData(engine, query=query, create_temp_table=False)
    # Told its columns, it does not learn them by fetching every row of the query. A staged table
    # has the source id beside the entity's columns.
    columns = batch.columns if batch.query else ("source_id", *batch.columns)
    data.selectable.selected_columns = {name: sa.column(name, _Untold()) for name in columns}
    return data


@lru_cache(maxsize=256)
def _plan(entity: str, point: str, url: str) -> Plan:
    needs, whole = _needs(entity, url)
    asked = (needs[0], *(need for need in needs[1:] if _is_asked(need[0], point)))
    expectations, metrics = zip(*asked, strict=True)
    return Plan(expectations, metrics, _part(whole, metrics, _connect(url)))


@lru_cache(maxsize=128)
def _needs(entity: str, url: str) -> tuple[tuple[Need, ...], ValidationGraph]:
    """Every expectation of a suite, counting the rows first, and how its metrics hang together."""
    engine = _connect(url)
    asked = (gxe.ExpectTableRowCountToEqual(value=0), *load_suite(entity).expectations)
    needs = tuple((each, _metrics(each, engine)) for each in asked)
    return needs, _graph(engine, [metrics for _, metrics in needs])


def _part(
    whole: ValidationGraph,
    metrics: Sequence[Mapping[str, MetricConfiguration]],
    engine: SqlAlchemyExecutionEngine,
) -> ValidationGraph:
    """What of a graph these metrics rest on. Building it anew would cost more than running it."""
    below: dict[Any, list[MetricEdge]] = {}
    for edge in whole.edges:
        below.setdefault(edge.left.id, []).append(edge)
    seen: dict[Any, list[MetricEdge]] = {}
    todo = [metric.id for each in metrics for metric in each.values()]
    while todo:
        name = todo.pop()
        if name not in seen:
            seen[name] = below.get(name, [])
            todo.extend(edge.right.id for edge in seen[name] if edge.right is not None)
    return ValidationGraph(engine, edges=[edge for edges in seen.values() for edge in edges])


def _metrics(
    expectation: Expectation, engine: SqlAlchemyExecutionEngine
) -> dict[str, MetricConfiguration]:
    needed = expectation.get_validation_dependencies(
        execution_engine=engine, runtime_configuration=dict(RUNTIME)
    ).metric_configurations
    # The rows themselves are never fetched: their count decides.
    return {name: metric for name, metric in needed.items() if name != UNEXPECTED_ROWS}


def _graph(
    engine: SqlAlchemyExecutionEngine, metrics: Sequence[Mapping[str, MetricConfiguration]]
) -> ValidationGraph:
    once = {metric.id: metric for each in metrics for metric in each.values()}
    return MetricsCalculator(engine, show_progress_bars=False).build_metric_dependency_graph(
        list(once.values()), runtime_configuration=dict(RUNTIME)
    )


def _resolve(engine: SqlAlchemyExecutionEngine, plan: Plan) -> list[Mapping[Any, Any] | Exception]:
    """Each expectation's metrics, or why they could not be had.

    All in one go; only when something in it raises, one expectation at a time, so that one that
    cannot be asked does not hide the others.
    """
    try:
        together, _ = plan.graph.resolve(RUNTIME, show_progress_bars=False)
        return [together] * len(plan.expectations)
    except Exception:  # whatever it is, it is found again below, and named there
        pass
    apart: list[Mapping[Any, Any] | Exception] = []
    for metrics in plan.metrics:
        try:
            graph = _graph(engine, [metrics])
            apart.append(graph.resolve(RUNTIME, show_progress_bars=False)[0])
        except Exception as error:
            apart.append(error)
    return apart


def _judge(
    expectation: Expectation,
    metrics: Mapping[str, MetricConfiguration],
    resolved: Mapping[Any, Any] | Exception,
    batch: Batch,
) -> ExpectationResult:
    if isinstance(resolved, Exception):
        return _result(expectation, "error", error=_root(resolved))
    try:
        values = {name: resolved[metric.id] for name, metric in metrics.items()}
        # `_validate` is what Great Expectations asks authors of expectations to write;
        # `metrics_validate` around it works out the metrics all over again.
        success = bool(
            expectation._validate(
                metrics={UNEXPECTED_ROWS: [], **values},
                runtime_configuration={"result_format": {"result_format": "BOOLEAN_ONLY"}},
            )["success"]
        )
    except Exception as error:
        return _result(expectation, "error", error=_root(error))
    element, unexpected, missing = _counts(expectation, values, batch)
    # Of no value at all, anything holds.
    looked = element is None or element - (missing or 0) > 0
    outcome: Outcome = "failed"
    if success:
        outcome = "passed" if looked else "not applicable"
    return _result(expectation, outcome, element, unexpected, missing)


def _counts(
    expectation: Expectation, values: Mapping[str, Any], batch: Batch
) -> tuple[int | None, int | None, int | None]:
    """Records looked at, those that break the expectation, and those without a value to look at."""
    if isinstance(expectation, gxe.ExpectTableRowCountToEqual):
        found = values[ROW_COUNT]
        return found, abs(found - batch.rows), max(batch.rows - found, 0)
    if isinstance(expectation, gxe.UnexpectedRowsExpectation):
        return batch.rows, values["unexpected_rows_query.row_count"], None
    element = values.get(ROW_COUNT)
    counts = {n: v for n, v in values.items() if n.endswith(".unexpected_count") and n != NOT_NULL}
    filtered = [value for name, value in values.items() if name.endswith(".filtered_row_count")]
    if not counts:  # the expectation is about missing values, or about the column as a whole
        return element, values.get(NOT_NULL), None
    missing = values.get(NOT_NULL)
    if filtered and element is not None:
        missing = element - filtered[0]
    return element, next(iter(counts.values())), missing


def _root(error: BaseException) -> str:
    """The class of the first cause: its message may quote a value."""
    while error.__cause__ is not None:
        error = error.__cause__
    return type(error).__name__


def _result(
    expectation: Expectation,
    outcome: Outcome,
    element: int | None = None,
    unexpected: int | None = None,
    missing: int | None = None,
    error: str = "",
) -> ExpectationResult:
    columns = [
        getattr(expectation, name)
        for name in ("column", "column_A", "column_B")
        if getattr(expectation, name, None)
    ]
    return ExpectationResult(
        expectation=expectation.expectation_type,
        column=", ".join([*columns, *getattr(expectation, "column_list", ())]),
        sentence=str(expectation.description or ""),
        outcome=outcome,
        element_count=element,
        unexpected_count=unexpected,
        missing_count=missing,
        error=error,
    )
