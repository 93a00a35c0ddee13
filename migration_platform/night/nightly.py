"""Nightly: look at every live cohort, judge the night, record it, and write its page.

The cohorts are looked at by whoever runs the night: `look` here from a terminal, or Dagster, a run
for each cohort. `judge` then reads what was recorded: what was not recorded was not looked at. A night
that nobody could record, because the store itself was away, is recorded as soon as it is back.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

from migration_platform import stage as stages
from migration_platform.cohort_reconciliation import read_reconciliation
from migration_platform.errors import ConfigurationError, MigrationError
from migration_platform.night.log import read_history, read_newest, record_nights
from migration_platform.night.night import (
    OUTCOMES,
    CohortNight,
    Finding,
    Night,
    begin_of,
    judge_cohort,
    night_of,
)
from migration_platform.platform import REFERENCE, Platform
from migration_platform.report import render_night_report, write_report
from migration_platform.source.change import SourceChange
from migration_platform.trigger.notice import Notice
from migration_platform.trigger.notifier import tell

SHOWN_NIGHTS = 14

TOLD = ("drift", "could not look")
"""Outcomes of a night of which the team's notifier is told."""


def look(
    platform: Platform, *, full: bool = False, progress: Callable[[str], None] = lambda what: None
) -> Night:
    """Reconcile every live cohort now, and judge that as the present night."""
    since = datetime.now(UTC)
    for cohort in _cohorts(platform):
        for entity in platform.cohort_entities(cohort):
            progress(f"{cohort}: {entity}")
            try:
                stages.reconcile(platform, cohort, entity, full=full)
            except ConfigurationError:
                break  # a platform that is away is so for the cohort's other entities too
            except Exception as error:
                # The stage has recorded that it failed, and `judge` reads that.
                progress(f"{cohort}: {entity} failed ({type(error).__name__})")
    return judge(platform, since=since, progress=progress)


def judge(
    platform: Platform,
    *,
    since: datetime | None = None,
    progress: Callable[[str], None] = lambda what: None,
) -> Night:
    """Judge the present night from what was recorded in it (or since an instant), record it, and
    write its page. Asks the source whether it changed."""
    now = datetime.now(UTC)
    night = night_of(now)
    since = since or begin_of(night)
    names = _cohorts(platform)
    newest = platform.store.latest_runs(names, done_only=False)
    judged = []
    for cohort in names:
        progress(f"{cohort}: the source")
        runs = [r for r in newest if r.cohort == cohort and r.stage == "reconcile"]
        found = read_reconciliation(platform, cohort)
        source = _ask_source(platform, cohort)
        judged.append(judge_cohort(found, runs, platform.cohort_entities(cohort), since, source))
    judged.sort(key=lambda c: OUTCOMES.index(c.outcome))
    _record_missed(platform, names, night, now)
    record_nights(platform.store, night, judged, now)
    path = platform.settings.reports / "nights" / f"{night}.html"
    result = Night(night, now, tuple(judged), str(path))
    history = read_history(platform.store, names, SHOWN_NIGHTS)
    write_report(path, render_night_report(result, history))
    if result.outcome in TOLD:
        tell(platform.store, platform.settings, _notice(result))
    return result


def _notice(night: Night) -> Notice:
    found = [c for c in night.cohorts if c.findings]
    return Notice(
        event="night",
        wave="",
        subject=night.looked_at.isoformat(timespec="seconds"),
        sentence=night.sentence,
        reasons=tuple(f"{c.cohort}: {f.said}" for c in found for f in c.findings),
        next=tuple(f"migration reconcile --cohort {c.cohort}" for c in found),
    )


def _cohorts(platform: Platform) -> list[str]:
    """The live cohorts, and the reference entities that they stand on.

    Raises MigrationError if there is none: a night that looked at nothing says nothing.
    """
    live = platform.live_cohorts()
    if not live:
        raise MigrationError(
            "no cohort is live on the destination yet, so there is no night to judge"
        )
    return [REFERENCE, *live]


def _ask_source(platform: Platform, cohort: str) -> list[SourceChange] | str:
    """The source's changes, or in words why it could not be asked."""
    try:
        return stages.look_at_source(platform, cohort)
    except MigrationError as error:
        return str(error).rstrip(".")
    except Exception as error:  # its text may quote a value
        return type(error).__name__


def _record_missed(platform: Platform, cohorts: list[str], night: date, now: datetime) -> None:
    """Nights between a cohort's last one and this, of which there is no record."""
    last = read_newest(platform.store, cohorts)
    said = Finding("unseen", "no look was recorded: the store, or what runs the night, was down")
    for cohort, before in last.items():
        day = before["night"] + timedelta(days=1)
        while day < night:
            record_nights(platform.store, day, [CohortNight(cohort, (said,))], now)
            day += timedelta(days=1)
