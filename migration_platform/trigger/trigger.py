"""Trigger: a rollback trigger as it stands: tripped, clear, or nobody can tell.

Pure, over an evidence document or the parts of one that `watch` reads. What follows when one trips
stands in `trip`. A trigger watches cohorts that are live on the destination, and no others.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from migration_platform.evidence.criteria import MEASURES
from migration_platform.evidence.threshold import Document, Reading, crosses, describe_bound, read

BY_ITSELF = "the trigger"
"""Who holds a wave when one trips, in the decision log."""

State = Literal["tripped", "cannot tell", "clear"]
STATES: tuple[State, ...] = ("tripped", "cannot tell", "clear")
"""Worst first."""

COMPARED = ("differing records",)
"""Measures that rest on a reconciliation."""


@dataclass(frozen=True, slots=True)
class Trigger:
    """A trigger of a wave, or of one cohort of it. `said` is the whole of it in words."""

    name: str
    measure: str
    cohort: str
    state: State
    measured: str
    tolerated: str
    baseline: str
    measured_at: str
    said: str

    @property
    def where(self) -> str:
        return f"{self.measure} of cohort {self.cohort}" if self.cohort else self.measure


def find_triggers(document: Document, at: datetime) -> list[Trigger]:
    """Every trigger of a wave for what of it is live, the worst first; none if nothing is."""
    live = find_live(document)
    if not live:
        return []
    found = [
        _judge(document, threshold, reading, live, at)
        for threshold in document["criteria"]["triggers"]
        for reading in read(document, threshold["measure"], at, threshold.get("kind", ""))
        if not reading.cohort or reading.cohort in live
    ]
    return sorted(found, key=lambda trigger: STATES.index(trigger.state))


def find_live(document: Document) -> list[str]:
    """The wave's cohorts with every entity loaded: who is treated on the destination."""
    return [
        c["name"]
        for c in document["cohorts"]
        if c["name"] != "reference" and "load" not in c["missing_stages"]
    ]


def _judge(
    document: Document,
    threshold: Mapping[str, str],
    reading: Reading,
    live: Sequence[str],
    at: datetime,
) -> Trigger:
    tolerated = describe_bound(threshold, reading)
    doubt = reading.doubt or _doubt(document, threshold["measure"], live, at)
    state: State
    if reading.value is None:
        state, said = "cannot tell", f"{reading.where} {reading.lacking}"
    elif crosses(threshold, reading):
        state, said = "tripped", f"{reading.where}: {reading.shown}, tolerated is {tolerated}"
    elif doubt:
        state, said = "cannot tell", f"{reading.where} {doubt}"
    else:
        state, said = "clear", f"{reading.where}: {reading.shown}, tolerated is {tolerated}"
    return Trigger(
        name=f"{reading.where}, {threshold['bound']} {threshold['value']}".replace("_", " "),
        measure=threshold["measure"],
        cohort=reading.cohort,
        state=state,
        measured=reading.shown,
        tolerated=tolerated,
        baseline=reading.baseline,
        measured_at=reading.measured_at,
        said=said,
    )


def _doubt(document: Document, measure: str, live: Sequence[str], at: datetime) -> str:
    """Why what the stages counted may not be what is there; empty if it is, and for metrics."""
    if measure not in MEASURES:
        return ""
    if measure == "failed expectations":
        unchecked = sorted(set(live) - {c["cohort"] for c in document["checks"]})
        return (
            f"of cohort {unchecked[0]} are not known: no suite was run on it" if unchecked else ""
        )
    if measure not in COMPARED:
        return ""
    limit = timedelta(hours=document["criteria"]["freshness_hours"])
    for cohort in (c for c in document["cohorts"] if c["name"] in live):
        again = f"`migration reconcile --cohort {cohort['name']}`"
        if cohort["reconciled_at"] is None or "reconcile" in cohort["missing_stages"]:
            return f"of cohort {cohort['name']} were not looked for: {again}"
        seen = datetime.fromisoformat(cohort["reconciled_at"])
        if at.astimezone(UTC) - seen > limit:
            return (
                f"of cohort {cohort['name']} were looked for more than {limit.total_seconds() / 3600:g}"
                f" hours ago: {again}"
            )
        for found in cohort["night"]:
            return f"of cohort {cohort['name']} were not looked for in its last night: {found}"
    return ""


def find_tripped(document: Document, at: datetime) -> Iterator[str]:
    """Triggers that have tripped, as reasons of a wave's verdict."""
    since: Mapping[str, str] = document["tripped_since"]
    for trigger in find_triggers(document, at):
        if trigger.state == "tripped":
            when = f", tripped since {since[trigger.name]}" if trigger.name in since else ""
            yield (
                f"a rollback trigger has tripped: {trigger.said}. It asks for a decision: resume or "
                f"roll back{when}"
            )


def find_unknown(document: Document, at: datetime) -> Iterator[str]:
    """Triggers on metrics of which nobody can tell whether they have tripped.

    What else may be unknown, and metrics that a criterion for going on asks for, have reasons of
    their own.
    """
    asked = {threshold["measure"] for threshold in document["criteria"]["go"]} | {*MEASURES}
    for trigger in find_triggers(document, at):
        if trigger.state == "cannot tell" and trigger.measure not in asked:
            yield f"nobody can tell whether a rollback trigger has tripped: {trigger.said}"


def describe_decision(wave: str, triggers: Sequence[Trigger]) -> list[str]:
    """What to run when these have tripped: to look, to roll back, to go on."""
    cohorts = list(dict.fromkeys(t.cohort for t in triggers if t.cohort))
    ways = [f"migration rollback --cohort {cohort} --dry-run" for cohort in cohorts] or [
        f"migration rollback {wave} --dry-run"
    ]
    return [f"migration evidence {wave}", *ways, f"migration resume {wave} --dry-run"]


def as_plain(trigger: Trigger) -> dict[str, Any]:
    """For a log entry or a notice: what was measured, against what."""
    return {
        name: getattr(trigger, name)
        for name in ("name", "state", "measured", "tolerated", "baseline", "measured_at", "said")
    }
