"""Picture: what people would rather look at than read, as SVG that stands in the page itself.

Vega-Lite draws it, from a description that is plain data (`page.picture`). It takes its colours from the
page's own style, so that it is right in the dark and on paper; each shape says in words or by its form
what its colour says too.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from threading import Lock
from typing import Any

INK, SOFT, LINE = "var(--ink)", "var(--ink-soft)", "var(--line)"
GOOD, HELD, BAD, ACCENT, IDLE = (
    "var(--good)", "var(--held)", "var(--bad)", "var(--accent)", "var(--idle)",
)  # fmt: skip

STYLE = {
    "background": None,
    "font": "inherit",
    "view": {"stroke": None},
    "axis": {
        "labelColor": SOFT, "titleColor": SOFT, "titleFontWeight": "normal", "gridColor": LINE,
        "domainColor": LINE, "tickColor": LINE, "labelFontSize": 12, "titleFontSize": 12,
        "labelLimit": 220,
    },
    "text": {"color": INK, "fontSize": 12},
}  # fmt: skip

_LOCK = Lock()


@dataclass(frozen=True, slots=True)
class Picture:
    """`words` say what it shows to who does not see it; `svg` is markup made here, of nobody's text
    but names of cohorts, kinds and figures, escaped."""

    name: str
    title: str
    words: str
    svg: str


def draw(name: str, title: str, words: str, described: Mapping[str, Any]) -> Picture:
    """Draw what a Vega-Lite description describes."""
    whole = {"$schema": "https://vega.github.io/schema/vega-lite/v5.json", "config": STYLE}
    return Picture(name, title, words, _draw(json.dumps({**whole, **described}, sort_keys=True)))


def get_ready() -> None:
    """Load what draws, before somebody waits for it."""
    draw(
        "",
        "",
        "",
        {"data": {"values": [{"x": 1}]}, "mark": "bar", "encoding": {"x": {"field": "x"}}},
    )


@lru_cache(maxsize=256)
def _draw(description: str) -> str:
    """The same description is the same picture: it is drawn once."""
    import vl_convert  # takes a moment, and the pages without pictures need it not

    with _LOCK:
        return str(vl_convert.vegalite_to_svg(description))
