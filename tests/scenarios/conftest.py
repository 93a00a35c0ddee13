"""Scenarios run as a user would: a copy of the project, a home of its own, the command line."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest

from migration_platform.server import embedded
from migration_platform.server.server import find
from tests.conftest import SHARED, fill, make_home

ROOT = Path(__file__).parents[2]
PARTS = (
    "migration_platform",
    "assets",
    "checks",
    "workspace.yaml",
    "dagster.yaml",
    "pyproject.toml",
)

DEMO = ("demo", "--patients", "240")

READY = {
    "Omar Haddad": ("staff-trained", "patients-told", "on-call"),
    "Lena Fischer": ("vendor-connectivity", "nothing-in-flight", "rollback-tested"),
    "Ines Moreau": ("agreement-signed",),
}
"""The readiness items of `assets/readiness.toml`, and who says that they are done."""


@dataclass(frozen=True)
class Project:
    """A copy of the project that a scenario may edit, and its home."""

    root: Path
    home: Path

    def migration(self, *words: str, expect: int = 0) -> str:
        """Run a command as a user would; returns its standard output."""
        done = subprocess.run(
            [sys.executable, "-m", "migration_platform", *words],
            cwd=self.root,
            env={**os.environ, "MIGRATION_HOME": str(self.home), "MIGRATION_DEBUG": "1"},
            capture_output=True,
            text=True,
            timeout=600,
        )
        assert done.returncode == expect, (
            f"{words}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        )
        return done.stdout

    def ask(self, *words: str, expect: int = 0) -> Any:
        """Run a command with --json and read its answer."""
        return json.loads(self.migration(*words, "--json", expect=expect))

    def query(self, database: str, statement: str) -> list[tuple[Any, ...]]:
        """Ask one of the home's databases, or change it behind the platform's back."""
        with psycopg.connect(embedded.ensure_running(self.home).url(database)) as connection:
            cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []

    def waves(self) -> dict[str, Any]:
        """Each wave's status by name."""
        return {w["name"]: w for w in self.ask("status")["waves"]}

    def measure(self, figures: dict[str, str]) -> dict[str, int]:
        """Record the failed logins of cohorts, each as a count out of a whole, as of now."""
        at = datetime.now(UTC).isoformat()
        lines = [
            f"failed logins,{cohort},{at},{f.replace('/', ',')}" for cohort, f in figures.items()
        ]
        file = self.root / "figures.csv"
        file.write_text("\n".join(["metric,cohort,measured_at,numerator,denominator", *lines, ""]))
        recorded: dict[str, int] = self.ask("import-metrics", str(file), "--by", "help desk")
        return recorded

    def promote(self, wave: str) -> None:
        """Have a wave drilled, measured, ready, signed and promoted by whom the project names."""
        self.migration("drill", wave)
        self.measure(dict.fromkeys((c["name"] for c in self.waves()[wave]["cohorts"]), "9/300"))
        for person, items in READY.items():
            self.migration("ready", wave, *items, "--by", person, "--note", "seen")
        kept = self.root / f"{wave}.json"
        kept.write_text(self.migration("evidence", wave, "--json"))
        for person, role in (("Dana Ortiz", "clinical lead"), ("Omar Haddad", "operations lead")):
            who = ("--by", person, "--role", role, "--statement", "read")
            self.migration("sign", wave, *who, "--evidence", str(kept))
        self.migration("promote", wave, "--by", "Eva Laurent", "--reason", "all read")


@pytest.fixture
def project(fresh_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A copy of the project with an empty home."""
    root = tmp_path_factory.mktemp("project")
    copy_project(root)
    return Project(root, fresh_home)


@pytest.fixture
def demoed(bare_home: Path, demo_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A copy of the project whose demo has run: the pilot is loaded, and held."""
    root = tmp_path_factory.mktemp("project")
    copy_project(root)
    fill(bare_home, demo_home)
    made = Project(root, bare_home)
    if find(bare_home) is None:  # the server stands outside of its home: it cannot be copied
        made.migration(*DEMO)
    return made


@pytest.fixture(scope="session")
def demo_home(prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home of a demo, its server stopped: made by whichever test process asks first."""
    shared = Path(os.environ[SHARED])
    with (shared / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        kept = shared / "demo"
        if kept.exists():
            return Path(kept.read_text())
        root, home = tmp_path_factory.mktemp("demo"), make_home()
        copy_project(root)
        fill(home, prepared)
        Project(root, home).migration(*DEMO)
        embedded.stop(home)
        kept.write_text(str(home))
        return home


def copy_project(root: Path) -> None:
    """Put what runs of the project into a folder."""
    root.mkdir(parents=True, exist_ok=True)
    for part in PARTS:
        source = ROOT / part
        if source.is_dir():
            shutil.copytree(source, root / part, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, root / part)
