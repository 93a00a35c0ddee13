"""Exception case: all that is known of one record in the queue, and the queue at a glance.

Read from the platform store; values only where a person asks for them. What can be done about a
record stands in `resolution`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from migration_platform.duplicate.merging import describe_likeness
from migration_platform.errors import ConfigurationError
from migration_platform.exception.ruling import find_assignee, find_open_proposals, find_rulings
from migration_platform.exception.store import acts_on, exceptions_of
from migration_platform.platform import Platform


def describe_case(platform: Platform, token: str) -> dict[str, Any]:
    """Why a record waits or waited, the way out, and what people did about it.

    Raises ConfigurationError if the queue never had it.
    """
    rows, acts = exceptions_of(platform.store, token), acts_on(platform.store, token)
    if not rows and not acts:
        raise ConfigurationError(
            f"no record {token} is in the exception queue: `migration exceptions --records` lists them"
        )
    now = datetime.now(UTC)
    return {
        "token": token,
        "assignee": find_assignee(acts),
        "exceptions": [
            {
                **row,
                "overdue": row["closed_at"] is None and row["due_at"] < now,
                "columns": _columns(platform, row["entity"], row["field"]),
                "means": platform.kinds[row["kind"]].means if row["kind"] in platform.kinds else "",
                "path": platform.kinds[row["kind"]].path if row["kind"] in platform.kinds else "",
            }
            for row in rows
        ],
        "duplicates": describe_likeness(platform, token),
        "proposals": [a.number for a in find_open_proposals(acts)],
        "rulings": [
            {"number": r.number, "effect": r.effect, "about": r.about} for r in find_rulings(acts)
        ],
        "history": [
            {
                "number": a.number,
                "action": a.action,
                "person": a.person,
                "reason": a.reason,
                "detail": {k: v for k, v in a.detail.items() if k != "seal"},
                "at": a.acted_at,
            }
            for a in acts
        ],
    }


def read_values(platform: Platform, case: dict[str, Any]) -> dict[str, Any]:
    """The record's source columns, those of the records that may be the same person's, and the values
    behind its proposals and corrections: patient data, for whoever asks."""
    from migration_platform.source_record import (
        POPULATION,
        find_source_id,
        read_ruled,
        read_source,
    )

    home = case["exceptions"][0] if case["exceptions"] else None
    if home is None:
        return {"source": {}, "others": {}, "values": {}}
    cohort, entity = home["cohort"], home["entity"]
    source_id = find_source_id(platform, cohort, entity, case["token"])
    numbers = [
        *case["proposals"],
        *(r["number"] for r in case["rulings"] if r["effect"] == "correct"),
    ]
    others = {
        each["token"]: find_source_id(platform, POPULATION, entity, each["token"])
        for each in case["duplicates"]
    }
    return {
        "source": read_source(platform, cohort, entity, source_id),
        "others": {
            mark: read_source(platform, POPULATION, entity, name) for mark, name in others.items()
        },
        "values": {n: read_ruled(platform, cohort, entity, n) for n in numbers},
    }


def summarize(
    platform: Platform, groups: Sequence[dict[str, Any]], now: datetime
) -> list[dict[str, Any]]:
    """Volume and age of each kind, the longest queue first. `groups` as `Store.count_exceptions`."""
    found: dict[str, dict[str, Any]] = {}
    for group in groups:
        kind = found.setdefault(
            group["kind"],
            {"kind": group["kind"], "open": 0, "overdue": 0, "oldest_at": group["opened_at"]},
        )
        kind["open"] += group["count"]
        kind["overdue"] += group["overdue"]
        kind["oldest_at"] = min(kind["oldest_at"], group["opened_at"])
    for name, kind in found.items():
        declared = platform.kinds.get(name)
        kind["oldest_hours"] = round((now - kind["oldest_at"]).total_seconds() / 3600, 1)
        kind["hours"] = declared.hours if declared else None
        kind["path"] = declared.path if declared else ""
    return sorted(found.values(), key=lambda k: (-k["open"], k["kind"]))


def _columns(platform: Platform, entity: str, field: str) -> list[str]:
    """The source columns that the field in question is made of."""
    outline = platform.outlines.get(entity)
    fields = outline.fields if outline else ()
    return [c for f in fields if f.name == field for c in f.columns]
