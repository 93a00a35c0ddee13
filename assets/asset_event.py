"""What Dagster is told of a stage, a check or an error: counts, digests and fixed sentences.

The event log is no place for patient data, so everything that goes there passes through here. What
a result means is decided in the engine.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

import dagster as dg

from migration_platform.check import CheckOutcome, count_outcomes, format_percentage
from migration_platform.errors import MigrationError, find_place

# Dagster compares an asset's return annotation with the bare class.
if TYPE_CHECKING:
    Materialized: TypeAlias = dg.MaterializeResult[Any]
else:
    Materialized = dg.MaterializeResult


class StageResult(Protocol):
    """What each of the engine's stages returns."""

    @property
    def rows(self) -> int: ...
    @property
    def digest(self) -> str: ...
    @property
    def seconds(self) -> float: ...
    @property
    def applicable(self) -> bool: ...
    @property
    def reason(self) -> str: ...
    @property
    def counts(self) -> Mapping[str, int]: ...
    @property
    def bytes(self) -> int: ...


def describe_result(result: StageResult) -> dict[str, dg.MetadataValue]:
    """A stage's result as asset metadata. A sentence comes first when the result has one."""
    described: dict[str, dg.MetadataValue] = {}
    if sentence := getattr(result, "sentence", "") or result.reason:
        described["result"] = dg.MetadataValue.text(sentence)
    if not result.applicable:
        described["not applicable"] = dg.MetadataValue.text(result.reason)
    described["dagster/row_count"] = dg.MetadataValue.int(result.rows)
    described.update((name, dg.MetadataValue.int(n)) for name, n in result.counts.items())
    described["seconds"] = dg.MetadataValue.float(round(result.seconds, 3))
    described["bytes"] = dg.MetadataValue.int(result.bytes)
    return described


def describe_check(name: str, outcome: CheckOutcome, report: Path, url: str) -> dg.AssetCheckResult:
    """A suite's outcome as an asset check. Only `passed` passes; `not applicable` does not block.

    `url` is where `report` is served: a browser follows no link from a page to a file.
    """
    counts = count_outcomes([outcome])
    words = ", ".join(f"{n} {which}" for which, n in counts.items() if n) or "nothing expected"
    return dg.AssetCheckResult(
        check_name=name,
        passed=outcome.outcome == "passed",
        severity=_severity(nothing_to_check=outcome.outcome == "not applicable"),
        description=f"{outcome.outcome}: {words}",
        metadata={
            "outcome": dg.MetadataValue.text(outcome.outcome),
            "not passed": dg.MetadataValue.md(_list_not_passed(outcome)),
            "expectation report": dg.MetadataValue.path(str(report)),
            "open the report": dg.MetadataValue.url(url),
            "content digest": dg.MetadataValue.text(outcome.digest),
            "suite digest": dg.MetadataValue.text(outcome.suite_digest),
        },
    )


def describe_claim(
    name: str, holds: bool | None, sentence: str, *, waived: bool = False
) -> dg.AssetCheckResult:
    """A claim about a reconciliation as an asset check. None: there was nothing to look at.

    One that does not hold for waived differences alone fails, and blocks nothing.
    """
    return dg.AssetCheckResult(
        check_name=name,
        passed=holds is True,
        severity=_severity(nothing_to_check=holds is None or waived),
        description=sentence,
    )


def _severity(*, nothing_to_check: bool) -> dg.AssetCheckSeverity:
    """A blocking check blocks with ERROR only."""
    return dg.AssetCheckSeverity.WARN if nothing_to_check else dg.AssetCheckSeverity.ERROR


def _list_not_passed(outcome: CheckOutcome) -> str:
    lines = []
    for each in outcome.results:
        if each.outcome == "passed":
            continue
        share = ""
        if each.element_count and each.unexpected_count is not None:
            percent = format_percentage(each.unexpected_count, each.element_count)
            share = f" ({each.unexpected_count:,} of {each.element_count:,}, {percent})"
        lines.append(f"- **{each.outcome}** {each.sentence}{share} {each.error}".rstrip())
    return "\n".join(lines) or "none"


@contextmanager
def safe_errors(what: str) -> Iterator[None]:
    """Let no exception's text into the event log unless this platform wrote it.

    A database or a library may quote a patient's value in its message. Of such an exception only
    the class and the place are told.
    """
    try:
        yield
    except MigrationError as error:
        raise dg.Failure(f"{what}: {error}", allow_retries=False) from None
    except dg.Failure:
        raise
    except Exception as error:
        raise dg.Failure(
            f"{what}: {type(error).__name__} at {find_place(error)}. Its message may quote a record "
            "and is not shown here; run the same from a terminal under a debugger to see it.",
            allow_retries=False,
        ) from None
