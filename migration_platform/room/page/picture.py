"""Pictures of the pages: cohorts over time, records by their end, exceptions by age, figures against
their baseline.

Descriptions from data that stands in a table of the same page. None where there is nothing to draw: an
empty picture says nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from migration_platform.platform import REFERENCE, Platform
from migration_platform.room.page.headline import count_noun
from migration_platform.room.picture import (
    ACCENT,
    BAD,
    GOOD,
    HELD,
    IDLE,
    INK,
    SOFT,
    Picture,
    draw,
)
from migration_platform.room.table import Cell, Table
from migration_platform.trigger.figure import read_figure

WIDTH = 640
MOST_ROWS = 40
"""More cohorts than these are drawn wave by wave, or not at all: a picture of 250 lines is none."""

ENDS = (("loaded", GOOD), ("archived", SOFT), ("excluded", IDLE), ("excepted", HELD))
SHARES = ("to 25 %", "to 50 %", "to 75 %", "to 100 %", "to 2 ×", "to 4 ×", "over 4 ×")
"""Ages, as a share of the time within which an exception is due."""
IN_TIME = 4

DAYS = 60


def draw_timeline(table: Table, zone: str) -> Picture | None:
    """Each cohort (of many cohorts each wave) from its first extract to its last reconciliation."""
    rows = [_span(row, zone) for row in table.rows if isinstance(row[4].value, datetime)]
    by = "cohort" if len(rows) <= MOST_ROWS else "wave"
    if not rows:
        return None
    axis = {
        "title": f"Time ({zone})", "labelOverlap": True, "tickCount": 6, "labelSeparation": 12,
        "format": _clock(rows),
    }  # fmt: skip
    y = {"field": by, "type": "nominal", "sort": None, "title": None}
    time = {"type": "temporal", "scale": {"type": "utc"}, "axis": axis}
    begin: dict[str, Any] = {"field": "from", **time}
    bars = {
        "mark": {"type": "bar", "height": 12, "cornerRadius": 2, "color": ACCENT, "opacity": 0.35},
        "encoding": {"y": y, "x": begin, "x2": {"field": "to"}},
    }
    loads = {
        "transform": [{"filter": "datum.loaded != null"}],
        "mark": {"type": "point", "shape": "diamond", "filled": True, "size": 90, "color": INK},
        "encoding": {"y": y, "x": {"field": "loaded", **time}},
    }
    states = {
        "mark": {"type": "text", "align": "left", "dx": 10},
        "encoding": {"y": y, "x": {"field": "to", **time}, "text": {"field": "state"}},
    }
    layers = [bars, loads, states] if by == "cohort" else [bars, loads]
    words = "; ".join(f"{r['cohort']}: {r['state']}" for r in rows[:MOST_ROWS])
    return draw(
        "timeline",
        "A bar from the first extract to the last reconciliation; a diamond where it was loaded",
        f"{count_noun(len(rows), 'cohort')} that began: {words}. Times are in the table below.",
        {"width": WIDTH, "data": {"values": rows}, "layer": layers, "height": {"step": 26}},
    )


def _span(row: Sequence[Cell], zone: str) -> dict[str, Any]:
    began = _there(row[4].value, zone)
    ends = [_there(cell.value, zone) for cell in row[4:7] if isinstance(cell.value, datetime)]
    loaded = _there(row[5].value, zone) if isinstance(row[5].value, datetime) else None
    return {
        "cohort": str(row[0].value), "wave": str(row[1].value), "state": str(row[2].value),
        "from": began, "loaded": loaded, "to": max(ends),
    }  # fmt: skip


def _clock(rows: Sequence[Mapping[str, Any]]) -> str:
    """How an instant on the axis is written: as finely as the time that it spans asks for."""
    first, last = min(r["from"] for r in rows), max(r["to"] for r in rows)
    span = datetime.fromisoformat(last) - datetime.fromisoformat(first)
    if span < timedelta(minutes=10):
        return "%H:%M:%S"
    return (
        "%H:%M"
        if span < timedelta(hours=20)
        else "%d %b %H:%M"
        if span < timedelta(days=4)
        else "%d %b"
    )


def _there(moment: Any, zone: str) -> str:
    """What clocks of that zone show: the axis takes it as it is."""
    return str(moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None).isoformat()) + "Z"


def draw_ends(accounts: Sequence[Mapping[str, Any]]) -> Picture | None:
    """The records extracted, by their end."""
    counted = [line for line in accounts if line["applicable"] and line["extracted"] is not None]
    if not counted or any(line[name] is None for line in counted for name, _ in ENDS):
        return None
    rows = [
        {"end": name, "records": (number := sum(line[name] for line in counted)),
         "label": f"{number:,}", "colour": colour}
        for name, colour in ENDS
    ]  # fmt: skip
    whole = sum(line["extracted"] for line in counted)
    y = {"field": "end", "type": "nominal", "sort": None, "title": None}
    x = {"field": "records", "type": "quantitative", "title": None, "axis": None}
    return draw(
        "ends",
        f"{whole:,} records extracted, by their end",
        ", ".join(f"{row['label']} {row['end']}" for row in rows) + f" of {whole:,} extracted.",
        {
            "width": WIDTH - 120, "height": {"step": 26}, "data": {"values": rows},
            "layer": [
                {"mark": {"type": "bar", "height": 14, "cornerRadius": 2},
                 "encoding": {"y": y, "x": x, "color": _own_colour()}},
                {"mark": {"type": "text", "align": "left", "dx": 6},
                 "encoding": {"y": y, "x": x, "text": {"field": "label"}}},
            ],
        },
    )  # fmt: skip


def _own_colour() -> dict[str, Any]:
    return {"field": "colour", "type": "nominal", "scale": None, "legend": None}


def read_ages(platform: Platform) -> list[int]:
    """Open exceptions by the share of their agreed time that has passed, as `SHARES`."""
    names = [REFERENCE, *(c.name for c in platform.plan.cohorts)]
    rows = platform.store.read(
        "SELECT width_bucket(extract(epoch FROM clock_timestamp() - opened_at)::float8 / "
        "greatest(extract(epoch FROM due_at - opened_at)::float8, 1), "
        "ARRAY[0.25, 0.5, 0.75, 1, 2, 4]::float8[]) AS share, count(*)::int AS count "
        "FROM migration.exception WHERE closed_at IS NULL AND cohort = ANY(%s) GROUP BY 1",
        (names,),
    )
    found = {row["share"]: row["count"] for row in rows}
    return [found.get(n, 0) for n in range(len(SHARES))]


def draw_ages(counts: Sequence[int]) -> Picture | None:
    """Open exceptions by age, against the time within which they are due."""
    if not any(counts):
        return None
    rows = [
        {"share": share, "records": n, "label": f"{n:,}", "colour": BAD if i >= IN_TIME else ACCENT}
        for i, (share, n) in enumerate(zip(SHARES, counts, strict=True))
    ]
    late = sum(counts[IN_TIME:])
    x = {
        "field": "share", "type": "nominal", "sort": None, "title": "age, as a share of the time agreed",
        "axis": {"labelAngle": 0},
    }  # fmt: skip
    y = {"field": "records", "type": "quantitative", "axis": None}
    due: dict[str, Any] = {
        "data": {"values": [{"share": SHARES[IN_TIME], "said": "due ▸"}]},
        "encoding": {"x": {**x, "bandPosition": 0}},
    }
    return draw(
        "ages",
        "Open exceptions by age; right of the line they are late",
        f"{sum(counts) - late:,} in time, {late:,} late: "
        + ", ".join(f"{row['label']} {row['share']}" for row in rows)
        + ".",
        {
            "width": WIDTH, "height": 150, "data": {"values": rows},
            "layer": [
                {"mark": {"type": "bar", "cornerRadius": 2}, "encoding":
                 {"x": x, "y": y, "color": _own_colour()}},
                {"mark": {"type": "text", "dy": -8}, "encoding":
                 {"x": x, "y": y, "text": {"field": "label"}}},
                {**due, "mark": {"type": "rule", "color": INK, "strokeDash": [4, 3]}},
                {**due, "mark": {"type": "text", "align": "right", "dx": -6, "baseline": "top"},
                 "encoding": {**due["encoding"], "y": {"value": 0}, "text": {"field": "said"}}},
            ],
        },
    )  # fmt: skip


def read_volume(platform: Platform) -> list[tuple[str, int]]:
    """How many exceptions were open at the end of each of the last days, as far as the queue knows:
    one that waits again counts from then on."""
    names = [REFERENCE, *(c.name for c in platform.plan.cohorts)]
    rows = platform.store.read(
        "SELECT day::date::text AS day, sum(change)::int AS change FROM ("
        "SELECT date_trunc('day', opened_at) AS day, count(*) AS change FROM migration.exception "
        "WHERE cohort = ANY(%s) GROUP BY 1 UNION ALL "
        "SELECT date_trunc('day', closed_at), -count(*) FROM migration.exception "
        "WHERE closed_at IS NOT NULL AND cohort = ANY(%s) GROUP BY 1) each GROUP BY 1 ORDER BY 1",
        (names, names),
    )
    open_now, found = 0, []
    for row in rows:
        open_now += row["change"]
        found.append((row["day"], open_now))
    return found[-DAYS:]


def draw_volume(days: Sequence[tuple[str, int]]) -> Picture | None:
    """Open exceptions by day. One day alone is no course of time."""
    if len(days) < 2:
        return None
    rows = [{"day": day, "open": number} for day, number in days]
    return draw(
        "volume",
        "Open exceptions at the end of each day (UTC) on which that changed",
        f"{days[0][1]:,} on {days[0][0]}, {days[-1][1]:,} on {days[-1][0]}.",
        {
            "width": WIDTH, "height": 110, "data": {"values": rows},
            "mark": {"type": "area", "interpolate": "step-after", "color": ACCENT, "opacity": 0.35,
                     "line": {"color": ACCENT}},
            "encoding": {
                "x": {"field": "day", "type": "temporal", "scale": {"type": "utc"},
                      "axis": {"title": None, "format": "%d %b", "tickCount": 6}},
                "y": {"field": "open", "type": "quantitative", "axis":
                      {"title": None, "tickCount": 3}},
            },
        },
    )  # fmt: skip


def draw_metrics(document: Mapping[str, Any]) -> tuple[Picture, ...]:
    """Each figure from operation by cohort, against its baseline, with the thresholds drawn."""
    names = list(dict.fromkeys(m["name"] for m in document["metrics"]))
    drawn = (_draw_metric(document, name) for name in names)
    return tuple(picture for picture in drawn if picture is not None)


def _draw_metric(document: Mapping[str, Any], name: str) -> Picture | None:
    own = [m for m in document["metrics"] if m["name"] == name]
    bounds = [
        ("no-go beyond" if kind == "go" else "rolls back beyond", threshold)
        for kind in ("go", "triggers")
        for threshold in document["criteria"][kind]
        if threshold["measure"] == name
    ]
    rows: list[dict[str, Any]] = []
    for m in own[:MOST_ROWS]:
        baseline = read_figure(m["baseline"])
        assert baseline.value is not None  # `criteria` takes no other
        base = float(baseline.value)
        rows.append({"cohort": m["cohort"], "what": "baseline", "at": base})
        for words, threshold in bounds:
            value = float(threshold["value"])
            bound = base * value / 100 if threshold["bound"].endswith("_percent") else value
            rows.append({"cohort": m["cohort"], "what": words, "at": bound})
        figure = read_figure(m["value"]) if m["value"] else None
        if figure is not None and figure.value is not None:
            rows.append({"cohort": m["cohort"], "what": "now", "at": float(figure.value)})
    said = "; ".join(
        f"{m['cohort']}: now {read_figure(m['value']).words if m['value'] else 'not recorded'}, "
        f"baseline {read_figure(m['baseline']).words}"
        for m in own[:MOST_ROWS]
    )
    shares = {"format": "~%"} if all("/" in m["baseline"] for m in own) else {}
    kinds = [k for k in FORMS if any(row["what"] == k for row in rows)]
    return draw(
        f"metric-{name.replace(' ', '-')}",
        f"{name.capitalize()}, by cohort",
        f"{said}.",
        {
            "width": WIDTH - 120, "height": {"step": 30}, "data": {"values": rows},
            "mark": {"type": "point", "filled": True, "size": 130, "opacity": 1},
            "encoding": {
                "y": {"field": "cohort", "type": "nominal", "sort": None, "title": None},
                "x": {"field": "at", "type": "quantitative", "title": None,
                      "scale": {"zero": True, "nice": True}, "axis": {"tickCount": 5, **shares}},
                "shape": {"field": "what", "type": "nominal", "scale":
                          {"domain": kinds, "range": [FORMS[k][0] for k in kinds]},
                          "legend": {"title": None, "orient": "bottom", "labelColor": INK,
                                     "labelFontSize": 12, "labelLimit": 200}},
                "color": {"field": "what", "type": "nominal", "scale":
                          {"domain": kinds, "range": [FORMS[k][1] for k in kinds]},
                          "legend": {"title": None, "orient": "bottom"}},
            },
        },
    )  # fmt: skip


FORMS = {
    "baseline": ("M-.12,-1H.12V1H-.12Z", SOFT),
    "no-go beyond": ("triangle-right", HELD),
    "rolls back beyond": ("cross", BAD),
    "now": ("circle", ACCENT),
}
"""The form and the colour of each point of a figure."""
