"""Routes of the pages to read: cohorts, exceptions, decisions, drills, nights, looks, the mapping."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from migration_platform.exception.store import count_exceptions
from migration_platform.ledger import account_for
from migration_platform.platform import REFERENCE, Platform
from migration_platform.report.expectation_report import describe_report
from migration_platform.room.app import Way
from migration_platform.room.page.cohort import (
    describe_cohort,
    describe_differences,
    describe_entity,
    name_cohort,
)
from migration_platform.room.page.picture import read_ages, read_volume
from migration_platform.room.page.queue import COLUMNS, FILTERS, describe_queue, read_all
from migration_platform.room.page.record import (
    describe_decisions,
    describe_drills,
    describe_mapping,
    describe_nights,
    describe_views,
)
from migration_platform.room.page.sheet import Sheet
from migration_platform.room.route.wave import give_csv, say_since
from migration_platform.room.table import make_table, write_csv
from migration_platform.room.visit import Answer, File, Shown, Visit

Read = Callable[[Visit], Sheet]


def _shown(read: Read) -> Callable[[Visit], Answer]:
    return lambda visit: Shown("sheet.html.j2", {"page": read(visit)})


def _csv(read: Read) -> Callable[[Visit], Answer]:
    def give(visit: Visit) -> Answer:
        sheet = read(visit)
        return give_csv(sheet.tables, visit.path["table"], sheet.here)

    return give


def _cohort(visit: Visit) -> Sheet:
    return describe_cohort(visit.platform, visit.path["cohort"])


def _differences(visit: Visit) -> Sheet:
    return describe_differences(visit.platform, visit.path["cohort"])


def _entity(visit: Visit) -> Sheet:
    return describe_entity(visit.platform, visit.path["cohort"], visit.path["entity"])


def _decisions(visit: Visit) -> Sheet:
    return describe_decisions(visit.platform, visit.query.get("wave", ""))


def _mapping(visit: Visit) -> Sheet:
    return describe_mapping(visit.platform, visit.path.get("entity", ""))


def _drills(visit: Visit) -> Sheet:
    return describe_drills(visit.platform)


def _nights(visit: Visit) -> Sheet:
    return describe_nights(visit.platform)


def _views(visit: Visit) -> Sheet:
    return describe_views(visit.platform)


def show_cohort(visit: Visit) -> Answer:
    page = _cohort(visit)
    moves = page.here != REFERENCE
    values = {
        "page": page,
        "may_run": moves and visit.may("run"),
        "may_drill": moves and visit.may("drill"),
    }
    return Shown("cohort.html.j2", values)


def show_expectations(visit: Visit) -> Answer:
    """The expectation report, as it would be written now, within the room."""
    platform, cohort = visit.platform, name_cohort(visit.platform, visit.path["cohort"])
    wave = REFERENCE if cohort == REFERENCE else platform.plan.wave_of(cohort).name
    values = describe_report(
        cohort,
        wave,
        platform.store.check_outcomes([cohort]),
        {a.entity: a.reason for a in account_for(platform, [cohort]) if not a.applicable},
        datetime.now(UTC),
        {},
    )
    return Shown("expectations.html.j2", values)


def _count(platform: Platform) -> list[dict[str, Any]]:
    names = [REFERENCE, *(c.name for c in platform.plan.cohorts)]
    return count_exceptions(platform.store, names)


SHELVED: Mapping[tuple[str, ...], Callable[[Platform], Any]] = {
    ("exceptions",): _count,
    ("ages",): read_ages,
    ("volume",): read_volume,
}
"""What the queue's page shows of all exceptions: of a million it takes a second."""


def show_queue(visit: Visit) -> Answer:
    platform = visit.platform
    counts, ages, volume = (
        visit.room.shelf.read(platform, name, make) for name, make in SHELVED.items()
    )
    page = describe_queue(platform, visit.query, counts.value, ages.value, volume.value)
    return Shown("exceptions.html.j2", {"queue": page, **say_since(counts, ages, volume)})


def queue_csv(visit: Visit) -> Answer:
    chosen = {name: visit.query.get(name, "") for name in FILTERS}
    columns = make_table("", "", COLUMNS, [], empty="").columns
    return File(
        write_csv(columns, read_all(visit.room.lender.lend, chosen)), "text/csv", "exceptions.csv"
    )  # fmt: skip


WAYS = (
    Way("GET", "/cohorts/{cohort}", "read", show_cohort),
    Way("GET", "/cohorts/{cohort}/expectations", "read", show_expectations),
    Way("GET", "/cohorts/{cohort}/differences", "read", _shown(_differences)),
    Way("GET", "/cohorts/{cohort}/differences/{table}.csv", "read", _csv(_differences)),
    Way("GET", "/cohorts/{cohort}/{table}.csv", "read", _csv(_cohort)),
    Way("GET", "/cohorts/{cohort}/{entity}", "read", _shown(_entity)),
    Way("GET", "/cohorts/{cohort}/{entity}/{table}.csv", "read", _csv(_entity)),
    Way("GET", "/exceptions", "read", show_queue),
    Way("GET", "/exceptions.csv", "read", queue_csv),
    Way("GET", "/decisions", "read", _shown(_decisions)),
    Way("GET", "/decisions/{table}.csv", "read", _csv(_decisions)),
    Way("GET", "/drills", "read", _shown(_drills)),
    Way("GET", "/drills.csv", "read", lambda v: give_csv(_drills(v).tables, "drills", "all")),
    Way("GET", "/nights", "read", _shown(_nights)),
    Way("GET", "/nights/{table}.csv", "read", _csv(_nights)),
    Way("GET", "/mapping", "read", _shown(_mapping)),
    Way("GET", "/mapping/table/{table}.csv", "read", _csv(_mapping)),
    Way("GET", "/mapping/{entity}", "read", _shown(_mapping)),
    Way("GET", "/mapping/{entity}/{table}.csv", "read", _csv(_mapping)),
    Way("GET", "/views", "see views", _shown(_views)),
    Way("GET", "/views/{table}.csv", "see views", _csv(_views)),
)
