"""What the runner and its workers say to each other. Small values; no Dagster, no I/O."""

from dataclasses import dataclass
from typing import Literal

Ending = Literal["done", "failed", "skipped"]
"""Of a step: `skipped` because something before it failed."""


@dataclass(frozen=True, slots=True)
class Task:
    """One run of a job. `assets` ("stage/entity") limits it to those of them that the job has."""

    job: str
    name: str
    partition: str | None
    assets: tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class Burial:
    """Mark runs as failed whose process is gone: else they hold a place in the line for ever."""


@dataclass(frozen=True, slots=True)
class RunEvent:
    """A step of a run has ended."""

    cohort: str
    step: str
    outcome: Ending
    done: int
    total: int


@dataclass(frozen=True, slots=True)
class RunResult:
    """How a run ended. `error` is a sentence without patient data, empty on success."""

    cohort: str
    run_id: str
    success: bool
    failed_steps: tuple[str, ...]
    error: str
