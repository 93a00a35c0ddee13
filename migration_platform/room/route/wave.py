"""Routes of the pages about waves: the list, one wave, its tables as CSV, its evidence document."""

from __future__ import annotations

from collections.abc import Sequence

from migration_platform.errors import ConfigurationError
from migration_platform.evidence import canonical
from migration_platform.right import Action
from migration_platform.room.app import Way
from migration_platform.room.dossier import name_dossier, write_dossier
from migration_platform.room.page.overview import Overview, describe_waves
from migration_platform.room.page.progress import list_running
from migration_platform.room.page.wave import WavePage, describe_wave
from migration_platform.room.table import Table, write_csv
from migration_platform.room.visit import Answer, File, Shown, Visit

BETWEEN: tuple[Action, ...] = ("run", "drill", "measure")


def show_waves(visit: Visit) -> Answer:
    return Shown("waves.html.j2", {"page": _overview(visit)})


def _overview(visit: Visit) -> Overview:
    shelf = visit.room.shelf
    return describe_waves(
        visit.platform, lambda wave: shelf.evidence(visit.platform, wave), visit.zone
    )


def timeline_csv(visit: Visit) -> Answer:
    return give_csv([_overview(visit).timeline], "timeline", "waves")


def show_wave(visit: Visit) -> Answer:
    page = read_wave(visit)
    names = [c.name for c in visit.platform.plan.wave(page.name).cohorts]
    values = {
        "page": page,
        "errand": visit.room.errands.running(page.name),
        "running": list_running(visit.platform, names),
        **{f"may_{action}": visit.may(action) for action in BETWEEN},
    }
    return Shown("wave.html.j2", values)


def read_wave(visit: Visit) -> WavePage:
    wave = visit.platform.plan.wave(visit.path["wave"]).name
    seen = visit.room.shelf.evidence(visit.platform, wave)
    return describe_wave(visit.platform, seen, visit.person)


def wave_csv(visit: Visit) -> Answer:
    return give_csv(read_wave(visit).tables, visit.path["table"], visit.path["wave"])


def evidence_json(visit: Visit) -> Answer:
    wave = visit.platform.plan.wave(visit.path["wave"]).name
    seen = visit.room.shelf.evidence(visit.platform, wave)
    return File(canonical(seen.document), "application/json", f"{wave}-{seen.digest[:12]}.json")


def dossier(visit: Visit) -> Answer:
    wave = visit.platform.plan.wave(visit.path["wave"]).name
    seen = visit.room.shelf.evidence(visit.platform, wave)
    text = write_dossier(visit.platform, seen, visit.zone)
    return File(text, "text/html", name_dossier(seen))


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
    Way("GET", "/waves/{wave}", "read", show_wave),
    Way("GET", "/waves/{wave}/evidence.json", "read", evidence_json),
    Way("GET", "/waves/{wave}/dossier.html", "read", dossier),
    Way("GET", "/waves/{wave}/{table}.csv", "read", wave_csv),
)
