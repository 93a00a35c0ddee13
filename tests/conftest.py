"""Homes for tests: each with an embedded Postgres of its own, none of them the developer's."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from migration_platform.server import embedded
from migration_platform.server.server import find, postmaster
from migration_platform.settings import Settings

SHARED = "SHARED_BY_TESTS"
"""Names a folder that all test processes of one call have in common."""


def pytest_configure(config: pytest.Config) -> None:
    """The first process makes the folder, before it starts others."""
    if not hasattr(config, "workerinput"):
        os.environ[SHARED] = tempfile.mkdtemp(prefix="migration-test-shared-")


def pytest_unconfigure(config: pytest.Config) -> None:
    """It goes last, with the homes that are named in it."""
    if not hasattr(config, "workerinput"):
        shared = Path(os.environ.pop(SHARED))
        for named in shared.glob("demo"):
            discard_home(Path(named.read_text()))
        shutil.rmtree(shared)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The scenarios first: the longest must not be what the other processes wait for at the end."""
    items.sort(key=lambda item: "scenarios" not in item.path.parts)


def make_home() -> Path:
    """Not below pytest's temporary folders: as root, the server's account may not go there."""
    return Path(tempfile.mkdtemp(prefix="migration-test-")).resolve()


def discard_home(home: Path) -> None:
    """Stop the server and leave nothing behind, in the home or outside of it."""
    if not (server := find(home)):
        shutil.rmtree(home, ignore_errors=True)
        return
    if pid := postmaster(server):
        os.kill(pid, signal.SIGQUIT)  # at once: what is to be removed need not be written out
        while postmaster(server) == pid:
            time.sleep(0.02)
    shutil.rmtree(home)
    for left in (Path(server.socket), Path(server.folder).parent):
        shutil.rmtree(left, ignore_errors=True)


@pytest.fixture(scope="session", autouse=True)
def session_home() -> Iterator[Path]:
    """No test sees the developer's home, nor databases named in the developer's environment.

    The server in it starts when something connects for the first time.
    """
    home = make_home()
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if name.startswith(("MIGRATION_", "DAGSTER_")):
                patch.delenv(name)
        # Hundreds of processes are started: each would compile the project anew.
        patch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)
        patch.setenv("MIGRATION_HOME", str(home))
        yield home
    discard_home(home)


@pytest.fixture(scope="session")
def prepared(session_home: Path) -> Iterator[Path]:
    """A stopped server with the four empty databases, to be copied: a home in a tenth of the time.

    It does not wait for the disk, because no test outlives a power cut.
    """
    home = make_home()
    server = embedded.ensure_running(home)
    embedded.stop(home)
    with (server.data / "postgresql.conf").open("a") as file:
        file.write("fsync = off\n")
    yield home
    discard_home(home)


def fill(home: Path, prepared: Path) -> None:
    """Put a copy of the prepared server into an empty home."""
    server = find(prepared)
    if server and Path(server.folder).is_relative_to(prepared):
        subprocess.run(["cp", "-Rp", f"{prepared}/.", home], check=True)


@pytest.fixture(scope="session")
def home(session_home: Path, prepared: Path) -> Path:
    """The session's home, with its Postgres running."""
    if find(session_home) is None:
        fill(session_home, prepared)
    embedded.ensure_running(session_home)
    return session_home


@pytest.fixture(scope="session")
def settings(home: Path) -> Settings:
    """Settings for the session's home."""
    return Settings.load()


@pytest.fixture
def bare_home(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty folder as home for one test: its Postgres is made when something connects."""
    home = make_home()
    monkeypatch.setenv("MIGRATION_HOME", str(home))
    yield home
    discard_home(home)


@pytest.fixture
def fresh_home(bare_home: Path, prepared: Path) -> Path:
    """A home for one test, with empty databases. Its Postgres starts when something connects."""
    fill(bare_home, prepared)
    return bare_home
