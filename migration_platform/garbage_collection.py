"""Garbage collection: how seldom a process of ours looks for cycles."""

from __future__ import annotations

import gc


def collect_seldom() -> None:
    """Look for cycles when there are tens of thousands of new objects, not hundreds: to import a
    library, Dagster and Great Expectations above all, makes that many which stay."""
    gc.set_threshold(50_000, 20, 100)
