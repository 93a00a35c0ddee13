"""The destination gone in the middle, the disk full, two at once, a clock that was moved."""

from __future__ import annotations

import resource
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from migration_platform import stage as stages
from migration_platform.database import connect
from migration_platform.destination.rollback import alone_with
from migration_platform.errors import GateClosedError, MigrationError
from migration_platform.evidence.governance import assemble_evidence
from migration_platform.evidence.promotion import decide
from migration_platform.platform import Platform
from migration_platform.rollback import record as rollback_record
from migration_platform.rollback.cohort_rollback import roll_back, settle
from tests.migration_platform.stage.small_migration import check, destination, move, source


def back(platform: Platform) -> None:
    roll_back(platform, ["one"], person="Ada", reason="tried")


def end_sessions(platform: Platform) -> None:
    """What a restart of the destination does to who is connected."""
    with connect(platform.settings, "source") as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'destination'"
        )


def test_a_destination_gone_in_the_middle_of_a_load_leaves_nothing_half(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    stages.extract(platform, "one", ["patient", "visit"])
    for entity in ("patient", "visit"):
        stages.transform(platform, "one", entity)
        check(platform, "one", entity, "transformed", "passed")
    stage_load = sys.modules["migration_platform.stage.load"]
    loads = stage_load.load_staged

    def gone(*words: Any, **named: Any) -> Any:
        done = loads(*words, **named)
        end_sessions(platform)
        return done

    monkeypatch.setattr(stage_load, "load_staged", gone)
    with pytest.raises(psycopg.OperationalError):
        stages.load(platform, "one", "patient")
    monkeypatch.undo()

    assert destination(platform, "SELECT count(*) FROM patient") == [(0,)]
    assert [c["inserted"] for c in move(platform).values()] == [2, 3]


def test_a_destination_that_was_restarted_between_two_runs_is_connected_to_anew(
    platform: Platform,
) -> None:
    move(platform)
    source(platform.settings, """UPDATE visits SET "NOTE" = 'new' WHERE "Id" = 'v3'""")
    end_sessions(platform)

    assert move(platform)["visit"]["updated"] == 1


def test_a_destination_gone_in_the_middle_of_a_rollback_leaves_everything_loaded(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    move(platform)
    from migration_platform.rollback import cohort_rollback as rollback

    undo = rollback.undo_loads

    def gone(*words: Any, **named: Any) -> Any:
        done = undo(*words, **named)
        end_sessions(platform)
        return done

    monkeypatch.setattr(rollback, "undo_loads", gone)
    with pytest.raises(psycopg.OperationalError):
        back(platform)
    monkeypatch.undo()

    assert destination(platform, "SELECT count(*) FROM visit") == [(3,)]
    assert [r.state for r in rollback_record.find_running(platform.store, ["one"])] == ["running"]
    settle(platform, ["one"])
    reasons = assemble_evidence(platform, "pilot").reasons
    assert [r for r in reasons if "cohort one" in r] == []
    back(platform)
    assert destination(platform, "SELECT count(*) FROM visit") == [(0,)]


def test_a_rollback_stopped_after_its_commit_is_ended_by_whoever_comes_next(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    move(platform)
    from migration_platform.rollback import cohort_rollback as rollback

    monkeypatch.setattr(rollback, "_finish", lambda *words: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        back(platform)
    monkeypatch.undo()

    reasons = assemble_evidence(platform, "pilot").reasons

    assert reasons[0].startswith("cohort one was rolled back at ")
    assert rollback_record.find_running(platform.store, ["one"]) == []


@contextmanager
def files_of_at_most(size: int) -> Iterator[None]:
    """No file of this process may grow further: a disk that is full."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_full_disk_stops_a_rollback_before_anything_is_taken_back(platform: Platform) -> None:
    move(platform)
    many = "x" * 5_000
    destination(platform, f"UPDATE visit SET note = '{many}'")

    with files_of_at_most(1_000), pytest.raises(MigrationError, match="the staging area is full"):
        back(platform)

    assert destination(platform, "SELECT count(*) FROM visit") == [(3,)]
    assert not list((platform.settings.staging / "one" / "carried-back").glob("*"))
    back(platform)
    assert destination(platform, "SELECT count(*) FROM visit") == [(0,)]


def test_a_full_disk_stops_a_stage_and_leaves_the_file_before(platform: Platform) -> None:
    move(platform)
    staged = {p: p.read_bytes() for p in platform.staging.root.rglob("*.parquet")}
    rows = ", ".join(f"('n{i}', 'a', md5({i}::text), '1')" for i in range(3_000))
    source(platform.settings, f"INSERT INTO visits VALUES {rows}")

    with files_of_at_most(10_000), pytest.raises(MigrationError, match="the staging area is full"):
        stages.extract(platform, "one", ["patient", "visit"])

    kept = {p: p.read_bytes() for p in platform.staging.root.rglob("*.parquet")}
    assert kept == staged


def test_a_load_and_a_rollback_of_one_cohort_do_not_meet(platform: Platform) -> None:
    move(platform)
    with (
        connect(platform.settings, "destination") as other,
        alone_with(other, "one") as alone,
    ):
        assert alone
        with pytest.raises(MigrationError, match="cohort one is being rolled back now"):
            stages.load(platform, "one", "patient")
        with pytest.raises(GateClosedError, match="is being loaded or rolled back now"):
            back(platform)

    stages.load(platform, "one", "patient")
    back(platform)


def test_two_loads_of_one_cohort_at_once_write_it_once(platform: Platform) -> None:
    stages.extract(platform, "one", ["patient", "visit"])
    stages.transform(platform, "one", "patient")
    check(platform, "one", "patient", "transformed", "passed")
    counts: list[int] = []

    def run() -> None:
        mine = Platform(platform.settings, platform.plan, platform.entities, platform.suites)
        counts.append(stages.load(mine, "one", "patient").counts["inserted"])
        mine.close()

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(counts) == [0, 2]
    assert destination(platform, "SELECT count(*) FROM migration.journal") == [(2,)]


def test_a_clock_that_was_moved_back_makes_nothing_fresh(platform: Platform) -> None:
    move(platform)
    document = assemble_evidence(platform, "pilot").document

    verdict = decide(document, datetime.now(UTC) - timedelta(days=400))

    assert verdict.verdict == "hold"
    assert "is dated in the future" in verdict.reasons[0]


def side_by_side(
    platform: Platform, work: Callable[[Platform], object]
) -> list[BaseException | None]:
    """Two at once do it, each with connections of its own; what each of them was stopped by."""
    both_are_here = threading.Barrier(2)

    def run() -> None:
        mine = Platform(platform.settings, platform.plan, platform.entities, platform.suites)
        try:
            both_are_here.wait()
            work(mine)
        finally:
            mine.close()

    with ThreadPoolExecutor(2) as two:
        ended = [two.submit(run) for _ in range(2)]
    return [each.exception() for each in ended]


def test_two_runs_of_one_cohort_at_once_end_as_one_would(platform: Platform) -> None:
    def run(mine: Platform) -> None:
        stages.extract(mine, "one", ["patient", "visit"])
        for entity in ("patient", "visit"):
            stages.transform(mine, "one", entity)
            check(mine, "one", entity, "transformed", "passed")
            stages.load(mine, "one", entity)

    stopped = side_by_side(platform, run)
    again = move(platform)

    assert stopped == [None, None]
    assert [c["inserted"] for c in again.values()] == [0, 0]
    assert destination(platform, "SELECT count(*) FROM visit") == [(3,)]
    assert destination(platform, "SELECT count(*) FROM migration.journal") == [(5,)]
    reasons = assemble_evidence(platform, "pilot").reasons
    assert [r for r in reasons if "cohort one" in r] == []


def test_of_two_rollbacks_at_once_one_is_done_and_the_other_is_told(platform: Platform) -> None:
    move(platform)

    stopped = side_by_side(platform, back)

    told = [str(e) for e in stopped if e is not None]
    assert len(told) == 1
    assert "is being loaded or rolled back now" in told[0] or "nothing of cohort one" in told[0]
    assert destination(platform, "SELECT count(*) FROM visit") == [(0,)]
    assert destination(platform, "SELECT count(*) FROM migration.rollback") == [(1,)]
    assert [d.action for d in platform.store.decisions()].count("roll back") == 1


def test_after_the_clock_was_moved_back_a_run_makes_it_right_again(platform: Platform) -> None:
    move(platform)
    # What ran so far was dated by a clock that was two days ahead.
    with connect(platform.settings, "platform", owner=True) as connection:
        connection.execute(
            "UPDATE migration.stage_run SET started_at = started_at + interval '2 days', "
            "ended_at = ended_at + interval '2 days'"
        )
    ahead = assemble_evidence(platform, "pilot")

    again = move(platform)

    assert ahead.verdict == "hold"
    assert [r for r in ahead.reasons if "is dated in the future" in r] != []
    assert [c["inserted"] + c["updated"] for c in again.values()] == [0, 0]
    reasons = assemble_evidence(platform, "pilot").reasons
    assert [r for r in reasons if "future" in r or "cohort one" in r] == []
