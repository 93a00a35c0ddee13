"""A waiver covers one cause in one cohort, for a while, and no more records than it was given for."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import pytest

from migration_platform.decision.decision import Decision, chain
from migration_platform.waiver.waiver import find_waiver, mark_waived, read_waivers, state_waiver

MAY, JUNE = datetime(2026, 5, 1, tzinfo=UTC), datetime(2026, 6, 1, tzinfo=UTC)
CLUSTER: dict[str, Any] = {
    "leg": "destination", "entity": "visit", "field": "note", "kind": "case: upper", "count": 3,
}  # fmt: skip
SCOPE: dict[str, Any] = {"cohort": "one", **CLUSTER, "until": JUNE}


def entry(sequence: int, action: str, reason: str) -> Decision:
    return chain(
        sequence=sequence, wave="pilot", action=action, person="Ada", reason=reason,
        evidence_digest="e", decided_at=MAY, previous_hash="",
    )  # fmt: skip


WAIVED = entry(1, "waive", f"{state_waiver(**SCOPE)}: agreed: the clinic writes it so")
ENDED = entry(2, "end waiver", "waiver 1: it is corrected")


def test_a_live_waiver_covers_its_cluster_and_nothing_else() -> None:
    waivers = read_waivers([WAIVED], [{"number": 1, **SCOPE}], {})

    found = find_waiver(waivers, "one", CLUSTER, MAY)

    assert found is not None
    assert (found.person, found.reason) == ("Ada", "agreed: the clinic writes it so")
    assert find_waiver(waivers, "two", CLUSTER, MAY) is None
    for other in ("leg", "entity", "field", "kind"):
        assert find_waiver(waivers, "one", {**CLUSTER, other: "other"}, MAY) is None


def test_a_difference_comes_back_when_its_cluster_grows_or_its_waiver_ends() -> None:
    live = read_waivers([WAIVED], [{"number": 1, **SCOPE}], {})
    ended = read_waivers([WAIVED, ENDED], [{"number": 1, **SCOPE}], {2: 1})

    assert find_waiver(live, "one", {**CLUSTER, "count": 4}, MAY) is None
    assert find_waiver(live, "one", {**CLUSTER, "count": 2}, MAY) is not None
    assert find_waiver(live, "one", CLUSTER, JUNE) is None
    assert find_waiver(ended, "one", CLUSTER, MAY) is None
    assert [w.state(MAY) for w in (*live, *ended)] == ["live", "ended"]
    assert live[0].state(JUNE) == "expired"


def test_a_waived_cluster_stays_a_cluster_and_says_by_whom() -> None:
    waivers = read_waivers([WAIVED], [{"number": 1, **SCOPE}], {})

    [marked] = mark_waived([CLUSTER], waivers, "one", MAY)
    [plain] = mark_waived([CLUSTER], [], "one", MAY)

    assert marked["count"] == 3
    assert marked["waived"]["person"] == "Ada"
    assert marked["waived"]["until"] == "2026-06-01T00:00:00+00:00"
    assert plain["waived"] is None


@pytest.mark.parametrize(
    "change",
    [
        {"count": 300},
        {"until": datetime(2030, 1, 1, tzinfo=UTC)},
        {"cohort": "two"},
        {"field": ""},
    ],
)
def test_a_waiver_stretched_behind_the_logs_back_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="not what the decision log says"):
        read_waivers([WAIVED], [{"number": 1, **SCOPE, **change}], {})


def test_a_waiver_or_an_end_that_is_gone_or_came_from_nowhere_is_refused() -> None:
    with pytest.raises(ValueError, match="not those of the decision log"):
        read_waivers([WAIVED, ENDED], [{"number": 1, **SCOPE}], {})
    with pytest.raises(ValueError, match="not those of the decision log"):
        read_waivers([WAIVED], [], {})
    with pytest.raises(ValueError, match="not those of the decision log"):
        read_waivers([], [{"number": 1, **SCOPE}], {})
    with pytest.raises(ValueError, match="the end of waiver 2"):
        read_waivers([WAIVED, ENDED], [{"number": 1, **SCOPE}], {2: 2})


def test_every_part_of_a_waiver_stands_in_its_log_entry() -> None:
    said = state_waiver(**SCOPE)

    assert said == (
        "3 case: upper in visit.note of cohort one (destination), until 2026-06-01T00:00:00+00:00"
    )
    assert asdict(WAIVED)["reason"].startswith(said)
