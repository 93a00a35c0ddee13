"""The engine itself asks who may decide, by whichever front door somebody came in.

The people: Eve sponsors, Ada leads the clinic, Bob operations, Cleo technology; Dana is compliance.
"""

from __future__ import annotations

import pytest

from migration_platform.chart.review import judge_chart
from migration_platform.decision import move
from migration_platform.errors import GateClosedError
from migration_platform.platform import Platform
from migration_platform.rollback.cohort_rollback import roll_back
from migration_platform.rollback.wave_rollback import roll_back_all
from tests.migration_platform.stage.small_migration import destination
from tests.migration_platform.stage.small_migration import move as move_cohort

WORDS = {
    "open": "open a wave",
    "resume": "resume a wave",
    "amend": "amend what is sealed",
    "complete": "complete a wave",
    "promote": "promote a wave",
}


def refusals(platform: Platform, action: str, person: str) -> list[str]:
    """What of a decision's preconditions says that this person may not."""
    if action == "promote":
        planned, _ = move.plan_promotion(platform, "pilot", person=person)
    else:
        planned = move.plan_move(platform, "pilot", action, person=person)
    return [c.problem for c in planned.conditions if c.problem.startswith(f"{person} may not")]


@pytest.mark.parametrize("action", WORDS)
def test_whoever_decides_about_waves_may_and_compliance_may_not(
    platform: Platform, action: str
) -> None:
    move_cohort(platform)

    [refused] = refusals(platform, action, "Dana")

    assert refused.startswith(f"Dana may not {WORDS[action]}: that is for the executive sponsor or")
    for person in ("Eve", "Ada", "Bob", "Cleo"):
        assert refusals(platform, action, person) == []


def test_compliance_may_stop_a_wave_and_not_let_it_go_on(platform: Platform) -> None:
    move_cohort(platform)
    move.make_move(platform, "pilot", "hold", person="Dana", reason="complaints")

    with pytest.raises(GateClosedError, match="Dana may not resume a wave"):
        move.make_move(platform, "pilot", "resume", person="Dana", reason="settled")

    assert [(d.action, d.person) for d in platform.store.decisions()][1:] == [("hold", "Dana")]
    move.make_move(platform, "pilot", "resume", person="Bob", reason="settled")


def test_nobody_rolls_back_whose_roles_may_not(platform: Platform) -> None:
    move_cohort(platform)

    with pytest.raises(GateClosedError, match="Dana may not roll back"):
        roll_back_all(platform, ["one"], wave="pilot", person="Dana", reason="all of it")
    with pytest.raises(GateClosedError, match="Dana may not roll back"):
        roll_back(platform, ["one"], person="Dana", reason="this one")

    assert destination(platform, "SELECT count(*) FROM patient") == [(2,)]
    assert platform.store.read("SELECT FROM migration.rollback") == []


def test_charts_are_judged_by_the_clinical_lead_alone(platform: Platform) -> None:
    move_cohort(platform)

    for person in ("Eve", "Bob", "Cleo", "Dana"):
        with pytest.raises(GateClosedError, match=f"{person} may not judge a sample chart"):
            judge_chart(platform, "0" * 16, is_right=True, person=person, comment="")
