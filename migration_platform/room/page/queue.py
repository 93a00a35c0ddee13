"""Queue: the records that wait for a person, with owner and due time, filtered and paged in the store."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from migration_platform.errors import ConfigurationError
from migration_platform.platform import REFERENCE, Platform
from migration_platform.room.page.headline import Headline, count_noun
from migration_platform.room.page.picture import draw_ages, draw_volume
from migration_platform.room.page.sheet import Part, Sheet
from migration_platform.room.picture import Picture
from migration_platform.room.table import Cell, Table, make_table

ROWS = 50
FILTERS = ("wave", "cohort", "entity", "kind", "owner", "late")
COLUMNS = (
    "Record =", "Entity", "Cohort", "Why", "Field", "Kind", "Owner", "State", "Waits since", "Due",
)  # fmt: skip
ORDER = "due_at, cohort, entity, token, stage"


@dataclass(frozen=True, slots=True)
class QueuePage:
    """`chosen` is the filter as it is, `choices` what each of its parts may be."""

    sheet: Sheet
    chosen: Mapping[str, str]
    choices: Mapping[str, tuple[str, ...]]
    pictures: tuple[Picture, ...]


def describe_queue(
    platform: Platform,
    query: Mapping[str, str],
    counts: list[dict[str, Any]],
    ages: Sequence[int],
    volume: Sequence[tuple[str, int]],
) -> QueuePage:
    """A page of the queue. `counts` are all open exceptions by kind (`count_exceptions`), `ages` all
    of them by age (`read_ages`), `volume` how many there were by day (`read_volume`)."""
    chosen = {name: query.get(name, "") for name in FILTERS}
    rows, more = read_page(platform, chosen, query.get("after", ""))
    cohorts = _cohorts(platform, chosen)
    shown = [
        c
        for c in counts
        if (cohorts is None or c["cohort"] in cohorts)
        and all(not chosen[n] or c[n] == chosen[n] for n in ("entity", "kind", "owner"))
    ]
    waiting, now = sum(c["count"] for c in shown), datetime.now(UTC)
    late = any(c["due_at"] < now for c in shown)
    kept = {k: v for k, v in chosen.items() if v}
    link = f"/exceptions?{urlencode({**kept, 'after': more})}" if more else ""
    sentence = (
        f"{count_noun(waiting, 'record waits', 'records wait')} for a person"
        + (", some longer than agreed." if late else ", none longer than agreed.")
        if waiting
        else "No record waits for a person."
    )
    return QueuePage(
        Sheet(
            "exceptions",
            Headline("late" if late else "held" if waiting else "passed", sentence),
            (
                Part("At a glance", list_kinds(shown[:100], now)),
                Part("Records, the first due first", make_table(
                    "records", "By token; their values are on the record's own page",
                    COLUMNS, [_row(r, now) for r in rows],
                    empty="No record waits here.",
                    url=f"/exceptions.csv?{urlencode(kept)}", more=link)),
            ),
        ),
        chosen,
        {
            "wave": tuple(w.name for w in platform.plan.waves),
            "cohort": tuple(sorted({c["cohort"] for c in counts})),
            "entity": tuple(sorted({c["entity"] for c in counts})),
            "kind": tuple(sorted({c["kind"] for c in counts})),
            "owner": tuple(sorted({c["owner"] for c in counts})),
        },
        tuple(p for p in (draw_ages(ages), draw_volume(volume)) if p) if not kept else (),
    )  # fmt: skip


def list_kinds(counts: Sequence[Mapping[str, Any]], now: datetime) -> Table:
    """How many wait, for each cause."""
    return make_table(
        "kinds", "Volume and first due time of each kind",
        ("Why", "Kind", "Entity", "Field", "Owner", "Records #", "First due"),
        [(c["rule"], c["kind"], c["entity"], c["field"], c["owner"], c["count"],
          Cell(c["due_at"], "late" if c["due_at"] < now else "")) for c in counts],
        empty="Nothing waits.",
    )  # fmt: skip


def read_page(
    platform: Platform, chosen: Mapping[str, str], after: str
) -> tuple[list[dict[str, Any]], str]:
    """The next rows after a place in the queue, and the place after them (empty: there are no more)."""
    where, values = _condition(platform, chosen)
    if after:
        parts = after.split("~")
        if len(parts) != 5:
            raise ConfigurationError("this is no place in the queue: begin at its first page")
        where += f" AND ({ORDER}) > (%s::timestamptz, %s, %s, %s, %s)"
        values += parts
    with platform.store.transaction() as connection:
        rows = connection.execute(
            f"SELECT * FROM migration.exception WHERE {where} ORDER BY {ORDER} LIMIT {ROWS + 1}",
            values,
        ).fetchall()
    if len(rows) <= ROWS:
        return rows, ""
    last = rows[ROWS - 1]
    place = (last["due_at"].isoformat(), *(last[n] for n in ("cohort", "entity", "token", "stage")))
    return rows[:ROWS], "~".join(place)


def read_all(
    lend: Callable[[], AbstractContextManager[Platform]], chosen: Mapping[str, str]
) -> Iterator[tuple[Cell, ...]]:
    """Every row of a filtered queue, for a file: read as it is sent, after the request has ended, so
    on a platform that is lent for it."""
    now = datetime.now(UTC)
    with lend() as platform:
        where, values = _condition(platform, chosen)
        with platform.store.transaction() as connection, connection.cursor(name="queue") as cursor:
            cursor.itersize = 5000
            cursor.execute(
                f"SELECT * FROM migration.exception WHERE {where} ORDER BY {ORDER}", values
            )
            for row in cursor:
                yield tuple(c if isinstance(c, Cell) else Cell(c) for c in _row(row, now))


def _condition(platform: Platform, chosen: Mapping[str, str]) -> tuple[str, list[Any]]:
    where = "closed_at IS NULL"
    values: list[Any] = []
    cohorts = _cohorts(platform, chosen)
    if cohorts is not None:
        where += " AND cohort = ANY(%s)"
        values.append(cohorts)
    for name in ("entity", "kind", "owner"):
        if chosen.get(name):
            where += f" AND {name} = %s"
            values.append(chosen[name])
    if chosen.get("late"):
        where += " AND due_at < now()"
    return where, values


def _cohorts(platform: Platform, chosen: Mapping[str, str]) -> list[str] | None:
    if chosen.get("cohort"):
        return [chosen["cohort"]]
    if chosen.get("wave"):
        return [REFERENCE, *(c.name for c in platform.plan.wave(chosen["wave"]).cohorts)]
    return None


def _row(r: Mapping[str, Any], now: datetime) -> tuple[Any, ...]:
    late = r["due_at"] < now
    return (
        Cell(r["token"], link=f"/exceptions/{r['token']}"), r["entity"],
        Cell(r["cohort"], link=f"/cohorts/{r['cohort']}"), r["rule"], r["field"], r["kind"],
        r["owner"], Cell("late" if late else "in time", "late" if late else "not-run"),
        r["opened_at"], r["due_at"],
    )  # fmt: skip
