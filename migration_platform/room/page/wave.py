"""Wave: all that there is to read about a wave before somebody decides.

The verdict and its reasons first, then the criteria, the accounting that adds up, what was not seen,
readiness and sign-offs, the decisions allowed now, provenance last.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from migration_platform.decision.log import read_whole
from migration_platform.evidence.blind_spot import (
    KINDS,
    BlindSpot,
    count_blind_spots,
    summarize_blind_spots,
)
from migration_platform.evidence.evidence import Evidence
from migration_platform.evidence.wave_status import state_wave
from migration_platform.platform import Platform
from migration_platform.room.page.criterion import list_criteria
from migration_platform.room.page.decision import Choice, Closed, list_decisions
from migration_platform.room.page.headline import SHAPES, Headline, Reason
from migration_platform.room.page.ledger import add_up, fold
from migration_platform.room.page.picture import draw_ends, draw_metrics
from migration_platform.room.page.proof import find_proof
from migration_platform.room.page.standing import list_standing
from migration_platform.room.picture import Picture
from migration_platform.room.table import Cell, Table, cut, make_table
from migration_platform.trigger.figure import read_figure

MOST_ROWS = 50
MOST_REASONS = 50
"""The weightiest are on the page; a wave that has hardly begun may have thousands."""


@dataclass(frozen=True, slots=True)
class WavePage:
    """What is read about a wave. `digest` is that of the evidence on which all of it rests."""

    name: str
    headline: Headline
    life: str
    since: str
    reasons: tuple[Reason, ...]
    every_reason: Table
    waived: tuple[str, ...]
    criteria: Table
    cohorts: Table
    accounting: Table
    metrics: Table
    blind_spots: str
    not_seen: Table
    readiness: Table
    sign_offs: Table
    drills: Table
    charts: Table
    ends: Picture | None
    figures: tuple[Picture, ...]
    choices: tuple[Choice, ...]
    closed: tuple[Closed, ...]
    digest: str
    assembled_at: str
    versions: Mapping[str, str]
    seal: str

    @property
    def tables(self) -> tuple[Table, ...]:
        return (
            self.every_reason, self.criteria, self.cohorts, self.accounting, self.metrics, self.not_seen,
            self.readiness, self.sign_offs, self.drills, self.charts,
        )  # fmt: skip


def describe_wave(platform: Platform, seen: Evidence) -> WavePage:
    """The page of a wave, from its evidence, for whoever reads it."""
    document, said = seen.document, state_wave(platform, seen)
    cohorts = [c["name"] for c in document["cohorts"]]
    state = document["state"]
    return WavePage(
        name=seen.wave,
        headline=Headline(SHAPES[said.verdict], said.sentence),
        life=state["name"],
        since=_since(state),
        reasons=tuple(
            Reason(r, find_proof(r, seen.wave, cohorts)) for r in said.reasons[:MOST_REASONS]
        ),
        every_reason=make_table(
            "reasons",
            "Every reason",
            ("Reason",),
            [(r,) for r in said.reasons],
            empty="Nothing stands against it.",
            url=f"/waves/{seen.wave}/reasons.csv",
        ),
        waived=seen.waived,
        criteria=list_criteria(document, datetime.now(UTC)),
        cohorts=list_standing(document),
        accounting=add_up(document["accounting"], cohorts, f"/waves/{seen.wave}"),
        metrics=_metrics(document),
        blind_spots=summarize_blind_spots(count_blind_spots(_spots(document))),
        not_seen=_not_seen(document),
        readiness=_readiness(document),
        sign_offs=_sign_offs(document),
        drills=list_drills(document["drills"], f"/waves/{seen.wave}"),
        charts=_charts(document),
        ends=draw_ends(document["accounting"]),
        figures=draw_metrics(document),
        choices=(),
        closed=(),
        digest=seen.digest,
        assembled_at=document["assembled_at"],
        versions=document["versions"],
        seal=document["sealed"]["seal"] or "",
    )


def offer(
    platform: Platform, page: WavePage, seen: Evidence, person: str, *, current: bool
) -> WavePage:
    """The page with what a reader may decide now. `current`: may one decide on this evidence still?"""
    patients = sum(c["patients"] or 0 for c in seen.document["cohorts"])
    choices, closed = list_decisions(
        platform.people, person, read_whole(platform), seen, patients, current=current
    )
    return replace(page, choices=choices, closed=closed)


def shorten(page: WavePage) -> WavePage:
    """The page for a screen: of a large wave what is to be looked at first, the rest a link away."""
    every = f"/cohorts?wave={page.name}"
    fine = ("passed", "not-asked", "not-run")
    standing = page.cohorts
    if len(standing.rows) > MOST_ROWS:
        rows = sorted(standing.rows, key=lambda row: row[1].state in fine)
        standing = replace(standing, rows=tuple(rows))
    return replace(
        page,
        cohorts=cut(standing, MOST_ROWS, more=every),
        accounting=fold(page.accounting, MOST_ROWS, every),
        criteria=cut(page.criteria, MOST_ROWS),
        metrics=cut(page.metrics, MOST_ROWS),
        drills=cut(page.drills, MOST_ROWS),
        charts=cut(page.charts, MOST_ROWS),
    )


def _since(state: Mapping[str, str]) -> str:
    return f"by {state['person']}: {state['reason']}" if state["person"] else ""


def _instant(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _metrics(document: Mapping[str, Any]) -> Table:
    return make_table(
        "metrics",
        "Figures from operation, and what they were on the source",
        ("Cohort", "Figure", "Baseline #", "Now #", "Measured"),
        [
            (m["cohort"], m["name"], _figure(m["baseline"]), _figure(m["value"]),
             _instant(m["measured_at"]))
            for m in document["metrics"]
        ],
        empty="The wave's criteria name no figure from operation.",
        url=f"/waves/{document['wave']}/metrics.csv",
    )  # fmt: skip


def _figure(text: str | None) -> str | None:
    return read_figure(text).words if text else None


def _spots(document: Mapping[str, Any]) -> list[BlindSpot]:
    return [BlindSpot(**spot) for spot in document["blind_spots"]]


def _not_seen(document: Mapping[str, Any]) -> Table:
    return make_table(
        "not-seen",
        "What no comparison of this migration can see",
        ("Kind", "Entity", "Name", "What is not seen", "Number #"),
        [
            (KINDS[s.kind], s.entity, s.name, s.sentence, "" if s.count is None else s.count)
            for s in _spots(document)
        ],
        empty="Nothing is declared.",
        url=f"/waves/{document['wave']}/not-seen.csv",
    )


def _readiness(document: Mapping[str, Any]) -> Table:
    today = datetime.now(UTC).date().isoformat()

    def state(item: Mapping[str, Any]) -> Cell:
        done = item["done"]
        if done:
            return Cell("done", "passed", note=f"{done['person']}: {done['reason']}")
        late = item["due"] < today
        return Cell("late" if late else "not done", "late" if late else "not-run")

    return make_table(
        "readiness",
        "What no query can see",
        ("Item", "What is true once it is done", "Owner", "Due", "State", "Since"),
        [
            (i["name"], i["says"], i["owner"], i["due"], state(i),
             _instant(i["done"]["at"]) if i["done"] else Cell(""))
            for i in document["readiness"]
        ],
        empty="No readiness item is declared for this wave: say in readiness.toml what must be done.",
        url=f"/waves/{document['wave']}/readiness.csv",
    )  # fmt: skip


def _sign_offs(document: Mapping[str, Any]) -> Table:
    promoted_on = {s["role"]: s for s in document["state"]["promoted_on"]}
    signed = {s["role"]: s for s in document["sign_offs"]} | promoted_on

    def line(role: str) -> tuple[Any, ...]:
        s = signed.get(role)
        if s is None:
            return (role, Cell("not signed", "not-run"), "", "", "", "")
        state = (
            Cell("signed", "passed")
            if role in promoted_on or s["evidence_digest"] == document["digest"]
            else Cell("on other evidence", "held", note="; ".join(s["changed"][:3]))
        )
        return (
            role, state, s["person"], s["reason"], _instant(s["at"]), s["evidence_digest"][:12],
        )  # fmt: skip

    return make_table(
        "sign-offs",
        "Each binds a person, a role and a statement to the evidence that was read",
        ("Role", "State", "Who", "Statement", "When", "On evidence ="),
        [line(role) for role in document["criteria"]["sign_offs"]],
        empty="No criteria say who must sign this wave.",
        url=f"/waves/{document['wave']}/sign-offs.csv",
    )


def list_drills(drills: Sequence[Mapping[str, Any]], url: str) -> Table:
    """The rehearsals of rollbacks, as the evidence has them."""
    return make_table(
        "drills",
        "Rollbacks rehearsed on a shadow",
        ("Cohort", "Result", "Records #", "Writes made #", "Carried out #", "Load s #",
         "Restore s #", "When"),
        [
            (
                Cell(d["cohort"], link=f"/cohorts/{d['cohort']}"),
                Cell("passed" if d["passed"] else "failed", "passed" if d["passed"] else "failed",
                     note=d["reason"]),
                d["records"], d["writes"], d["captured"], f"{d['seconds_to_load']:.1f}",
                f"{d['seconds_to_restore']:.1f}", _instant(d["at"]),
            )
            for d in drills
        ],
        empty="Nobody has rehearsed a rollback of these cohorts: `migration drill`.",
        url=f"{url}/drills.csv",
    )  # fmt: skip


def _charts(document: Mapping[str, Any]) -> Table:
    def judged(sample: Mapping[str, Any], word: str) -> int:
        return sum(c["judgement"] == word for c in sample["charts"])

    return make_table(
        "charts",
        "Whole charts that people looked at",
        ("Cohort", "Drawn #", "Right #", "Wrong #", "What that says"),
        [
            (
                Cell(c["cohort"], link=f"/cohorts/{c['cohort']}/charts"),
                len(s["charts"]), judged(s, "right"),
                Cell(judged(s, "wrong"), "failed" if judged(s, "wrong") else ""), s["statement"],
            )
            for c in document["charts"]
            if (s := c["sample"])
        ],
        empty="No sample of charts was drawn yet: a cohort's page draws one.",
        url=f"/waves/{document['wave']}/charts.csv",
    )  # fmt: skip
