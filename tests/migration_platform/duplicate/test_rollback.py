"""Rollback and drill of cohorts whose charts moved as patients of another cohort."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from migration_platform.decision.move import make_move
from migration_platform.errors import MigrationError
from migration_platform.platform import Platform
from migration_platform.rollback import cohort_rollback as rollback
from migration_platform.rollback.cohort_rollback import ACTION, Rollback, roll_back
from migration_platform.rollback.drill import drill
from migration_platform.rollback.record import find_running
from migration_platform.rollback.wave_rollback import roll_back_all
from tests.migration_platform.duplicate.clinic import digest, merge, move, search
from tests.migration_platform.stage.small_migration import destination, source


@pytest.fixture
def merged(platform: Platform) -> Platform:
    """A chart of cohort one that moved as a patient of cohort two, and one within cohort one."""
    move(platform)
    search(platform)
    merge(platform, "ben-2", "ben-1")
    merge(platform, "anna-2", "anna-1")
    move(platform, "one")
    return platform


@pytest.fixture
def entwined(platform: Platform) -> Platform:
    """Each cohort has a chart that moved as a patient of the other."""
    source(platform.settings, """UPDATE people SET "STATE" = 'TX' WHERE "Id" = 'anna-2'""")
    move(platform)
    search(platform)
    merge(platform, "ben-2", "ben-1")
    merge(platform, "anna-2", "anna-1")
    move(platform)
    return platform


def test_a_cohort_is_drilled_whose_charts_hang_on_patients_of_another(merged: Platform) -> None:
    before = digest(merged)

    result = drill(merged, "one")

    assert result.passed is True
    assert digest(merged) == before


def test_a_survivors_cohort_is_rolled_back_after_the_charts_that_hang_on_it(
    merged: Platform,
) -> None:
    before = digest(merged)

    with pytest.raises(MigrationError, match="roll one back first"):
        roll_back(merged, ["two"], person="Ada", reason="tried")
    assert digest(merged) == before
    roll_back(merged, ["one"], person="Ada", reason="tried")
    roll_back(merged, ["two"], person="Ada", reason="tried")
    move(merged, "two", "one")

    assert digest(merged) == before


def loaded_of(platform: Platform, cohort: str) -> dict[str, int]:
    """How many records of each entity the crosswalk says a cohort has at the destination."""
    return dict(
        destination(
            platform,
            "SELECT entity, count(*) FROM migration.crosswalk WHERE fingerprint IS NOT NULL "
            f"AND cohort = '{cohort}' GROUP BY entity",
        )
    )


def test_a_wave_is_rolled_back_whose_cohorts_hang_on_each_other(entwined: Platform) -> None:
    before = digest(entwined)
    loaded = {cohort: loaded_of(entwined, cohort) for cohort in ("one", "two")}
    note = "UPDATE visit SET note = note || ', called' WHERE note IN ('seen anna-2', 'seen ben-2')"
    destination(entwined, note)

    planned = roll_back_all(
        entwined, ["one", "two"], wave="pilot", person="Ada", reason="", dry_run=True
    )
    done = roll_back_all(entwined, ["one", "two"], wave="pilot", person="Ada", reason="logins fail")

    assert {each.cohort: each.removed for each in done} == loaded
    assert [(each.cohort, each.removed, each.refusals) for each in planned] == [
        (each.cohort, each.removed, ()) for each in done
    ]
    assert not any(each.made for each in done)  # what hangs there is another cohort's, and no write
    for each, chart in zip(done, ("anna-2", "ben-2"), strict=True):  # cohort two first
        assert [(w.entity, w.field, w.kind, w.count) for w in each.writes] == [
            ("visit", "note", "changed", 1)
        ]
        assert f"seen {chart}, called" in Path(str(each.file)).read_text()
    assert [row for table in ("patient", "visit", "result") for row in
            destination(entwined, f"SELECT FROM {table}")] == []  # fmt: skip
    assert find_running(entwined.store, ["one", "two"]) == []
    decided = [(d.action, d.detail.get("cohort")) for d in entwined.store.decisions()]
    assert decided[-3:] == [("roll back", "two"), ("roll back", "one"), ("roll back", None)]

    make_move(entwined, "pilot", "open", person="Ada", reason="put right")
    move(entwined, "one", "two", "one")
    assert digest(entwined) == before


def test_cohorts_that_hang_on_each_other_go_together_or_not_at_all(entwined: Platform) -> None:
    before = digest(entwined)

    for cohort, other in (("one", "two"), ("two", "one")):
        with pytest.raises(MigrationError, match=f"roll {other} back first, or together with it"):
            roll_back(entwined, [cohort], person="Ada", reason="tried")
    assert digest(entwined) == before
    named_twice = ["one", "two", "two", "one"]
    done = roll_back_all(entwined, named_twice, person="Ada", reason="tried")
    assert [each.cohort for each in done] == ["two", "one"]
    assert destination(entwined, "SELECT FROM patient") == []


def test_a_wave_stopped_after_the_commit_of_several_is_ended_by_the_next_command(
    entwined: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended = []

    def stop(*words: Any, **named: Any) -> Any:
        ended.append(words[3])
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr(rollback, "put_documents_right", stop)
        with pytest.raises(KeyboardInterrupt):
            roll_back_all(entwined, ["one", "two"], wave="pilot", person="Ada", reason="tried")
    assert ended == ["two"]
    assert destination(entwined, "SELECT FROM patient") == []
    assert len(find_running(entwined.store, ["one", "two"])) == 2

    roll_back_all(entwined, ["one", "two"], wave="pilot", person="Ada", reason="tried")

    assert find_running(entwined.store, ["one", "two"]) == []
    decided = [d.detail.get("cohort") for d in entwined.store.decisions() if d.action == ACTION]
    assert sorted(decided[:2]) == ["one", "two"]
    assert decided[2:] == [None]


def test_what_hangs_on_both_is_removed_only_with_both(platform: Platform) -> None:
    move(platform)
    destination(
        platform,
        "INSERT INTO result SELECT gen_random_uuid(), p.id, v.id, 'made there' FROM patient p, visit v "
        "WHERE p.national_id = '900-02' AND v.note = 'seen anna-1'",
    )

    with pytest.raises(MigrationError, match="1 rows of result made at the destination hang on"):
        take_back(platform, "one")
    two, one = take_back(platform, "two", "one")

    assert [(w.entity, w.kind, w.count) for w in (*two.writes, *one.writes)] == [
        ("result", "made", 1)
    ]
    assert destination(platform, "SELECT FROM result") == []


def take_back(platform: Platform, *cohorts: str) -> list[Rollback]:
    return roll_back(platform, cohorts, person="Ada", reason="tried")
