"""What changed between two documents, in words; a log that is not as it was written."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from migration_platform.decision.decision import Decision, chain, find_break
from migration_platform.decision.log_head import find_missing
from migration_platform.evidence.change import describe_changes, list_changes

AT = datetime(2026, 11, 21, 12, tzinfo=UTC)


def test_a_change_is_told_by_section_and_entry() -> None:
    line = {"cohort": "one", "entity": "visit", "loaded": 47, "matched": 47}
    before: dict[str, Any] = {
        "accounting": [line, {**line, "entity": "patient"}],
        "criteria": {"max_excepted_percent": 4.0, "sign_offs": ["a", "b"]},
        "exceptions": [{"cohort": "one", "entity": "visit", "rule": "no code", "count": 2}],
        "versions": {"code": "a" * 64},
    }
    after = {
        "accounting": [{**line, "loaded": 48, "matched": 48}, {**line, "entity": "patient"}],
        "criteria": {"max_excepted_percent": 9.0, "sign_offs": ["a", "b"]},
        "exceptions": [{"cohort": "one", "entity": "visit", "rule": "no file", "count": 2}],
        "versions": {"code": "b" * 64},
    }

    assert describe_changes(before, after) == [
        "accounting, one visit: loaded 47 → 48, matched 47 → 48",
        "criteria: max_excepted_percent 4.0 → 9.0",
        "exceptions, one visit no code: is gone",
        "exceptions, one visit no file: is new",
        "versions: code changed",
    ]


def test_nothing_changed_is_an_empty_list() -> None:
    assert describe_changes({"a": [1]}, {"a": [1]}) == []


def test_a_long_list_of_changes_is_cut_and_says_so() -> None:
    assert list_changes(["a", "b", "c"], most=2) == "\n  - a\n  - b\n  - and 1 more"


def log(number: int = 4) -> list[Decision]:
    entries: list[Decision] = []
    for n in range(1, number + 1):
        entries.append(
            chain(
                sequence=n,
                wave="pilot",
                action="ready",
                person="Ada",
                reason=f"item {n}",
                evidence_digest="",
                decided_at=AT,
                previous_hash=entries[-1].hash if entries else "",
                detail={"item": f"item-{n}"},
            )
        )
    return entries


def test_a_log_as_it_was_written_is_whole() -> None:
    assert find_break(log()) is None
    assert find_missing((4, log()[-1].hash), log()) is None


@pytest.mark.parametrize(
    "altered",
    [
        {"person": "Eve"},
        {"reason": "another"},
        {"action": "promote"},
        {"wave": "rest"},
        {"evidence_digest": "e"},
        {"detail": {"item": "item-9"}},
        {"detail": {}},
        {"decided_at": AT.replace(hour=13)},
    ],
)
def test_an_altered_entry_is_found_whatever_was_altered(altered: dict[str, Any]) -> None:
    entries = log()
    entries[1] = replace(entries[1], **altered)

    assert find_break(entries) == 2


def test_a_removed_an_exchanged_and_a_rewritten_entry_are_found() -> None:
    first, second, third, fourth = log()

    assert find_break([first, third, fourth]) == 2
    assert find_break([first, third, second, fourth]) == 2
    forged = chain(
        sequence=2, wave="pilot", action="promote", person="Eve", reason="so", evidence_digest="",
        decided_at=AT, previous_hash=first.hash,
    )  # fmt: skip
    assert find_break([first, forged, third, fourth]) == 3


def test_an_entry_removed_from_the_end_is_found_by_who_has_seen_it() -> None:
    entries = log()

    assert find_break(entries[:2]) is None
    assert find_missing((4, entries[-1].hash), entries[:2]) == 3
    assert find_missing(None, entries[:2]) is None


def test_a_log_written_anew_from_some_entry_on_is_found_by_who_has_seen_the_old_one() -> None:
    seen, other = log()[-1], log(3)
    other.append(
        chain(
            sequence=4, wave="pilot", action="promote", person="Eve", reason="so",
            evidence_digest="", decided_at=AT, previous_hash=other[-1].hash,
        )
    )  # fmt: skip

    assert find_break(other) is None
    assert find_missing((seen.sequence, seen.hash), other) == 4
