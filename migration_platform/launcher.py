"""Launcher: what Dagster needs around it, so that `dagster.yaml` holds in every case.

It names the environment and starts Dagster's own programs as other processes, and the reviewers' room
beside them. What Dagster then runs is defined in `assets`.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys

from migration_platform import database
from migration_platform.errors import ConfigurationError
from migration_platform.server import embedded
from migration_platform.server.server import LOOPBACK
from migration_platform.settings import Settings, make_private


def dagster_environment(settings: Settings) -> dict[str, str]:
    """The variables under which Dagster finds its storage and this migration's settings.

    Starts the embedded server if one of the databases needs it.
    """
    if settings.needs_embedded:
        embedded.ensure_running(settings.home)
    artifacts = make_private(settings.home / "dagster" / "artifacts")
    logs = make_private(settings.home / "dagster" / "logs")
    return {
        "DAGSTER_HOME": str(settings.root),
        "MIGRATION_DAGSTER_STORAGE_URL": database.url(settings, "dagster", "psycopg2"),
        "DAGSTER_EVENT_BATCH_SIZE": "1000",  # all that a run plans, in one go
        "MIGRATION_DAGSTER_ARTIFACTS": str(artifacts),
        "MIGRATION_DAGSTER_LOGS": str(logs),
        # Dagster's processes start in the project: what was given relative to here becomes absolute.
        "MIGRATION_PROJECT": str(settings.root),
        "MIGRATION_HOME": str(settings.home),
        "MIGRATION_WAVES": str(settings.waves_file),
        "MIGRATION_OWNERSHIP": str(settings.ownership_file),
        "MIGRATION_STAGING": str(settings.staging),
        "MIGRATION_SOURCE_DOCUMENTS": str(settings.source_documents),
        "MIGRATION_DESTINATION_DOCUMENTS": str(settings.destination_documents),
        "MIGRATION_REPORTS": str(settings.reports),
        "MIGRATION_ROOM_PORT": str(settings.room_port),
        "MIGRATION_ROOM_URL": settings.room_url,
    }


def require_free_port(port: int, setting: str) -> None:
    """Raises ConfigurationError, naming the setting, if something has this port already."""
    with socket.socket() as attempt:
        attempt.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            attempt.bind((LOOPBACK, port))
        except OSError as error:
            raise ConfigurationError(
                f"port {port} on {LOOPBACK} cannot be used ({error.strerror}). "
                f"Name another one with {setting}, or end what is using it."
            ) from None


def start_room(settings: Settings, dagster_port: int) -> subprocess.Popen[bytes]:
    """Serve the reviewers' room from a process of its own, which ends with this one.

    Also after `become_dagster`: Dagster then is this process.
    """
    return subprocess.Popen(
        [sys.executable, "-m", "migration_platform.room.server", str(os.getpid())],
        env={
            "MIGRATION_DAGSTER_PAGES": f"http://{LOOPBACK}:{dagster_port}",
            **os.environ,
            **dagster_environment(settings),
        },
        cwd=settings.root,
        stdin=subprocess.DEVNULL,
    )


def become_dagster(settings: Settings, port: int) -> None:
    """Replace this process by Dagster's webserver and daemon. Does not return."""
    environment = {**os.environ, **dagster_environment(settings)}
    # Dagster recommends a tool that does not read this project's layout.
    quiet = "ignore:Function `dev_command` is superseded"
    command = [sys.executable, "-W", quiet, "-m", "dagster", "dev"]
    os.chdir(settings.root)
    os.execve(
        sys.executable,
        [*command, "-h", LOOPBACK, "-p", str(port), "-w", str(settings.root / "workspace.yaml")],
        environment,
    )
