"""What the tests of translations share: a translation applied to a few texts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import polars as pl
import pytest

from migration_platform.entity import Translation

Read = tuple[Any, str | None]
Apply = Callable[[Translation, Sequence[str | None]], list[Read]]


@pytest.fixture(scope="session")
def apply() -> Apply:
    """Value and problem of each text, as a column X holds it."""

    def run(translation: Translation, texts: Sequence[str | None]) -> list[Read]:
        problem = translation.problem
        frame = pl.DataFrame({"X": texts}, schema={"X": pl.String}).select(
            translation.value.alias("value"),
            (pl.lit(None, pl.String) if problem is None else problem).alias("problem"),
        )
        return frame.rows()

    return run
