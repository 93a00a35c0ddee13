"""Dossier: a wave's whole review as one self-contained file, for an auditor or a reviewer outside.

The same page data through the same templates as on the screen, and the evidence document inside: what
was read, what was exported and what was signed are one. No patient data: records appear as tokens.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from markupsafe import Markup

from migration_platform.evidence.evidence import Evidence, canonical
from migration_platform.exception.store import count_exceptions
from migration_platform.platform import REFERENCE, Platform
from migration_platform.room.page.cohort import describe_cohort, describe_differences
from migration_platform.room.page.headline import Headline
from migration_platform.room.page.queue import list_kinds
from migration_platform.room.page.record import describe_decisions
from migration_platform.room.page.sheet import Part, Sheet
from migration_platform.room.page.wave import describe_wave
from migration_platform.room.render import read_style, render


@dataclass(frozen=True, slots=True)
class Leaf:
    """A part of the file that is a page of its own in the room; `place` is its anchor."""

    place: str
    title: str
    headline: Headline
    parts: tuple[Part, ...]


def write_dossier(platform: Platform, seen: Evidence, zone: str = "UTC") -> str:
    """The file's text. Times are in that zone."""
    cohorts = [c["name"] for c in seen.document["cohorts"]]
    leaves, places = [], {}
    for cohort in cohorts:
        for url, title, sheet in (
            (f"/cohorts/{cohort}", f"Cohort {cohort}", describe_cohort(platform, cohort)),
            (f"/cohorts/{cohort}/differences", f"Differences in cohort {cohort}",
             describe_differences(platform, cohort)),
        ):  # fmt: skip
            leaves.append(_leaf(url, title, sheet))
            places[url] = f"#{leaves[-1].place}"
    url = f"/decisions?wave={seen.wave}"
    leaves += [
        _exceptions(platform, seen.wave, cohorts),
        _leaf(url, f"Decisions about wave {seen.wave}", describe_decisions(platform, seen.wave)),
    ]
    places |= {
        url: f"#{leaves[-1].place}",
        f"/exceptions?wave={seen.wave}": f"#{leaves[-2].place}",
    }
    return render(
        "dossier.html.j2",
        {
            "page": describe_wave(platform, seen),
            "sheets": leaves,
            "places": places,
            "zone": zone,
            "css": Markup(read_style()),
            "written_at": datetime.now(UTC),
            # `<` written otherwise is the same JSON, and no markup.
            "evidence": Markup(canonical(seen.document).replace("<", "\\u003c")),
        },
    )


def name_dossier(seen: Evidence) -> str:
    return f"{seen.wave}-{seen.digest[:12]}.html"


def _leaf(url: str, title: str, sheet: Sheet) -> Leaf:
    place = re.sub(r"[^a-z0-9]+", "-", url.lower()).strip("-")
    return Leaf(place, title, sheet.headline, sheet.parts)


def _exceptions(platform: Platform, wave: str, cohorts: list[str]) -> Leaf:
    counts = count_exceptions(platform.store, [REFERENCE, *cohorts])
    waiting = sum(c["count"] for c in counts)
    return Leaf(
        "exceptions",
        f"Exceptions of wave {wave}",
        Headline("held" if waiting else "passed", f"{waiting:,} open, by cause."),
        (Part("By cause", list_kinds(counts, datetime.now(UTC))),),
    )
