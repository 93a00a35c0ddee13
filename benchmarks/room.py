"""Room: how long the server takes for a page, with 250 cohorts and a million exceptions in the store.

One cohort is moved for real; what the store holds of it is then copied for 249 more, and exceptions are
made up. Times are the server's, without a network: the middle of several, and the first after a change.
"""

from __future__ import annotations

import shutil
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

import psycopg
from starlette.testclient import TestClient

from benchmarks.trial import ROOT, Trial, now, trial
from migration_platform.platform import Platform
from migration_platform.room.app import make_app, make_room
from migration_platform.room.route import WAYS
from migration_platform.room.server import warm
from migration_platform.room.session import begin_session
from migration_platform.server import embedded
from migration_platform.settings import Settings

COHORTS, EXCEPTIONS, TIMES = 250, 1_000_000, 20
PERSON = "Lena Fischer"
PAGES = {
    "all waves": "/",
    "a wave": "/waves/pilot",
    "a cohort": "/cohorts/c7",
    "the exceptions": "/exceptions",
    "one cohort's exceptions": "/exceptions?cohort=c7&entity=claim",
    "the decisions": "/decisions",
}

COPY = """
INSERT INTO migration.{table} ({columns}) SELECT {values}
FROM migration.{table} o CROSS JOIN generate_series(2, %s) AS n
WHERE o.cohort = 'c1'
"""

FROZEN = """
INSERT INTO migration.cohort (name, wave, place, patients, as_of)
SELECT 'c' || n, wave, place, patients, as_of
FROM migration.cohort CROSS JOIN generate_series(2, %s) AS n WHERE name = 'c1'
"""

MADE_UP = """
INSERT INTO migration.exception
    (entity, token, cohort, stage, kind, rule, field, owner, opened_at, due_at)
SELECT 'claim', lpad(to_hex(i), 16, '0'), 'c' || (1 + i %% {cohorts}), 'transform', 'untranslated',
    'rule ' || i / {cohorts} %% 10, 'field ' || i / {cohorts} %% 5, 'operations lead', opened_at,
    opened_at + interval '48 hours'
FROM generate_series(1, %s) AS i
CROSS JOIN LATERAL (SELECT now() - i %% {cohorts} * interval '15 min') AS run (opened_at)
"""
"""What one run of a cohort queues has one due time."""


def measure() -> dict[str, Any]:
    """Milliseconds of the server by page."""
    with trial(1_500, [5] * COHORTS) as made:
        shutil.copy(ROOT / "assets" / "people.toml", made.home)
        made.migration("run", "--cohort", "c1")
        made.migration("completeness", "--wave", "pilot")  # kept from the first look on
        fill(made)
        return ask(made)


def fill(made: Trial) -> None:
    """Make the store what it would be after 250 cohorts and a million exceptions."""
    server = embedded.ensure_running(made.home)
    with psycopg.connect(server.url("platform")) as connection:
        for table in ("stage_run", "check_outcome", "completeness"):
            names = [
                row[0]
                for row in connection.execute(
                    "SELECT column_name FROM information_schema.columns WHERE table_schema = "
                    "'migration' AND table_name = %s AND is_identity = 'NO'",
                    (table,),
                )
            ]
            values = ["'c' || n" if name == "cohort" else f"o.{name}" for name in names]
            connection.execute(
                COPY.format(table=table, columns=", ".join(names), values=", ".join(values)),
                (COHORTS,),
            )
        connection.execute(MADE_UP.format(cohorts=COHORTS), (EXCEPTIONS,))
        connection.execute("COMMIT")
        connection.autocommit = True
        connection.execute("VACUUM ANALYZE")
    with psycopg.connect(server.url("destination")) as connection:
        connection.execute(FROZEN, (COHORTS,))


def ask(made: Trial) -> dict[str, Any]:
    """Ask for each page as a person who is signed in."""
    settings = Settings.load(made.environment)
    room = make_room(settings, WAYS, lambda: Platform.open(settings))
    client = TestClient(make_app(room), base_url=settings.room_url, follow_redirects=False)
    with room.lender.lend() as platform:
        client.cookies.set("session", begin_session(platform.store, PERSON, None))
    figures: dict[str, Any] = {"cohorts": COHORTS, "exceptions": EXCEPTIONS}
    took, _ = timed(lambda: warm(room))
    figures["as the server starts (s)"] = round(took / 1000, 1)
    for name, url in PAGES.items():
        first, page = timed(lambda url=url: client.get(url))
        assert page.status_code == 200, (url, page.text[-500:])
        again = [timed(lambda url=url: client.get(url))[0] for _ in range(TIMES)]
        touch(made)
        changed = [timed(lambda url=url: client.get(url))[0]]
        while room.shelf.busy:  # what is put together behind the pages slows them down
            changed.append(timed(lambda url=url: client.get(url))[0])
            time.sleep(0.2)
        figures[name] = {
            "first (ms)": round(first),
            "middle (ms)": round(statistics.median(again)),
            "slowest (ms)": round(max(again)),
            "slowest after a change (ms)": round(max(changed)),
            "page (KB)": round(len(page.content) / 1024),
        }
        print(name, figures[name], file=sys.stderr, flush=True)
    room.shelf.forget()
    took, _ = timed(lambda: client.get(PAGES["a wave"]))
    figures["a wave after a decision about it (ms)"] = round(took)
    begun = now()
    while room.shelf.busy:
        time.sleep(0.05)
    figures["until it shows the decision (s)"] = round(now() - begun, 1)
    took, file = timed(lambda: client.get("/exceptions.csv"))
    figures["exceptions.csv"] = {"seconds": round(took / 1000, 1), "MB": len(file.content) >> 20}
    room.shelf.close()
    room.lender.close()
    return figures


def touch(made: Trial) -> None:
    """Something changes: an exception is closed."""
    server = embedded.ensure_running(made.home)
    with psycopg.connect(server.url("platform")) as connection:
        connection.execute(
            "UPDATE migration.exception SET closed_at = now() WHERE token = (SELECT token FROM "
            "migration.exception WHERE closed_at IS NULL LIMIT 1)"
        )


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    begun = now()
    found = work()
    return (now() - begun) * 1000, found
