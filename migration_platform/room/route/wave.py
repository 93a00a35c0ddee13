"""Routes of the pages about waves: the list, one wave, its tables as CSV, its evidence document."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from migration_platform.decision.right import Action
from migration_platform.errors import ConfigurationError
from migration_platform.evidence.evidence import Evidence, canonical
from migration_platform.platform import Platform
from migration_platform.room.app import Way
from migration_platform.room.dossier import name_dossier, write_dossier
from migration_platform.room.page.overview import Overview, describe_waves, list_cohorts
from migration_platform.room.page.progress import list_running
from migration_platform.room.page.wave import MOST_ROWS, WavePage, describe_wave, offer, shorten
from migration_platform.room.shelf import Freshness, Seen
from migration_platform.room.table import Table, cut, write_csv
from migration_platform.room.visit import Answer, File, Shown, Visit

BETWEEN: tuple[Action, ...] = ("run", "drill", "measure")

ORDER: tuple[Freshness, ...] = ("fresh", "renewing", "outdated")


def show_waves(visit: Visit) -> Answer:
    page, seen = _overview(visit)
    short = replace(page, timeline=cut(page.timeline, MOST_ROWS, more="/cohorts"))
    return Shown("waves.html.j2", {"page": short, **say_since(*seen)})


def show_cohorts(visit: Visit) -> Answer:
    """Every cohort, or those of a wave, a page at a time."""
    page, _ = _overview(visit)
    begin = visit.query.get("from", "0")
    first = int(begin) if begin.isdecimal() and len(begin) < 10 else 0
    sheet = list_cohorts(page.timeline, visit.query.get("wave", ""), first)
    return Shown("sheet.html.j2", {"page": sheet})


def _overview(visit: Visit) -> tuple[Overview, list[Seen[Evidence]]]:
    platform, shelf = visit.platform, visit.room.shelf
    seen = {w.name: shelf.evidence(platform, w.name) for w in platform.plan.waves}
    page = describe_waves(platform, lambda wave: seen[wave].value, visit.zone)
    return page, list(seen.values())


def say_since(*seen: Seen[Any]) -> dict[str, object]:
    """What a page says of the oldest that it rests on that is not as things are now."""
    worst = max((each.freshness for each in seen), key=ORDER.index)
    first = min(each.at for each in seen if worst == "fresh" or each.freshness != "fresh")
    return {"as_of": first, "freshness": worst}


def timeline_csv(visit: Visit) -> Answer:
    return give_csv([_overview(visit)[0].timeline], "timeline", "waves")


def show_wave(visit: Visit) -> Answer:
    platform, seen = visit.platform, _evidence(visit)
    full, short = visit.room.shelf.describe(seen.value, partial(describe, platform))
    current = seen.freshness != "outdated"
    page = offer(platform, short, seen.value, visit.person, current=current)
    names = [c.name for c in visit.platform.plan.wave(page.name).cohorts]
    values = {
        "page": page,
        "errand": visit.room.errands.running(page.name),
        "metrics": [f"{row[0].value}: {row[1].value}" for row in full.metrics.rows],
        "running": list_running(visit.platform, names),
        **{f"may_{action}": visit.may(action) for action in BETWEEN},
        **say_since(seen),
    }
    return Shown("wave.html.j2", values)


def describe(platform: Platform, seen: Evidence) -> tuple[WavePage, WavePage]:
    """All that there is to read of a wave, and what of it is on the screen."""
    page = describe_wave(platform, seen)
    return page, shorten(page)


def wave_csv(visit: Visit) -> Answer:
    page = describe_wave(visit.platform, _evidence(visit).value)
    return give_csv(page.tables, visit.path["table"], visit.path["wave"])


def evidence_json(visit: Visit) -> Answer:
    seen = _evidence(visit).value
    name = f"{seen.wave}-{seen.digest[:12]}.json"
    return File(canonical(seen.document), "application/json", name)


def dossier(visit: Visit) -> Answer:
    seen = _evidence(visit).value
    text = write_dossier(visit.platform, seen, visit.zone)
    return File(text, "text/html", name_dossier(seen))


def _evidence(visit: Visit) -> Seen[Evidence]:
    wave = visit.platform.plan.wave(visit.path["wave"]).name
    return visit.room.shelf.evidence(visit.platform, wave)


def give_csv(tables: Sequence[Table], name: str, of: str) -> File:
    """One of a page's tables as a file. Raises ConfigurationError naming those there are."""
    for table in tables:
        if table.name == name:
            rows = [*table.rows, *([table.total] if table.total else [])]
            return File("".join(write_csv(table.columns, rows)), "text/csv", f"{of}-{name}.csv")
    raise ConfigurationError(
        f"this page has no table '{name}'. It has: {', '.join(t.name for t in tables)}"
    )


WAYS = (
    Way("GET", "/", "read", show_waves),
    Way("GET", "/timeline.csv", "read", timeline_csv),
    Way("GET", "/cohorts", "read", show_cohorts),
    Way("GET", "/waves/{wave}", "read", show_wave),
    Way("GET", "/waves/{wave}/evidence.json", "read", evidence_json),
    Way("GET", "/waves/{wave}/dossier.html", "read", dossier),
    Way("GET", "/waves/{wave}/{table}.csv", "read", wave_csv),
)
