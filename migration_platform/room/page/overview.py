"""Overview: every wave and its cohorts, what is live, what is held and since when."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from migration_platform.evidence.evidence import Evidence
from migration_platform.evidence.wave_status import WaveStatus, state_wave
from migration_platform.platform import REFERENCE, Platform
from migration_platform.room.page.headline import SHAPES, Headline, count_noun
from migration_platform.room.page.picture import draw_timeline
from migration_platform.room.page.sheet import Part, Sheet
from migration_platform.room.picture import Picture
from migration_platform.room.table import Cell, Table, cut, make_table


@dataclass(frozen=True, slots=True)
class WaveLine:
    """A wave in the list. `since` is when it came into its state of life."""

    name: str
    shape: str
    verdict: str
    sentence: str
    life: str
    since: datetime | None
    cohorts: int
    patients: int
    live: int
    waiting: int
    signed: int
    to_sign: int


@dataclass(frozen=True, slots=True)
class Overview:
    headline: Headline
    waves: tuple[WaveLine, ...]
    timeline: Table
    picture: Picture | None


def describe_waves(platform: Platform, read: Callable[[str], Evidence], zone: str) -> Overview:
    """All waves in their order. `read` gives the evidence of one; the picture is in that zone."""
    lines, rows = [], []
    spans = read_spans(platform)
    for wave in platform.plan.waves:
        seen = read(wave.name)
        said = state_wave(platform, seen)
        lines.append(_line(seen, said))
        rows += _rows(seen, spans)
    table = make_table(
        "timeline",
        "When each cohort was extracted, loaded and last reconciled",
        ("Cohort", "Wave", "State", "Patients #", "First extract", "Loaded", "Reconciled"),
        rows,
        empty="No cohort is declared.",
        url="/timeline.csv",
    )
    return Overview(_headline(lines), tuple(lines), table, draw_timeline(table, zone))


ROWS = 100


def list_cohorts(timeline: Table, wave: str, first: int) -> Sheet:
    """The cohorts of a wave (of all, if it is empty), from that one on."""
    rows = tuple(row for row in timeline.rows if wave in ("", row[1].value))
    chosen = {"wave": wave} if wave else {}
    link = f"/cohorts?{urlencode({**chosen, 'from': first + ROWS})}"
    table = replace(cut(replace(timeline, rows=rows), ROWS, first=first, more=link), left=0)
    where = f" of wave {wave}" if wave else ""
    shown = f"From {first + 1:,} to {first + len(table.rows):,}." if len(rows) > ROWS else ""
    return Sheet(
        "cohorts",
        Headline("not-asked", f"{count_noun(len(rows), 'cohort')}{where}.", shown),
        (Part("Cohorts", table),),
        trail=(("/", "Waves"), *(((f"/waves/{wave}", wave),) if wave else ())),
    )


def read_spans(platform: Platform) -> dict[str, dict[str, Any]]:
    """Of each cohort: when it was first extracted, first and last loaded, last reconciled, and
    whether a stage runs now."""
    names = [c.name for c in platform.plan.cohorts]
    with platform.store.transaction() as connection:
        rows = connection.execute(
            "SELECT cohort, min(started_at) FILTER (WHERE stage = 'extract') AS extracted_at, "
            "max(ended_at) FILTER (WHERE stage = 'load' AND state = 'done') AS loaded_at, "
            "max(ended_at) FILTER (WHERE stage = 'reconcile' AND state = 'done') AS reconciled_at, "
            "count(*) FILTER (WHERE state = 'running' AND started_at > now() - interval '1 day')::int "
            "AS running FROM migration.stage_run WHERE cohort = ANY(%s) GROUP BY cohort",
            (names,),
        ).fetchall()
    return {row["cohort"]: dict(row) for row in rows}


def _line(seen: Evidence, said: WaveStatus) -> WaveLine:
    document = seen.document
    own = [c for c in document["cohorts"] if c["name"] != REFERENCE]
    state = document["state"]
    return WaveLine(
        name=seen.wave,
        shape=SHAPES[said.verdict],
        verdict=said.verdict,
        sentence=said.sentence,
        life=state["name"],
        since=datetime.fromisoformat(state["at"]) if state["at"] else None,
        cohorts=len(own),
        patients=sum(c["patients"] or 0 for c in own),
        live=sum(not c["missing_stages"] for c in own),
        waiting=sum(e["count"] for e in document["exceptions"] if e["cohort"] != REFERENCE),
        signed=len(state["promoted_on"])
        or sum(s["evidence_digest"] == document["digest"] for s in document["sign_offs"]),
        to_sign=len(document["criteria"]["sign_offs"]),
    )


def _rows(seen: Evidence, spans: Mapping[str, Mapping[str, Any]]) -> list[tuple[Any, ...]]:
    found = []
    for cohort in seen.document["cohorts"]:
        if cohort["name"] == REFERENCE:
            continue
        span = spans.get(cohort["name"], {})
        found.append(
            (
                Cell(cohort["name"], link=f"/cohorts/{cohort['name']}"),
                Cell(seen.wave, link=f"/waves/{seen.wave}"),
                _state(cohort, span),
                cohort["patients"],
                span.get("extracted_at"),
                span.get("loaded_at"),
                span.get("reconciled_at"),
            )
        )
    return found


def _state(cohort: Mapping[str, Any], span: Mapping[str, Any]) -> Cell:
    if span.get("running"):
        return Cell("running", "running")
    if len(cohort["missing_stages"]) == 4:
        return Cell("not run", "not-run")
    if cohort["missing_stages"]:
        return Cell("not finished", "not-run", note=", ".join(cohort["missing_stages"]))
    return Cell("live", "passed") if cohort["loaded"] else Cell("nothing loaded", "not-asked")


def _headline(lines: Sequence[WaveLine]) -> Headline:
    passed = sum(line.life in ("promoted", "completed") for line in lines)
    waiting = next((line for line in lines if line.life not in ("promoted", "completed")), None)
    live = sum(line.live for line in lines)
    rest = (
        f"{passed} of {count_noun(len(lines), 'wave')} promoted, {count_noun(live, 'cohort')} live "
        f"on the destination."
    )
    if waiting is None:
        return Headline("promoted", "Every wave is promoted.", rest)
    return Headline(waiting.shape, waiting.sentence, rest)
