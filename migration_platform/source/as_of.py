"""As-of: the instant from which retention windows count back. Never the wall clock.

Stated in `waves.toml`, or else the day of the source's newest record. It is fixed for a cohort when
the cohort is frozen, so that running again archives the same records.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING

from migration_platform.errors import ConfigurationError
from migration_platform.source.inspection import Applicability

if TYPE_CHECKING:
    import psycopg

    from migration_platform.entity import Entity

FORMATS = ("%Y-%m-%d", "%m/%d/%Y", "%d-%b-%Y", "%Y")
WIDEST_GAP = timedelta(days=366)
"""Between the newest day with a record and the day before it, in a source that is in use."""

DAY = r"^\s*(\d{4}-\d\d-\d\d|\d\d/\d\d/\d{4}|\d\d-[A-Za-z]{3}-\d{4}|\d{4}$)"


def find_newest_record(
    source: psycopg.Connection,
    entities: Iterable[Entity],
    applicability: Mapping[str, Applicability],
) -> datetime | None:
    """The newest day among the records that retention rules date; None if there is no date at all."""
    from psycopg import sql  # only a cohort's first extract comes here

    days: set[date] = set()
    for entity in entities:
        judged = applicability[entity.name]
        if entity.retention is None or not judged.applicable:
            continue
        if not entity.retention.is_record_date:
            continue
        for column in entity.retention.since.columns:
            if column in judged.absent:
                continue
            rows = source.execute(
                sql.SQL("SELECT DISTINCT substring({c}::text FROM {d}) FROM {t}").format(
                    c=sql.Identifier(column),
                    d=sql.Literal(DAY),
                    t=sql.Identifier(entity.source.table),
                )
            ).fetchall()
            days.update(d for d in (_day(r[0]) for r in rows if r[0]) if d is not None)
    newest, *rest = [*sorted(days, reverse=True)[:2], None]
    if newest and rest[0] and newest - rest[0] > WIDEST_GAP:
        raise ConfigurationError(
            f"the source's newest record is of {newest:%Y-%m-%d}, and the one before it of "
            f"{rest[0]:%Y-%m-%d}: that looks like a mistyped date, and every retention window "
            "would count back from it. State as_of in waves.toml."
        )
    return None if newest is None else datetime(newest.year, newest.month, newest.day, tzinfo=UTC)


def months_before(instant: datetime, months: int) -> datetime:
    """The same day and time `months` earlier; the month's last day where that day does not exist."""
    year, month = divmod(instant.year * 12 + instant.month - 1 - months, 12)
    for day in range(instant.day, 27, -1):
        try:
            return instant.replace(year=year, month=month + 1, day=day)
        except ValueError:
            continue
    return instant.replace(year=year, month=month + 1)


# Columns and cohorts have most of their days in common.
@lru_cache(maxsize=1 << 16)
def _day(text: str) -> date | None:
    for form in FORMATS:
        try:
            return datetime.strptime(text, form).replace(tzinfo=UTC).date()
        except ValueError:
            continue
    return None
