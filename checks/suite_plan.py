"""Suite plan: which metrics a suite needs of the database, and how they are had in one go.

Great Expectations decides what passes; what is asked for is decided here, because its own front
door fetches offending values (patient data) beside the counts, and spends most of a small batch's
time on working out the same metrics again. Judging stands in `suite_run`.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from typing import Any, TypeAlias

import great_expectations as gx
import great_expectations.expectations as gxe
import sqlalchemy as sa
from great_expectations.execution_engine import SqlAlchemyExecutionEngine
from great_expectations.expectations.expectation import Expectation
from great_expectations.validator.metric_configuration import MetricConfiguration
from great_expectations.validator.metrics_calculator import MetricsCalculator
from great_expectations.validator.validation_graph import MetricEdge, ValidationGraph

# Its messages quote SQL errors, and those quote values.
logging.getLogger("great_expectations").setLevel(logging.CRITICAL + 1)

# The only format that neither asks for offending values nor keeps them.
RUNTIME = {"result_format": "BOOLEAN_ONLY", "catch_exceptions": False}
UNEXPECTED_ROWS = "unexpected_rows_query.table"

_engines: dict[str, SqlAlchemyExecutionEngine] = {}

Need: TypeAlias = tuple[Expectation, dict[str, MetricConfiguration]]
"""An expectation, and by name the metrics that it is judged by."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A suite's expectations and the metrics each needs, worked out once for a process."""

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


def connect(url: str) -> SqlAlchemyExecutionEngine:
    """The execution engine of a database, one for this process."""
    if url not in _engines:
        # A check never writes, and needs no transaction around a count. Whether the connection is
        # still there is not asked before each statement: where it is not, `resolve` asks again.
        engine = sa.create_engine(
            url,
            isolation_level="AUTOCOMMIT",
            pool_size=1,
            hide_parameters=True,
            connect_args={
                "application_name": "migration checks",
                "options": "-c default_transaction_read_only=on",
            },
        )
        _engines[url] = SqlAlchemyExecutionEngine(engine=engine, create_temp_table=False)
    return _engines[url]


def close() -> None:
    """Forget the plans, and close the connections of this process."""
    plan_suite.cache_clear()
    _needs.cache_clear()
    while _engines:
        _engines.popitem()[1].close()


@lru_cache(maxsize=256)
def plan_suite(entity: str, point: str, url: str) -> Plan:
    """What to ask at a point. The first expectation counts the rows; how many there must be is the
    batch's to say."""
    needs, whole = _needs(entity, url)
    asked = (needs[0], *(need for need in needs[1:] if _is_asked(need[0], point)))
    expectations, metrics = zip(*asked, strict=True)
    return Plan(expectations, metrics, _part(whole, metrics, connect(url)))


@lru_cache(maxsize=128)
def _needs(entity: str, url: str) -> tuple[tuple[Need, ...], ValidationGraph]:
    """Every expectation of a suite, counting the rows first, and how its metrics hang together."""
    engine = connect(url)
    counting = gxe.ExpectTableRowCountToEqual(value=0)
    count = _metrics(counting, engine)
    # With the count beside it, an expectation that holds can be told from one of no record at all.
    needs = (
        (counting, count),
        *((each, count | _metrics(each, engine)) for each in load_suite(entity).expectations),
    )
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


def resolve(engine: SqlAlchemyExecutionEngine, plan: Plan) -> list[Mapping[Any, Any] | Exception]:
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


def _is_asked(expectation: Expectation, point: str) -> bool:
    return point in (expectation.meta or {}).get("points", (point,))
