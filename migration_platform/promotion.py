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
    blocking = list(_wrong(document))
    holding = [*_unseen(document), *_stale(document, at), *_open(document)]
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
    yield from _mapped_otherwise(document)
    for check in document["checks"]:
        if check["outcome"] in ("failed", "error"):
            state = "failed" if check["outcome"] == "failed" else "could not be run"
            point = "before load" if check["point"] == "transformed" else "in the destination"
            yield (
                f"{check['bad']} of {check['expectations']} expectations on {check['entity']} in "
                f"{check['cohort']} {state} {point}"
            )


def _mapped_otherwise(document: dict[str, Any]) -> Iterator[str]:
    """Sent otherwise than reconciliation reads the source."""
    for each in document["reconciliation"]:
        proof = each["round_trip"]
        if proof["differing"]:
            fields = [c["field"] for c in each["clusters"] if c["leg"] == "mapping"]
            yield (
                f"{each['entity']} in {each['cohort']} was mapped otherwise than the source reads: "
                f"{proof['differing']:,} records ({', '.join(dict.fromkeys(fields))})"
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
        seen = cohort["reconciled_at"]
        if seen is not None and at.astimezone(UTC) - datetime.fromisoformat(seen) > limit:
            yield (
                f"the reconciliation of cohort {cohort['name']} is older than "
                f"{document['criteria']['freshness_hours']:g} hours: run the cohort again"
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
