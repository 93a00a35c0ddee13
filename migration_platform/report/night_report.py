"""Night report: what a night found at the destination and at the source, cohort by cohort.

One page per night: the verdict in the first line, what differs first, provenance last. Counts, causes
and record tokens; no record comes near it. What a night came to is decided in `night`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from migration_platform.night.night import OUTCOMES, Night, Outcome
from migration_platform.report.page import render_page

STATE: dict[Outcome, str] = {
    "could not look": "error",
    "drift": "failed",
    "behind source": "not-run",
    "clean": "passed",
    "unchanged": "passed",
}
"""Each outcome's shape on the page."""


def render_night_report(night: Night, history: Sequence[Mapping[str, Any]]) -> str:
    """The page. `history` has the last nights: `night`, `cohort`, `outcome`."""
    outcomes = [
        (outcome, STATE[outcome], sum(c.outcome == outcome for c in night.cohorts))
        for outcome in OUTCOMES
    ]
    nights: dict[Any, list[str]] = {}
    for row in history:
        nights.setdefault(row["night"], []).append(row["outcome"])
    return render_page(
        "night_report.html.j2",
        night=night,
        outcomes=outcomes,
        state=STATE,
        open=[c for c in night.cohorts if c.findings or c.clusters],
        history=[
            (day, [(o, STATE[o], found.count(o)) for o in OUTCOMES if found.count(o)])
            for day, found in nights.items()
        ],
    )
