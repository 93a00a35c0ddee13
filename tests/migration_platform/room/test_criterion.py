"""Go or no-go, line by line: what was asked for, what was measured, of what."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from migration_platform.room.page.criterion import list_criteria

AT = datetime(2026, 11, 21, 12, tzinfo=UTC)


def document(**changes: Any) -> dict[str, Any]:
    """A wave of one cohort that is live: 4,000 records, 30 of them in the queue, none differing."""
    account = {
        "entity": "visit", "cohort": "one", "applicable": True, "extracted": 4000, "loaded": 3970,
        "archived": 0, "excluded": 0, "excepted": 30, "matched": 3970, "mismatched": 0,
        "missing": 0, "unexpected": 0,
    }  # fmt: skip
    whole: dict[str, Any] = {
        "wave": "pilot",
        "accounting": [account],
        "checks": [],
        "cohorts": [
            {"name": "one", "missing_stages": [], "reconciled_at": AT.isoformat(), "night": []}
        ],
        "exceptions": [
            {"cohort": "one", "kind": "waiting", "count": 30, "opened": AT.isoformat(),
             "due": [[AT.replace(day=22).isoformat(), 30]]}
        ],
        "metrics": [],
        "criteria": {
            "go": [], "triggers": [], "max_excepted_percent": 1, "max_unmapped_codes": 0,
            "freshness_hours": 24,
        },
    }  # fmt: skip
    whole["criteria"] |= changes
    return whole


def lines(found: Any) -> list[tuple[Any, ...]]:
    return [(*(c.value for c in row[:2]), row[2].value, row[2].note, row[3].value) for row in found]


def test_a_share_is_said_with_what_it_is_of_and_nothing_is_divided() -> None:
    go = {"measure": "open exceptions", "bound": "at_most_percent", "value": "0.5"}

    first = lines(list_criteria(document(go=[go]), AT).rows)[0]

    assert first == (
        "open exceptions", "at most 0.5 % of the records extracted", "30", "of 4,000", "no-go",
    )  # fmt: skip


def test_a_trigger_says_whether_it_is_clear_and_the_limits_of_the_wave_are_lines_too() -> None:
    trigger = {"measure": "differing records", "bound": "at_most_percent", "value": "0.1"}

    found = lines(list_criteria(document(triggers=[trigger]), AT).rows)

    assert [(line[0], line[4]) for line in found] == [
        ("differing records", "clear"),
        ("records in the exception queue", "go"),
        ("records with a code that no code map translates", "go"),
    ]


def test_a_trigger_of_a_wave_of_which_nothing_is_live_is_not_watched() -> None:
    trigger = {"measure": "differing records", "bound": "at_most_percent", "value": "0.1"}
    planned = document(triggers=[trigger])
    planned["cohorts"][0]["missing_stages"] = ["load"]

    assert lines(list_criteria(planned, AT).rows)[0][4] == "not watched"
