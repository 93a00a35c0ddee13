"""Take the pictures of the reviewers' room: `python docs/pictures/room.py`.

Needs chromium and playwright. It makes a demo of its own in a folder that it removes, walks from the held
pilot to its promotion on the pages alone, as the people of the invented company, and photographs what
they see: on a laptop and a phone, light and dark.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright

HERE = Path(__file__).parent
PROJECT = HERE.parents[1]
PORT = 3996
LAPTOP: ViewportSize = {"width": 1280, "height": 860}
PHONE: ViewportSize = {"width": 390, "height": 844}
LOOKS: tuple[tuple[str, ViewportSize, Literal["light", "dark"]], ...] = (
    ("", LAPTOP, "light"),
    ("-phone", PHONE, "dark"),
)
ITEMS = {
    "Lena Fischer": ("technical lead", "readiness meeting"),
    "Omar Haddad": ("operations lead", "readiness meeting"),
    "Ines Moreau": ("compliance", "signed on 12 November"),
}

Enter = Callable[[str], Page]
Shoot = Callable[[Page, str], None]


def main() -> None:
    """Make the demo, walk, photograph; exits with 2 if there is no browser."""
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        sys.exit("no chromium on the path: install one to take the pictures")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        alone = ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = playwright.chromium.launch(executable_path=chromium, args=alone)
        with demo(Path(folder)) as environment:
            walk(entering(browser, environment), shoot)
        browser.close()


@contextmanager
def demo(folder: Path) -> Iterator[dict[str, str]]:
    """A copy of the project with a demo that has run, and its room, until the block ends."""
    project, home = folder / "project", folder / "home"
    listed = subprocess.run(
        ["git", "ls-files"], cwd=PROJECT, check=True, capture_output=True, text=True
    ).stdout
    for name in listed.splitlines():
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(PROJECT / name, project / name)
    folder.chmod(0o711)
    environment = {
        **os.environ,
        "PYTHONPATH": str(project),
        "MIGRATION_HOME": str(home),
        "MIGRATION_PROJECT": str(project),
        "MIGRATION_ROOM_PORT": str(PORT),
    }
    run = [sys.executable, "-m", "migration_platform"]
    subprocess.run([*run, "demo"], cwd=project, env=environment, check=False)
    room = subprocess.Popen(
        [sys.executable, "-m", "migration_platform.room.server"], cwd=project, env=environment
    )
    try:
        wait_for(f"http://127.0.0.1:{PORT}/sign-in")
        yield environment
    finally:
        room.terminate()
        room.wait(30)
        subprocess.run([*run, "down"], cwd=project, env=environment, check=True)


def wait_for(url: str) -> None:
    """Wait until the page answers; raises TimeoutError after half a minute."""
    for _ in range(60):
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except OSError:
            time.sleep(0.5)
    raise TimeoutError(f"{url} did not answer within half a minute")


def entering(browser: Browser, environment: dict[str, str]) -> Enter:
    """What opens a page for a person, who signs in for the first time and chooses a password."""
    home = f"http://127.0.0.1:{PORT}"
    pages: dict[str, Page] = {}

    def enter(person: str) -> Page:
        if person in pages:
            return pages[person]
        name = person.split()[0].lower()
        said = subprocess.run(
            [sys.executable, "-m", "migration_platform", "account", "add", name, "--person", person],
            env=environment, cwd=environment["MIGRATION_PROJECT"], check=True,
            capture_output=True, text=True,
        ).stdout  # fmt: skip
        found = re.search(r"(?:[a-z2-9]{4}-){4}[a-z2-9]{4}", said)
        assert found, said
        page = browser.new_context(base_url=home, viewport=LAPTOP).new_page()
        page.goto("/sign-in")
        page.get_by_label("Name").fill(name)
        page.get_by_label("Password").fill(found[0])
        page.get_by_role("button", name="Sign in").click()
        page.get_by_label("Present password").fill(found[0])
        page.get_by_label("New password", exact=True).fill("a fine long sentence")
        page.get_by_label("The new one again").fill("a fine long sentence")
        page.get_by_role("button", name="Change it").click()
        pages[person] = page
        return page

    return enter


def walk(enter: Enter, shoot: Shoot) -> None:
    """From the held pilot to its promotion, without leaving the pages."""
    resolve(enter, shoot)
    promote(enter, shoot)


def resolve(enter: Enter, shoot: Shoot) -> None:
    """What holds the pilot is looked at and put right, and its rollback rehearsed."""
    dana, omar, lena = enter("Dana Ortiz"), enter("Omar Haddad"), enter("Lena Fischer")
    dana.goto("/")
    shoot(dana, "room-waves-held")
    dana.goto("/waves/pilot")
    shoot(dana, "room-wave-held")
    dana.goto("/exceptions")
    shoot(dana, "room-exceptions")

    # The code that holds the pilot: the owner looks at one record, and says what the code means.
    dana.goto("/exceptions?wave=pilot&kind=unmapped+code")
    dana.locator("#records ~ .scroll tbody th a").first.click()
    dana.get_by_label("Why you need to see them").fill("to say what the code means")
    dana.get_by_role("button", name="Show the values").click()
    shoot(dana, "room-exception")
    code = dana.locator("details.decide", has_text="Add the code")
    code.get_by_label("becomes").select_option("VR")
    code.get_by_label("Why").fill("virtual visit of the first app")
    code.get_by_role("button").click()

    omar.goto("/waves/pilot")
    begin(omar, "Run wave pilot")
    shoot(omar, "room-running")
    finish(omar)
    lena.goto("/waves/pilot")
    begin(lena, "Rehearse its rollback")
    finish(lena)


def promote(enter: Enter, shoot: Shoot) -> None:
    """Figures, readiness, a chart, two signatures, the promotion."""
    dana, omar, eva = enter("Dana Ortiz"), enter("Omar Haddad"), enter("Eva Laurent")
    record_figures(omar)
    for person, (_, note) in ITEMS.items():
        say_ready(enter(person), note)

    # A clinician looks at a chart, source beside destination.
    dana.goto("/cohorts/pilot-weight/charts")
    dana.get_by_role("button", name="Draw a sample").click()
    dana.get_by_role("rowheader").first.get_by_role("link").click()
    dana.get_by_label("Why you need to see them").fill("to judge the sample of the pilot")
    dana.get_by_role("button", name="Show the values").click()
    shoot(dana, "room-chart")
    dana.get_by_label("right: it says what the source says").check()
    dana.get_by_role("button", name="Record it").click()

    for page, role in ((dana, "clinical lead"), (omar, "operations lead")):
        page.goto("/waves/pilot")
        page.locator("summary", has_text="Sign this evidence").click()
        page.get_by_label(role).check()
        page.get_by_label("What you say by it").fill("read; what waits has an owner")
        page.get_by_role("button", name="Sign this evidence").click()
    eva.goto("/waves/pilot")
    form = eva.locator("details.decide", has_text="Promote wave pilot")
    form.locator("summary").click()
    form.get_by_label("Why").fill("signed by both leads")
    eva.locator("#decide").scroll_into_view_if_needed()
    shoot(eva, "room-decide")
    form.get_by_role("button").click()
    finish(eva)
    eva.goto("/")
    shoot(eva, "room-waves")
    eva.goto("/waves/pilot")
    shoot(eva, "room-wave")
    eva.goto("/decisions")
    shoot(eva, "room-decisions")


def begin(page: Page, title: str) -> None:
    """Open the form of that title and send it."""
    form = page.locator("details.decide", has_text=title).first
    form.locator("summary").click()
    form.get_by_role("button").click()


def finish(page: Page) -> None:
    """Wait for the end of what was begun; raises if it is not as it was asked for."""
    for _ in range(600):
        said = page.get_by_role("heading", level=1).inner_text()
        if "is under way" not in said:
            break
        time.sleep(1)
        page.reload()
    if "is done" not in said:
        raise RuntimeError(f"{said}: {page.locator('.said').inner_text()}")


def record_figures(page: Page) -> None:
    """A figure of each cohort, as somebody from support would."""
    page.goto("/waves/pilot")
    names = page.locator("#metric option").all_text_contents()
    for name in names:
        form = page.locator("details.decide", has_text="Record a figure")
        form.locator("summary").click()
        form.get_by_label("Which").select_option(name)
        form.get_by_label("The figure").fill("8/290")
        form.get_by_role("button").click()


def say_ready(page: Page, note: str) -> None:
    """Every item that this person may say is done."""
    page.goto("/waves/pilot")
    form = page.locator("details.decide", has_text="Mark readiness items as done")
    form.locator("summary").click()
    for box in form.get_by_role("checkbox").all():
        box.check()
    form.get_by_label("How you know").fill(note)
    form.get_by_role("button").click()


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
