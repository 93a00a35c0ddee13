"""Rehearsal: what rollbacks and their drills say about a wave, as reasons of its verdict.

Pure, over the evidence document; `promotion` puts the reasons of all kinds together.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

CLOCKS = timedelta(minutes=5)
"""How far apart the clocks of two machines may be. What is dated later than that proves nothing."""


def rolled_back(document: dict[str, Any]) -> Iterator[str]:
    """Taken back, and not loaded again since."""
    for each in document["rollbacks"]:
        when = f"{datetime.fromisoformat(each['at']):%Y-%m-%d %H:%M} UTC"
        if each["state"] == "running":
            yield (
                f"a rollback of cohort {each['cohort']} began at {when} and has not ended: wait, or "
                "run it again"
            )
        else:
            yield (
                f"cohort {each['cohort']} was rolled back at {when} by {each['person']}: run it again"
            )


def failed_drills(document: dict[str, Any]) -> Iterator[str]:
    """A rehearsal of the rollback that did not end as it must."""
    for drill in document["drills"]:
        if document["criteria"]["drill_days"] and not drill["passed"]:
            yield f"the drill of cohort {drill['cohort']} failed: {drill['reason']}"


def undrilled(document: dict[str, Any], at: datetime) -> Iterator[str]:
    """Nobody has rehearsed the rollback of it, or not lately."""
    days = document["criteria"]["drill_days"]
    if not days:
        return
    drills = {d["cohort"]: datetime.fromisoformat(d["at"]) for d in document["drills"]}
    for cohort in document["cohorts"]:
        name = cohort["name"]
        if name == "reference" or (cohort["may_be_empty"] and not cohort["loaded"]):
            continue
        again = f"`migration drill --cohort {name}`"
        if name not in drills:
            yield f"the rollback of cohort {name} was never rehearsed: {again}"
        elif drills[name] > at + CLOCKS:
            yield f"the drill of cohort {name} is dated in the future: set the clock, then {again}"
        elif at - drills[name] > timedelta(days=days):
            yield f"the drill of cohort {name} is older than {days:g} days: {again}"
