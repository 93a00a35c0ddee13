"""Waiver: a difference that a named person accepts for a while, with a reason.

Pure. A waiver covers one cause (leg, entity, field, kind) in one cohort, up to as many records as
there were when it was given. It never turns a difference into a match: it says that somebody knows.
Waivers stand in the decision log; what is kept beside the log must say what the log says.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from migration_platform.decision.decision import Decision

State = Literal["live", "ended", "expired"]
"""Of a waiver by itself. One that is live and no longer covers its cluster has been outgrown."""


@dataclass(frozen=True, slots=True)
class Waiver:
    """An entry of the decision log (`number`) and what it covers. `ended_by` is None while nobody
    has ended it."""

    number: int
    cohort: str
    leg: str
    entity: str
    field: str
    kind: str
    count: int
    until: datetime
    person: str
    reason: str
    decided_at: datetime
    ended_by: str | None = None

    @property
    def signature(self) -> tuple[str, str, str, str, str]:
        return (self.cohort, self.leg, self.entity, self.field, self.kind)

    def state(self, at: datetime) -> State:
        """Whether it still counts at an instant, whatever its cluster has become."""
        if self.ended_by is not None:
            return "ended"
        return "live" if at < self.until else "expired"


def state_waiver(
    *, cohort: str, leg: str, entity: str, field: str, kind: str, count: int, until: datetime
) -> str:
    """What a waiver covers, as the decision log says it, ahead of the reason."""
    what = f"{entity}.{field}" if field else entity
    return (
        f"{count:,} {kind} in {what} of cohort {cohort} ({leg}), until "
        f"{until.astimezone(UTC).isoformat(timespec='seconds')}"
    )


def read_waivers(
    log: Sequence[Decision], covered: Sequence[Mapping[str, Any]], ends: Mapping[int, int]
) -> list[Waiver]:
    """The waivers of a decision log, in order.

    `covered` holds what is kept beside the log, by `number`; `ends` the waiver that an ending entry
    ends. Raises ValueError if they do not say what the log says: somebody altered them.
    """
    beside = {row["number"]: row for row in covered}
    waived = {d.sequence: d for d in log if d.action == "waive"}
    ended = {d.sequence: d for d in log if d.action == "end waiver"}
    if beside.keys() != waived.keys() or ends.keys() != ended.keys():
        raise ValueError("waivers are not those of the decision log")
    enders = {waiver: ended[number].person for number, waiver in ends.items()}
    found = []
    for number, entry in waived.items():
        scope = {name: value for name, value in beside[number].items() if name != "number"}
        said, mark, reason = entry.reason.partition(": ")
        while mark and said != state_waiver(**scope):
            # A kind or a cohort may have a colon of its own.
            more, mark, reason = reason.partition(": ")
            said = f"{said}: {more}"
        if not mark:
            raise ValueError(f"waiver {number} is not what the decision log says")
        found.append(
            Waiver(
                number,
                **scope,
                person=entry.person,
                reason=reason,
                decided_at=entry.decided_at,
                ended_by=enders.get(number),
            )
        )
    for number, waiver in ends.items():
        if not ended[number].reason.startswith(f"waiver {waiver}: "):
            raise ValueError(f"the end of waiver {waiver} is not what the decision log says")
    return found


def find_waiver(
    waivers: Sequence[Waiver], cohort: str, cluster: Mapping[str, Any], at: datetime
) -> Waiver | None:
    """The live waiver that covers a cluster (leg, entity, field, kind, count), if there is one."""
    signature = (cohort, cluster["leg"], cluster["entity"], cluster["field"], cluster["kind"])
    for each in reversed(waivers):
        covers = each.signature == signature and cluster["count"] <= each.count
        if covers and each.state(at) == "live":
            return each
    return None


def mark_waived(
    clusters: Sequence[Mapping[str, Any]], waivers: Sequence[Waiver], cohort: str, at: datetime
) -> list[dict[str, Any]]:
    """The clusters of a cohort, each with `waived`: by whom, why, until when; None if it is not."""
    marked = []
    for cluster in clusters:
        found = find_waiver(waivers, cohort, cluster, at)
        waived = found and {
            "number": found.number,
            "person": found.person,
            "reason": found.reason,
            "until": found.until.astimezone(UTC).isoformat(timespec="seconds"),
            "count": found.count,
        }
        marked.append({**cluster, "waived": waived})
    return marked
