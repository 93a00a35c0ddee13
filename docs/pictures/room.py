"""Take the pictures of the reviewers' room: `python -m docs.pictures.room`.

Needs chromium and playwright. It makes a demo of its own in a folder that it removes, walks from the held
pilot to its promotion as the scenario does (`tests/scenarios/walk.py`), and photographs what people see on
the way: on a laptop by day, on a phone by night.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from playwright.sync_api import Page, ViewportSize

from tests.migration_platform.room.browser import CHROMIUM, WHY_NOT, open_browser
from tests.scenarios.conftest import copy_project
from tests.scenarios.walk import LAPTOP, entering, serve_room, tell_where, walk

HERE = Path(__file__).parent
PORT = 3996
PHONE: ViewportSize = {"width": 390, "height": 844}
LOOKS: tuple[tuple[str, ViewportSize, Literal["light", "dark"]], ...] = (
    ("", LAPTOP, "light"),
    ("-phone", PHONE, "dark"),
)


def main() -> None:
    """Make the demo, walk, photograph; ends at once, saying so, where there is no browser."""
    if CHROMIUM is None:
        sys.exit(WHY_NOT)
    with (
        demo() as (project, home),
        serve_room(project, home, PORT) as address,
        open_browser() as browser,
    ):
        walk(entering(browser, address, project, home), shoot)


@contextmanager
def demo() -> Iterator[tuple[Path, Path]]:
    """A copy of the project with a demo that has run, and its home, until the block ends."""
    with tempfile.TemporaryDirectory() as folder:
        project, home = Path(folder) / "project", Path(folder) / "home"
        copy_project(project)
        Path(folder).chmod(0o711)  # as root, Postgres runs as somebody else
        command = [sys.executable, "-m", "migration_platform"]
        environment = tell_where(project, home)
        subprocess.run([*command, "demo"], cwd=project, env=environment, check=True)
        try:
            yield project, home
        finally:
            subprocess.run([*command, "down"], cwd=project, env=environment, check=True)


def shoot(page: Page, name: str) -> None:
    """The page on a laptop by day and on a phone by night."""
    for suffix, size, scheme in LOOKS:
        page.set_viewport_size(size)
        page.emulate_media(color_scheme=scheme)
        page.screenshot(path=HERE / f"{name}{suffix}.png", animations="disabled")
    page.set_viewport_size(LAPTOP)
    page.emulate_media(color_scheme="light")
    print(name)


if __name__ == "__main__":
    main()
