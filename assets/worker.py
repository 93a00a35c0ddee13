"""Worker: a process that runs jobs of this code location, one after another, for the runner.

The only place that uses Dagster's inner interface: the public one can neither give a run the origin
by which Dagster's pages re-execute it, nor tell of each step as it ends.
"""

import gc
import os
import socket
import sys
from collections.abc import Callable, Iterator
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
SHOWN = 3
"""Reasons of a failed run that are told; the event log has all."""


def main() -> None:
    """Serve the runner at the other end of the socket until it closes."""
    connection = Connection(int(sys.argv[1]))
    try:
        for task in _receive(connection):
            connection.send(_do(task, connection.send))
    except (KeyboardInterrupt, BrokenPipeError):
        pass


def _receive(connection: Connection) -> Iterator[Task | Burial]:
    prepared = False
    while True:
        if not prepared and not connection.poll():
            _prepare()
            prepared = True
        try:
            task = connection.recv()
        except EOFError:
            return
        yield task


def _prepare() -> None:
    """While there is nothing to do: what the first suite would have to wait for."""
    try:
        from assets.definitions import warm_up

        warm_up()
    except Exception:  # the first task meets it again and tells
        return
    gc.freeze()


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
        said = f"{type(error).__name__} in Dagster, outside of any stage"
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
    run_id = str(uuid4())
    tags = {**job.run_tags, PROCESS_TAG: name_process(os.getpid(), run_id)}
    config = job.run_config
    if task.partition is not None and (partitioned := job.partitioned_config):
        tags |= partitioned.get_tags_for_partition_key(task.partition, job_name=job.name)
        config = partitioned.get_run_config_for_partition_key(task.partition)
    [location] = location_origins_from_yaml_paths(
        [str(Path(os.environ["DAGSTER_HOME"]) / "workspace.yaml")]
    )
    origin = RemoteJobOrigin(RemoteRepositoryOrigin(location, repository.name), job.name)
    run = instance.create_run_for_job(
        job,
        run_id=run_id, run_config=config, tags=tags, asset_selection=selection, remote_job_origin=origin
    )
    total = len(run.step_keys_to_execute or ())
    done = 0
    failed: list[str] = []
    reasons: list[str] = []
    for event in execute_run_iterator(InMemoryJob(job), run, instance):
        if event.step_key and (outcome := OUTCOME.get(event.event_type)):
            done += 1
            send(RunEvent(task.name, event.step_key, outcome, done, total))
            if outcome == "failed":
                failed.append(event.step_key)
        reasons += _reasons(event)
    ended = instance.get_run_by_id(run.run_id)
    success = ended is not None and ended.status == dg.DagsterRunStatus.SUCCESS
    if not success and not reasons:
        reasons = [f"its run ended as {ended.status.value if ended else 'lost'}"]
    more = [f"and {len(reasons) - SHOWN} more"] if len(reasons) > SHOWN else []
    said = "; ".join([*reasons[:SHOWN], *more])
    return RunResult(task.name, run.run_id, success, tuple(failed), "" if success else said)


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


def name_process(process: int, run_id: str) -> str:
    """What `PROCESS_TAG` says of a run."""
    return f"{socket.gethostname()}/{process}/{run_id}"


def bury_orphans(instance: dg.DagsterInstance) -> None:
    """Mark the runs as failed that workers on this machine left behind when they were killed."""
    for run in instance.get_runs(dg.RunsFilter(statuses=IN_PROGRESS)):
        _, _, process = run.tags.get(PROCESS_TAG, "").rpartition(f"/{run.run_id}")[0].rpartition("/")
        own = process.isdigit() and run.tags[PROCESS_TAG] == name_process(int(process), run.run_id)
        if own and not _is_alive(int(process)):
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
