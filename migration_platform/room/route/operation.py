"""Routes of what is done for a wave between decisions: running it, rehearsing, recording figures.

A run, a drill and a search for duplicates take a while and go on by themselves (`errand`). Whether a cohort may load is decided
by the gate, whoever starts it.
"""

from __future__ import annotations

from datetime import UTC, datetime

from migration_platform.errors import ConfigurationError
from migration_platform.room.app import Way
from migration_platform.room.page.duplicate import describe_duplicates
from migration_platform.room.route.wave import give_csv
from migration_platform.room.visit import Answer, Moved, Shown, Visit
from migration_platform.trigger.measurement import Measurement, parse_measurements, read_measurement
from migration_platform.trigger.metric_log import name_metrics, record_measurements

MOST_PAIRS = 200
"""On the page; the CSV file has them all."""


def run_wave(visit: Visit) -> Answer:
    wave = visit.platform.plan.wave(visit.path["wave"])
    names = [c.name for c in wave.cohorts]
    errand = visit.room.errands.run(visit.platform, wave.name, names, visit.person)
    return Moved(f"/errands/{errand}")


def run_cohort(visit: Visit) -> Answer:
    cohort = visit.platform.plan.cohort(visit.path["cohort"])
    errand = visit.room.errands.run(visit.platform, cohort.wave, [cohort.name], visit.person)
    return Moved(f"/errands/{errand}")


def drill_wave(visit: Visit) -> Answer:
    wave = visit.platform.plan.wave(visit.path["wave"])
    names = [c.name for c in wave.cohorts if not c.orphans]
    return Moved(f"/errands/{visit.room.errands.drill(wave.name, names, visit.person)}")


def drill_cohort(visit: Visit) -> Answer:
    cohort = visit.platform.plan.cohort(visit.path["cohort"])
    errand = visit.room.errands.drill(cohort.wave, [cohort.name], visit.person)
    return Moved(f"/errands/{errand}")


def show_duplicates(visit: Visit) -> Answer:
    values = {
        "page": describe_duplicates(visit.platform, MOST_PAIRS),
        "errand": visit.room.errands.running(""),
        "may_search": visit.may("search"),
        "lack": visit.lack("search"),
    }
    return Shown("duplicates.html.j2", values)


def propose_pair(visit: Visit) -> Answer:
    from migration_platform.duplicate import pairing

    act = pairing.propose_pair(
        visit.platform, visit.said("record"), other=visit.said("other"), person=visit.person,
        reason=visit.said("reason"),
    )  # fmt: skip
    visit.room.shelf.forget()
    return Moved(f"/exceptions/{act.token}")


def duplicates_csv(visit: Visit) -> Answer:
    page = describe_duplicates(visit.platform)
    return give_csv(page.tables, visit.path["table"], "duplicates")


def search_duplicates(visit: Visit) -> Answer:
    return Moved(f"/errands/{visit.room.errands.search(visit.person)}")


def record_figure(visit: Visit) -> Answer:
    """One figure of one cohort, as of now."""
    wave = visit.platform.plan.wave(visit.path["wave"])
    now = datetime.now(UTC)
    cohort, _, name = visit.said("metric").partition(": ")
    row = {
        "cohort": cohort, "metric": name, "value": visit.said("figure"),
        "measured_at": now.isoformat(),
    }  # fmt: skip
    try:
        found = read_measurement(row, name_metrics(visit.platform), now)
    except ValueError as error:
        raise ConfigurationError(f"the figure was not recorded: {error}") from None
    return _record(visit, wave.name, [found])


def import_figures(visit: Visit) -> Answer:
    """The figures of a CSV text, all or none."""
    wave = visit.platform.plan.wave(visit.path["wave"])
    found = parse_measurements(
        "the text", visit.said("csv"), name_metrics(visit.platform), datetime.now(UTC)
    )
    return _record(visit, wave.name, found)


def _record(visit: Visit, wave: str, found: list[Measurement]) -> Answer:
    record_measurements(visit.platform.store, found, visit.person)
    visit.room.shelf.forget()
    return Moved(f"/waves/{wave}#metrics")


WAYS = (
    Way("POST", "/waves/{wave}/run", "run", run_wave),
    Way("POST", "/cohorts/{cohort}/run", "run", run_cohort),
    Way("POST", "/waves/{wave}/drill", "drill", drill_wave),
    Way("POST", "/cohorts/{cohort}/drill", "drill", drill_cohort),
    Way("GET", "/duplicates", "read", show_duplicates),
    Way("GET", "/duplicates/{table}.csv", "read", duplicates_csv),
    Way("POST", "/duplicates", "search", search_duplicates),
    Way("POST", "/duplicates/pairs", "work", propose_pair),
    Way("POST", "/waves/{wave}/figure", "measure", record_figure),
    Way("POST", "/waves/{wave}/figures", "measure", import_figures),
)
