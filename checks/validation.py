"""Validation: what is asked of a batch, and the digest of the question.

The only door to the suites. It opens fast: Great Expectations is imported when the first suite runs.
"""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

from migration_platform.check import Batch, ExpectationResult
from migration_platform.errors import ConfigurationError

SUITES = Path(__file__).parent / "suites"


def validate(batch: Batch) -> list[ExpectationResult]:
    """Run the suite of the batch's entity on it, and count its rows against the extract.

    An expectation that raised is an error, never a failure and never a pass. Of an empty batch
    every expectation is not applicable: it would hold of anything.
    """
    _find_suite(batch.entity)
    from checks import suite_run

    run = suite_run.run_suite if batch.rows else suite_run.skip_suite
    return run(batch)


def suite_digest(entity: str) -> str:
    """The digest of the suite's file: a change to what is asked makes earlier answers stale."""
    return sha256(_find_suite(entity).read_bytes()).hexdigest()


def _find_suite(entity: str) -> Path:
    path = SUITES / f"{entity}.py"
    if not path.is_file():
        raise ConfigurationError(
            f"{entity}: no suite. Write checks/suites/{entity}.py with a SUITE, as its neighbours "
            f"do: without one nothing of {entity} can be promoted."
        )
    return path
