"""Homes for tests: each with an embedded Postgres of its own, none of them the developer's."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from migration_platform import embedded
from migration_platform.server import find
from migration_platform.settings import Settings


def make_home() -> Path:
    """Not below pytest's temporary folders: as root, the server's account may not go there."""
    return Path(tempfile.mkdtemp(prefix="migration-test-")).resolve()


def discard_home(home: Path) -> None:
    """Stop the server and leave nothing behind, in the home or outside of it."""
    if not (server := find(home)):
        shutil.rmtree(home, ignore_errors=True)
        return
    embedded.stop(home)
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
        patch.setenv("MIGRATION_HOME", str(home))
        yield home
    discard_home(home)


@pytest.fixture(scope="session")
def home(session_home: Path) -> Path:
    """The session's home, with its Postgres running."""
    embedded.ensure_running(session_home)
    return session_home


@pytest.fixture(scope="session")
def settings(home: Path) -> Settings:
    """Settings for the session's home."""
    return Settings.load()


@pytest.fixture
def fresh_home(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty home for one test. Its Postgres is made when something connects, and stopped."""
    home = make_home()
    monkeypatch.setenv("MIGRATION_HOME", str(home))
    yield home
    discard_home(home)
