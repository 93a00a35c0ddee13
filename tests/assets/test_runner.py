"""The runner with real worker processes on the shipped entities and a small sample."""

import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from uuid import uuid4

import dagster as dg
import pytest

from assets.runner import Pool, materialize_wave, run
from assets.task import Burial, RunEvent, Task
from assets.worker import PROCESS_TAG, bury_orphans
from migration_platform.platform import Platform
from migration_platform.reset import build_source
from migration_platform.settings import Settings


@pytest.fixture(scope="module")
def sample(settings: Settings) -> Iterator[Platform]:
    """Forty patients on the source, nothing moved yet."""
    platform = Platform.open(settings)
    build_source(platform, patients=40, synthea=None, seed=7, progress=lambda done, total: None)
    yield platform
    platform.close()


def ignore(event: RunEvent) -> None:
    """Nobody looks."""


def test_it_runs_references_then_cohorts_then_the_evidence(
    sample: Platform, settings: Settings, instance: dg.DagsterInstance
) -> None:
    events: list[RunEvent] = []
    first, second = (cohort.name for cohort in sample.plan.waves[0].cohorts)
    results = run(
        settings,
        cohorts=[first, second],
        entities=["organization", "practitioner", "patient", "portal_identity"],
        reference=True,
        wave="pilot",
        concurrency=2,
        report=events.append,
    )
    assert [result.cohort for result in results] == ["reference", first, second, "wave pilot"]
    assert all(result.success for result in results), results
    assert {event.cohort for event in events} == {"reference", first, second, "wave pilot"}
    last = [event for event in events if event.cohort == first][-1]
    assert last.done == last.total
    ran = instance.get_run_by_id(results[1].run_id)
    assert ran is not None
    assert ran.job_name == "cohort"
    assert ran.tags["dagster/partition"] == first
    assert ran.tags["migration/wave"] == "pilot"
    assert ran.remote_job_origin is not None  # by which Dagster's pages re-execute it
    assert ran.remote_job_origin.location_name == "migration"


def test_it_limits_a_run_to_the_entities_named(
    sample: Platform, settings: Settings, instance: dg.DagsterInstance
) -> None:
    [result] = run(
        settings,
        cohorts=[],
        entities=["organization"],
        reference=True,
        wave=None,
        concurrency=1,
        report=ignore,
    )
    assert result.success
    kept = instance.get_run_by_id(result.run_id)
    assert kept is not None
    assert {key.path[1] for key in kept.asset_selection or ()} == {"organization"}


def test_a_closed_gate_is_told_in_a_sentence(sample: Platform, settings: Settings) -> None:
    later = sample.plan.waves[1].cohorts[0].name
    [result] = run(
        settings,
        cohorts=[later],
        entities=["patient"],
        reference=False,
        wave=None,
        concurrency=1,
        report=ignore,
    )
    assert not result.success
    assert result.failed_steps == ("load__patient",)
    assert "pilot" in result.error


def test_a_killed_worker_fails_its_own_cohort_and_the_next_one_goes_on(
    sample: Platform, settings: Settings, instance: dg.DagsterInstance
) -> None:
    killed: list[int] = []

    def kill_the_first(event: RunEvent) -> None:
        if not killed:
            killed.append(pool.workers[0].process.pid)
            os.kill(killed[0], signal.SIGKILL)

    chosen = tuple(f"{stage}/organization" for stage in ("extract", "transform", "load"))
    tasks = [Task("reference", name, None, chosen) for name in ("first", "second")]
    with Pool(settings, 1) as pool:
        first, second = pool.do([Burial(), *tasks], kill_the_first)
    assert not first.success
    assert "killed (signal 9)" in first.error
    assert second.success
    own = f"/{killed[0]}/"
    [left] = [run for run in instance.get_runs() if own in run.tags.get(PROCESS_TAG, "")]
    assert left.status == dg.DagsterRunStatus.FAILURE


def test_a_re_execution_that_copied_the_tag_of_a_dead_process_is_not_buried() -> None:
    @dg.job
    def nothing() -> None: ...

    gone = subprocess.Popen(["true"])
    gone.wait()
    own, copied = str(uuid4()), str(uuid4())
    tag = f"{socket.gethostname()}/{gone.pid}/{own}"
    with dg.DagsterInstance.ephemeral() as instance:
        for run_id in (own, copied):
            instance.create_run_for_job(
                nothing,
                run_id=run_id,
                tags={PROCESS_TAG: tag},
                status=dg.DagsterRunStatus.STARTED,
            )
        bury_orphans(instance)
        states = {run.run_id: run.status for run in instance.get_runs()}
    assert states == {own: dg.DagsterRunStatus.FAILURE, copied: dg.DagsterRunStatus.STARTED}


def test_a_process_for_suites_is_started_for_those_who_ask_some(
    settings: Settings,
) -> None:
    found = []
    for suites in (True, False):
        with Pool(settings, 1, suites=suites) as pool:
            pool.do([Burial()], ignore)
            worker = str(pool.workers[0].process.pid)
            find = ["pgrep", "-P", worker, "-f", "checks.suite_process"]
            asked = subprocess.run(find, capture_output=True, text=True).stdout.split()
        found.append(len(asked))
    assert found == [1, 0]


def test_a_promotion_that_is_not_recorded_is_not_shown(
    sample: Platform, settings: Settings
) -> None:
    result = materialize_wave(settings, "rest")
    assert not result.success
    assert result.failed_steps == ("wave__promotion",)
    assert "migration promote rest" in result.error
