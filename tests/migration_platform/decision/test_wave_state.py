"""Where a wave stands, from its decisions; which decisions that leaves."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from migration_platform.decision.decision import Decision
from migration_platform.decision.sign_off import find_missing, find_sign_offs
from migration_platform.decision.wave_state import EFFECTS, find_promotion, find_state, refuse

AT = datetime(2026, 11, 21, 12, tzinfo=UTC)


def log(*actions: str, **detail: Any) -> list[Decision]:
    """Decisions about the pilot. `sign` with the role in `detail` by its place."""
    return [
        Decision(n, "pilot", action, "Ada", "so", "e1", AT, "", "", detail.get(f"at{n}", {}))
        for n, action in enumerate(actions, 1)
    ]


@pytest.mark.parametrize(
    ("actions", "state"),
    [
        ((), "planned"),
        (("ready",), "planned"),
        (("open",), "open"),
        (("open", "sign", "hold"), "held"),
        (("open", "hold", "resume"), "open"),
        (("open", "promote"), "promoted"),
        (("open", "promote", "hold"), "held"),
        (("open", "promote", "hold", "resume"), "promoted"),
        (("open", "promote", "complete"), "completed"),
        (("open", "hold", "roll back"), "rolled back"),
        (("open", "promote", "roll back", "open"), "open"),
    ],
)
def test_the_state_follows_from_the_decisions(actions: tuple[str, ...], state: str) -> None:
    assert find_state(log(*actions), "pilot").name == state


def test_decisions_about_another_wave_do_not_count() -> None:
    assert find_state(log("open", "promote"), "active").name == "planned"


def test_a_cohort_that_was_rolled_back_alone_leaves_its_wave_where_it_is() -> None:
    entries = log("open", "hold", "roll back", at3={"cohort": "one"})

    assert find_state(entries, "pilot").name == "held"


@pytest.mark.parametrize(
    ("actions", "legal"),
    [
        ((), {"open", "ready"}),
        (("open",), {"hold", "promote", "roll back", "ready", "amend", "sign"}),
        (("open", "hold"), {"resume", "roll back", "ready", "amend"}),
        (("open", "promote"), {"hold", "complete", "roll back", "amend", "sign"}),
        (("open", "promote", "complete"), set()),
        (("open", "roll back"), {"open"}),
    ],
)
def test_each_state_has_its_legal_decisions_and_no_other(
    actions: tuple[str, ...], legal: set[str]
) -> None:
    state = find_state(log(*actions), "pilot")

    assert {action for action in EFFECTS if not refuse(state, "pilot", action)} == legal


def test_a_refusal_names_who_led_here_and_what_is_legal() -> None:
    state = find_state(log("open", "hold"), "pilot")

    said = refuse(state, "pilot", "promote")

    assert said.startswith("wave pilot is held (by Ada at 2026-11-21 12:00 UTC: so)")
    assert said.endswith("What may be decided now: resume, roll back, ready, amend.")
    final = find_state(log("open", "promote", "complete"), "pilot")
    assert refuse(final, "pilot", "hold").endswith("That is final.")


def test_a_promotion_counts_until_the_wave_is_held_or_rolled_back() -> None:
    assert find_promotion(log("open", "promote"), "pilot") is not None
    assert find_promotion(log("open", "promote", "complete"), "pilot") is not None
    assert find_promotion(log("open", "promote", "hold"), "pilot") is None
    assert find_promotion(log("open", "promote", "roll back", "open"), "pilot") is None


def test_a_sign_off_counts_until_the_next_move_or_amendment() -> None:
    role = {"role": "clinical lead"}

    def count(*actions: str) -> int:
        return len(find_sign_offs(log(*actions, at2=role), "pilot"))

    assert count("open", "sign") == 1
    assert count("open", "sign", "ready") == 1
    assert count("open", "sign", "hold", "resume") == 0
    assert count("open", "sign", "amend") == 0


def signed(*who: tuple[str, str, str]) -> list[str]:
    document = {
        "wave": "pilot",
        "digest": "d" * 64,
        "criteria": {"sign_offs": ["clinical lead", "operations lead"]},
        "sign_offs": [
            {"person": person, "role": role, "evidence_digest": digest * 64, "changed": ["it grew"]}
            for person, role, digest in who
        ],
    }
    return list(find_missing(document))


def test_two_people_in_the_roles_asked_for_on_this_very_evidence_suffice() -> None:
    assert signed(("Ada", "clinical lead", "d"), ("Bob", "operations lead", "d")) == []


def test_what_is_lacking_is_said() -> None:
    [both] = signed()
    assert both.startswith("not signed yet by the clinical lead and the operations lead")
    [one] = signed(("Ada", "clinical lead", "d"))
    assert one.startswith("not signed yet by the operations lead:")
    [other] = signed(("Ada", "clinical lead", "e"), ("Bob", "operations lead", "d"))
    assert other == (
        "the clinical lead signed other evidence (eeeeeeeeeeee, by Ada). Since then: it grew"
    )


def test_one_person_in_two_roles_is_one_person() -> None:
    [alone] = signed(("Ada", "clinical lead", "d"), ("Ada", "operations lead", "d"))

    assert alone.startswith("Ada alone has signed")


def test_a_role_that_nobody_asked_for_does_not_count() -> None:
    [lacking] = signed(("Ada", "clinical lead", "d"), ("Dana", "compliance", "d"))

    assert "operations lead" in lacking
