"""Promotion: the verdict on a wave, a pure function of its evidence.

promote: everything looked at, everything fine. hold: something was not looked at, is stale or open.
block: something was looked at and is wrong. Reasons come in order of weight.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

VerdictWord = Literal["promote", "hold", "block"]

CLOCKS = timedelta(minutes=5)
"""How far apart the clocks of two machines may be. What is dated later than that proves nothing."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What may happen to a wave and why, in words."""

    verdict: VerdictWord
    reasons: tuple[str, ...]

    def sentence(self, wave: str) -> str:
        """The first line of every page about the wave."""
        if self.verdict == "promote":
            return f"Wave {wave} may be promoted."
        state = "is blocked" if self.verdict == "block" else "is held"
        more = f", and {len(self.reasons) - 1} more" if len(self.reasons) > 1 else ""
        return f"Wave {wave} {state}: {self.reasons[0]}{more}."


def decide(document: dict[str, Any], at: datetime) -> Verdict:
    """The verdict on an evidence document (`evidence.assemble`) at an instant.

    The instant counts only for freshness: the same document within its freshness limit has the same
    verdict on any machine.
    """
    blocking = [*_wrong(document), *_failed_drills(document)]
    holding = [
        *_rolled_back(document),
        *_unseen(document),
        *_stale(document, at),
        *_undrilled(document, at),
        *_open(document),
    ]
    if blocking:
        return Verdict("block", (*blocking, *holding))
    return Verdict("hold" if holding else "promote", tuple(holding))


def _wrong(document: dict[str, Any]) -> Iterator[str]:
    """Looked at, and not fine."""
    for line in document["accounting"]:
        where = f"{line['entity']} in {line['cohort']}"
        for difference in line["differences"]:
            yield f"{where} does not balance: {difference}"
        found = [
            f"{line[name]:,} {name}"
            for name in ("mismatched", "missing", "unexpected")
            if line[name]
        ]
        if found:
            yield f"{where} differs from what was sent: {', '.join(found)}"
    for check in document["checks"]:
        if check["outcome"] in ("failed", "error"):
            state = "failed" if check["outcome"] == "failed" else "could not be run"
            point = "before load" if check["point"] == "transformed" else "in the destination"
            yield (
                f"{check['bad']} of {check['expectations']} expectations on {check['entity']} in "
                f"{check['cohort']} {state} {point}"
            )


def _unseen(document: dict[str, Any]) -> Iterator[str]:
    """Not run, or run on other data than what is now there."""
    own = [c for c in document["cohorts"] if c["name"] != "reference"]
    if all(len(c["missing_stages"]) == 4 for c in own):
        yield f"nothing of it has been run: `migration run --wave {document['wave']}`"
        return
    for cohort in document["cohorts"]:
        if cohort["missing_stages"]:
            yield (
                f"cohort {cohort['name']} is not finished ({', '.join(cohort['missing_stages'])}): "
                f"run it with `migration run --cohort {cohort['name']}`"
            )
        elif not cohort["loaded"] and not cohort["may_be_empty"]:
            yield f"cohort {cohort['name']} has loaded no record: an empty cohort proves nothing"
        if cohort["unassigned"]:
            yield (
                f"{cohort['unassigned']:,} patients of the source belong to no cohort: add one to "
                "the last wave of waves.toml"
            )
        for what in cohort["outdated"]:
            yield f"{what} in cohort {cohort['name']}: run the cohort again"


def _stale(document: dict[str, Any], at: datetime) -> Iterator[str]:
    limit = timedelta(hours=document["criteria"]["freshness_hours"])
    for cohort in document["cohorts"]:
        if cohort["reconciled_at"] is None:
            continue
        seen = datetime.fromisoformat(cohort["reconciled_at"])
        if at.astimezone(UTC) - seen > limit:
            yield (
                f"the reconciliation of cohort {cohort['name']} is older than "
                f"{document['criteria']['freshness_hours']:g} hours: run the cohort again"
            )
        elif seen > at + CLOCKS:
            yield (
                f"the reconciliation of cohort {cohort['name']} is dated in the future: set the "
                "clock, then run the cohort again"
            )


def _open(document: dict[str, Any]) -> Iterator[str]:
    """More records wait for a person than the wave's criteria allow."""
    unmapped = [e for e in document["exceptions"] if e["kind"] == "unmapped code"]
    number = sum(e["count"] for e in unmapped)
    if number > document["criteria"]["max_unmapped_codes"]:
        where = ", ".join(dict.fromkeys(f"{e['entity']}.{e['field']}" for e in unmapped))
        files = ", ".join(dict.fromkeys(e["rule"] for e in unmapped))
        yield (
            f"{number:,} records have a code that no code map translates ({where}: {files}): add "
            "a row for each, and run the cohort again"
        )
    extracted = sum(line["extracted"] or 0 for line in document["accounting"])
    excepted = sum(line["excepted"] or 0 for line in document["accounting"])
    percent = document["criteria"]["max_excepted_percent"]
    # Compared as whole numbers, so that no rounding lets a record through.
    if extracted and excepted * 100 > extracted * percent:
        top = document["exceptions"][0] if document["exceptions"] else None
        most = (
            f"; most: {top['count']:,} in {top['entity']}"
            + (f".{top['field']}" if top["field"] else "")
            + f" ({top['rule']})"
            if top
            else ""
        )
        yield (
            f"{excepted:,} of {extracted:,} records wait in the exception queue, and the wave "
            f"allows {percent:g} %{most}"
        )


def _rolled_back(document: dict[str, Any]) -> Iterator[str]:
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


def _failed_drills(document: dict[str, Any]) -> Iterator[str]:
    """A rehearsal of the rollback that did not end as it must."""
    for drill in document["drills"]:
        if document["criteria"]["drill_days"] and not drill["passed"]:
            yield f"the drill of cohort {drill['cohort']} failed: {drill['reason']}"


def _undrilled(document: dict[str, Any], at: datetime) -> Iterator[str]:
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
