"""Dagster's own daemon at work on the tiny migration: backfills submitted, queued, launched.

Its iterations are called here one after the other; the code location is served by a process of its own,
and so is each run. No test stands here.
"""

import logging
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.execution.backfill import BulkActionStatus, PartitionBackfill
from dagster._core.workspace.context import WorkspaceProcessContext
from dagster._core.workspace.load_target import PythonFileTarget
from dagster._daemon.backfill import execute_backfill_iteration
from dagster._daemon.run_coordinator.queued_run_coordinator_daemon import (
    QueuedRunCoordinatorDaemon,
)

from migration_platform.launcher import dagster_environment
from migration_platform.platform import Platform

LOCATION = Path(__file__).with_name("tiny_location.py")
PATIENCE = 180
"""Seconds until a backfill that does not end fails its test."""


def describe_environment(platform: Platform) -> Mapping[str, str]:
    """The variables under which `tiny_location` finds the migration of a test."""
    return dagster_environment(replace(platform.settings, waves_file=platform.plan.file))


@contextmanager
def serve_location(
    platform: Platform, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> Iterator[WorkspaceProcessContext]:
    """The tiny migration's code location, served as Dagster serves one."""
    for name, value in describe_environment(platform).items():
        monkeypatch.setenv(name, value)
    target = PythonFileTarget(
        python_file=str(LOCATION),
        attribute="defs",
        working_directory=str(platform.settings.root),
        location_name="tiny",
    )
    with WorkspaceProcessContext(instance, target) as workspace:
        yield workspace


def backfill(
    workspace: WorkspaceProcessContext, partitions: Sequence[str], assets: Sequence[str], name: str
) -> tuple[BulkActionStatus, list[dg.DagsterRun]]:
    """Submit a backfill as Dagster's pages do, and let the daemon work until it has ended."""
    instance = workspace.instance
    instance.add_backfill(
        PartitionBackfill.from_asset_partitions(
            backfill_id=name,
            asset_graph=workspace.create_request_context().asset_graph,
            partition_names=list(partitions),
            asset_selection=[dg.AssetKey(each.split("/")) for each in assets],
            backfill_timestamp=time.time(),
            tags={},
            dynamic_partitions_store=instance,
            all_partitions=False,
            title=None,
            description=None,
            run_config=None,
        )
    )
    queue = QueuedRunCoordinatorDaemon(interval_seconds=1)
    log = logging.getLogger("tests.daemon")
    until = time.monotonic() + PATIENCE
    while True:
        errors = [error for error in execute_backfill_iteration(workspace, log) if error]
        errors += [e for e in queue.run_iteration(workspace) if isinstance(e, tuple)]
        assert not errors, errors
        found = instance.get_backfill(name)
        assert found is not None
        if found.status not in (BulkActionStatus.REQUESTED, BulkActionStatus.FAILING):
            runs = instance.get_runs(filters=dg.RunsFilter(tags={"dagster/backfill": name}))
            return found.status, runs
        assert time.monotonic() < until, f"the backfill is {found.status.value} after {PATIENCE} s"
        time.sleep(0.5)


def loads_in(instance: dg.DagsterInstance, run_id: str) -> list[str]:
    """What a run loaded, as the event log has it."""
    events = instance.all_logs(run_id, of_type=dg.DagsterEventType.ASSET_MATERIALIZATION)
    keys = [
        e.asset_materialization.asset_key.to_user_string()
        for e in events
        if e.asset_materialization
    ]
    return [key for key in keys if key.startswith("load/")]


def failures_in(instance: dg.DagsterInstance, run_id: str) -> str:
    """All that the event log says of why a run's steps failed."""
    events = instance.all_logs(run_id, of_type=dg.DagsterEventType.STEP_FAILURE)
    return "\n".join(str(e.dagster_event and e.dagster_event.event_specific_data) for e in events)


def steps_in(instance: dg.DagsterInstance, run_id: str) -> set[str]:
    """The steps that a run has started."""
    events = instance.all_logs(run_id, of_type=dg.DagsterEventType.STEP_START)
    return {
        e.dagster_event.step_key for e in events if e.dagster_event and e.dagster_event.step_key
    }
