"""Suite run: one suite on one batch in Postgres. Counts leave the database, records never do.

Imported when a suite is run, not before: Great Expectations takes seconds to import.
"""

from __future__ import annotations

from collections.abc import Mapping
from threading import Lock
from typing import Any

import great_expectations.expectations as gxe
import sqlalchemy as sa
from great_expectations.execution_engine import SqlAlchemyExecutionEngine
from great_expectations.execution_engine.sqlalchemy_batch_data import SqlAlchemyBatchData
from great_expectations.expectations.expectation import Expectation
from great_expectations.validator.metric_configuration import MetricConfiguration

from checks.suite_plan import UNEXPECTED_ROWS, connect, expectations_at, plan_suite, resolve
from migration_platform.check import Batch, ExpectationResult, Outcome

ROW_COUNT = "table.row_count"
NOT_NULL = "column_values.nonnull.unexpected_count"

_lock = Lock()  # the execution engine has one active batch at a time


def run_suite(batch: Batch) -> list[ExpectationResult]:
    """Run the suite on a batch that is not empty, and count its rows."""
    with _lock:
        engine = connect(batch.url)
        engine.load_batch_data("batch", _open(batch, engine))
        plan = plan_suite(batch.entity, batch.point, batch.url)
        asked = (_counting(batch), *plan.expectations[1:])
        answers = zip(asked, plan.metrics, resolve(engine, plan), strict=True)
        return [_judge(*answer, batch) for answer in answers]


def skip_suite(batch: Batch) -> list[ExpectationResult]:
    """The results of a suite that had nothing to look at."""
    asked = (_counting(batch), *expectations_at(batch.entity, batch.point))
    return [_result(each, "not applicable") for each in asked]


def _counting(batch: Batch) -> Expectation:
    """What every suite expects: all records that were mapped, and no other."""
    noun = "record" if batch.rows == 1 else "records"
    return gxe.ExpectTableRowCountToEqual(
        value=batch.rows,
        description=f"There are exactly as many records as were mapped from the extract: "
        f"{batch.rows:,} {noun}.",
    )


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
    outcome: Outcome = "failed"
    if success:  # of no value at all, anything holds
        outcome = "passed" if element > (missing or 0) else "not applicable"
    return _result(expectation, outcome, element, unexpected, missing)


def _counts(
    expectation: Expectation, values: Mapping[str, Any], batch: Batch
) -> tuple[int, int | None, int | None]:
    """Records looked at, those that break the expectation, and those without a value to look at."""
    element: int = values[ROW_COUNT]
    if isinstance(expectation, gxe.ExpectTableRowCountToEqual):
        return element, abs(element - batch.rows), max(batch.rows - element, 0)
    if isinstance(expectation, gxe.UnexpectedRowsExpectation):
        return element, values["unexpected_rows_query.row_count"], None
    counts = {n: v for n, v in values.items() if n.endswith(".unexpected_count") and n != NOT_NULL}
    filtered = [value for name, value in values.items() if name.endswith(".filtered_row_count")]
    if not counts:  # the expectation is about missing values, or about the column as a whole
        return element, values.get(NOT_NULL), None
    missing = element - filtered[0] if filtered else values.get(NOT_NULL)
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
