"""Worker: a process that runs jobs of this code location, one after another, for the runner.

The only place that uses Dagster's inner interface: the public one can neither give a run the origin
by which Dagster's pages re-execute it, nor tell of each step as it ends.
"""

import os
import socket
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import suppress
from importlib import import_module
from multiprocessing.connection import Connection
from pathlib import Path
from uuid import uuid4

import dagster as dg
from dagster._core.definitions.job_base import InMemoryJob
from dagster._core.execution.api import execute_run_iterator
from dagster._core.remote_origin import RemoteJobOrigin, RemoteRepositoryOrigin
from dagster._core.workspace.load import location_origins_from_yaml_paths

from assets.task import Burial, Ending, RunEvent, RunResult, Task
from migration_platform.errors import MigrationError
from migration_platform.garbage_collection import collect_seldom

PROCESS_TAG = "migration/process"
"""On every run started here: host, process and run. A re-execution copies its parent's tags, so the
run's own id tells whether the process is really its own."""

IN_PROGRESS = [
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]
OUTCOME: dict[dg.DagsterEventType, Ending] = {
    dg.DagsterEventType.STEP_SUCCESS: "done",
    dg.DagsterEventType.STEP_FAILURE: "failed",
    dg.DagsterEventType.STEP_SKIPPED: "skipped",
}
IDLE = 0.5
"""Seconds without a task after which a worker prepares for the next."""

SHOWN = 3
"""Reasons of a failed run that are told; the event log has all."""


def main() -> None:
    """Serve the runner at the other end of the socket until it closes."""
    collect_seldom()
    connection = Connection(int(sys.argv[1]))
    try:
        for task in _receive(connection):
            connection.send(_do(task, connection.send))
    except (KeyboardInterrupt, BrokenPipeError):
        pass


def _receive(connection: Connection) -> Iterator[Task | Burial]:
    prepared = False
    while True:
        if not prepared and not connection.poll(IDLE):
            _prepare()
            prepared = True
        try:
            task = connection.recv()
        except EOFError:
            return
        yield task


def _prepare() -> None:
    """While there is nothing to do: what the first task would have to wait for."""
    try:
        import_module("assets.definitions")
    except Exception:  # the first task meets it again and tells
        return


def _do(task: Task | Burial, send: Callable[[RunEvent], None]) -> RunResult | None:
    try:
        with dg.DagsterInstance.get() as instance:
            if isinstance(task, Burial):
                bury_orphans(instance)
                return None
            return run_job(instance, task, send)
    except MigrationError as error:
        said = str(error)
    except Exception as error:
        traceback.print_exc()  # to the runner's worker.log; no stage ran, so no record is quoted
        said = f"{type(error).__name__} in Dagster, outside of any stage: read worker.log"
    return RunResult(task.name, "", False, (), said) if isinstance(task, Task) else None


def run_job(
    instance: dg.DagsterInstance, task: Task, send: Callable[[RunEvent], None]
) -> RunResult:
    """Run a job in this process, as Dagster's pages would start it."""
    from assets.definitions import defs

    repository = defs.get_repository_def()
    job = repository.get_job(task.job)
    selection = None
    if task.assets is not None:
        there = job.asset_layer.executable_asset_keys
        selection = {key for name in task.assets if (key := dg.AssetKey(name.split("/"))) in there}
        if not selection:
            return RunResult(task.name, "", False, (), f"the job {task.job} has no such entity")
    run = _create_run(instance, repository, job, task.partition, selection)
    done, total = 0, len(run.step_keys_to_execute or ())
    failed: list[str] = []
    reasons: list[str] = []
    for event in execute_run_iterator(InMemoryJob(job), run, instance):
        if event.step_key and (outcome := OUTCOME.get(event.event_type)):
            done += 1
            with suppress(OSError):  # nobody listens any more: the run goes on to its end
                send(RunEvent(task.name, event.step_key, outcome, done, total))
            if outcome == "failed":
                failed.append(event.step_key)
        reasons += _reasons(event)
    ended = instance.get_run_by_id(run.run_id)
    if ended is not None and ended.status == dg.DagsterRunStatus.SUCCESS:
        return RunResult(task.name, run.run_id, True, (), "")
    reasons = reasons or [f"its run ended as {ended.status.value if ended else 'lost'}"]
    if len(reasons) > SHOWN:
        reasons = [*reasons[:SHOWN], f"and {len(reasons) - SHOWN} more"]
    return RunResult(task.name, run.run_id, False, tuple(failed), "; ".join(reasons))


def _create_run(
    instance: dg.DagsterInstance,
    repository: dg.RepositoryDefinition,
    job: dg.JobDefinition,
    partition: str | None,
    selection: set[dg.AssetKey] | None,
) -> dg.DagsterRun:
    """A run with the partition, tags and origin that Dagster's pages would give it."""
    run_id = str(uuid4())
    config, tags = job.run_config, dict(job.run_tags)
    if partition is not None and (partitioned := job.partitioned_config):
        config = partitioned.get_run_config_for_partition_key(partition)
        tags |= partitioned.get_tags_for_partition_key(partition, job_name=job.name)
    tags[PROCESS_TAG] = f"{socket.gethostname()}/{os.getpid()}/{run_id}"
    workspace = Path(os.environ["DAGSTER_HOME"]) / "workspace.yaml"
    location, *_ = location_origins_from_yaml_paths([str(workspace)])
    origin = RemoteJobOrigin(RemoteRepositoryOrigin(location, repository.name), job.name)
    return instance.create_run_for_job(
        job,
        run_id=run_id,
        run_config=config,
        tags=tags,
        asset_selection=selection,
        remote_job_origin=origin,
    )


def _reasons(event: dg.DagsterEvent) -> list[str]:
    """Why a step failed: what its asset said, or the check that did not pass."""
    if event.event_type == dg.DagsterEventType.ASSET_CHECK_EVALUATION:
        found = event.asset_check_evaluation_data
        if not found.passed and found.blocking and found.severity == dg.AssetCheckSeverity.ERROR:
            asset = found.asset_key.to_user_string()
            return [f"{asset}: {found.check_name} did not pass ({found.description})"]
    if event.event_type == dg.DagsterEventType.STEP_FAILURE:
        said = event.step_failure_data.user_failure_data
        return [said.description] if said and said.description else []
    return []


def bury_orphans(instance: dg.DagsterInstance) -> None:
    """Mark the runs as failed that workers on this machine left behind when they were killed."""
    here = socket.gethostname()
    for run in instance.get_runs(dg.RunsFilter(statuses=IN_PROGRESS)):
        match run.tags.get(PROCESS_TAG, "").split("/"):
            case [host, process, run_id] if host == here and run_id == run.run_id:
                if not _is_alive(int(process)):
                    instance.report_run_failed(run, "The process that ran it is gone.")


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


if __name__ == "__main__":
    main()
