"""Promotion: the verdict on a wave, a pure function of its evidence.

promote: everything looked at, everything fine. hold: something was not looked at, is stale or open.
block: something was looked at and is wrong. Reasons come in order of weight.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from migration_platform.chart.verdict import unjudged_charts, wrong_charts
from migration_platform.decision.sign_off import find_missing
from migration_platform.evidence.agreement import (
    differing_totals,
    is_waived,
    mapped_otherwise,
    waived_differences,
)
from migration_platform.evidence.proof import inconclusive, unproved
from migration_platform.evidence.readiness import find_undone
from migration_platform.evidence.threshold import exceeds, find_unfulfilled
from migration_platform.evidence.verdict import Verdict, VerdictWord
from migration_platform.rollback.rehearsal import CLOCKS, failed_drills, rolled_back, undrilled
from migration_platform.trigger.trigger import BY_ITSELF, find_tripped, find_unknown


def decide(document: dict[str, Any], at: datetime) -> Verdict:
    """The verdict on an evidence document (`evidence.assemble`) at an instant.

    The instant counts only for freshness: the same document within its freshness limit has the same
    verdict on any machine.
    """
    blocking = [
        *_wrong(document),
        *differing_totals(document),
        *wrong_charts(document),
        *failed_drills(document),
        *find_tripped(document, at),
    ]
    holding = [
        *_stopped(document),
        *rolled_back(document),
        *_unseen(document),
        *unproved(document),
        *inconclusive(document),
        *_stale(document, at),
        *_open(document),
        *unjudged_charts(document),
        *undrilled(document, at),
        *find_unfulfilled(document, at),
        *find_unknown(document, at),
        *find_undone(document, at),
    ]
    unsigned = list(find_missing(document))
    reasons = (*blocking, *holding, *unsigned)
    verdict: VerdictWord = "block" if blocking else "hold" if reasons else "promote"
    return Verdict(verdict, reasons, tuple(waived_differences(document)), len(unsigned))


def _stopped(document: dict[str, Any]) -> Iterator[str]:
    """What people decided, or have not decided, about the wave as a whole."""
    wave, state = document["wave"], document["state"]
    if state["name"] == "held" and state["person"] == BY_ITSELF:
        yield (
            f"{BY_ITSELF} holds it since {state['at']}: {state['reason']}. It asks for a decision: "
            f"`migration resume {wave}`, once it is put right, or `migration rollback`"
        )
    elif state["name"] == "held":
        yield (
            f"{state['person']} holds it since {state['at']}: {state['reason']}. End it with "
            f"`migration resume {wave}`"
        )
    if state["name"] == "rolled back":
        yield f"it was rolled back at {state['at']}: open it again with `migration open {wave}`"
    if not document["criteria"]["decided"]:
        yield "no criteria are decided for it: give it a [[wave]] in criteria.toml"
    changes = document["sealed"]["changes"]
    if changes:
        yield (
            f"what was decided before it opened has changed ({'; '.join(changes)}): put the files "
            f"back, or record why with `migration amend {wave}`"
        )
    begun = any(
        len(c["missing_stages"]) < 4 for c in document["cohorts"] if c["name"] != "reference"
    )
    if begun and document["sealed"]["seal"] is None:
        yield f"its criteria are not sealed: open it with `migration open {wave}`"


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
        if found and not is_waived(document, line):
            yield f"{where} differs from what was sent: {', '.join(found)}"
    yield from mapped_otherwise(document)
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
        for found in cohort["night"]:
            yield f"in its last night, cohort {cohort['name']}: {found}"


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
    if extracted and exceeds(excepted, extracted, percent):
        held = [e for e in document["exceptions"] if e.get("stage", "transform") == "transform"]
        top = next((e for e in held if e["kind"] != "difference"), None)
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
