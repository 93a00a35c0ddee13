"""A wave whose logins a rollback trigger watches, and a notifier that keeps what it is told."""

from __future__ import annotations

import json
import stat
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from migration_platform.platform import Platform
from migration_platform.trigger import trip
from migration_platform.wave import load_plan
from tests.decisions import measure
from tests.migration_platform.stage.small_migration import move as move_cohort

TRIGGERS = """
[[wave.trigger]]
measure = "logins"
at_most_percent = 200

[[wave.metric]]
name = "logins"
baseline = "12/300"
freshness_hours = 4

[[wave]]
name = "rest"
"""


def again(platform: Platform, **settings: Any) -> Platform:
    """The same migration, opened anew: its files are read again."""
    return Platform(
        replace(platform.settings, **settings),
        load_plan(platform.plan.file),
        platform.entities,
        suites=platform.suites,
    )


@pytest.fixture
def live(platform: Platform) -> Platform:
    """Cohort one is live; a trigger watches its logins, and the figure is as it was before."""
    criteria = platform.plan.file.with_name("criteria.toml")
    criteria.write_text(criteria.read_text().replace('[[wave]]\nname = "rest"\n', TRIGGERS))
    watched = again(platform)
    move_cohort(watched)
    measure(watched, "one", "logins", "12/300")
    return watched


def holds(platform: Platform) -> list[Any]:
    return [d for d in platform.store.decisions() if d.action == "hold"]


def state(platform: Platform) -> tuple[str, str]:
    [watch] = trip.evaluate(platform)
    return watch.state.name, watch.outcome


def script(folder: Path, text: str) -> Path:
    path = folder / "notify"
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


def listen(platform: Platform, folder: Path, text: str = "") -> tuple[Platform, Path]:
    """The migration with a notifier that keeps what it is told, and where it keeps it."""
    heard = folder / "heard.jsonl"
    return again(platform, notify=script(folder, f"cat >> {heard}\n{text}")), heard


def read(heard: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in heard.read_text().splitlines()] if heard.exists() else []
