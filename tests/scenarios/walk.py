"""The walk through the reviewers' room, from a demo's held pilot to its promotion and a hold, on pages alone.

What each page must say stands here, step by step. The scenario walks it as a test; the pictures of the room
are taken on the same walk (`docs/pictures/room.py`), so there is no second way. Whoever walks says what is
done at each named place, and brings the browser.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Locator, Page, ViewportSize, expect

Enter = Callable[[str], Page]
At = Callable[[Page, str], None]
"""What is done at a place of the walk: nothing, or a picture."""

expect.set_options(timeout=60_000)  # a page that is put together anew follows by itself

LAPTOP: ViewportSize = {"width": 1280, "height": 860}
PASSWORD = "a fine long sentence"
NOTES = {
    "Lena Fischer": "readiness meeting",
    "Omar Haddad": "readiness meeting",
    "Ines Moreau": "signed on 12 November",
}
"""Who marks readiness items as done, and how they know."""


@contextmanager
def serve_room(project: Path, home: Path, port: int) -> Iterator[str]:
    """The room of a project and its home on that port, as `migration ui` serves it; its address."""
    process = subprocess.Popen(
        [sys.executable, "-m", "migration_platform.room.server"],
        cwd=project,
        env={**tell_where(project, home), "MIGRATION_ROOM_PORT": str(port)},
    )
    address = f"http://127.0.0.1:{port}"
    try:
        wait_for(f"{address}/sign-in")
        yield address
    finally:
        process.terminate()
        process.wait(30)


def tell_where(project: Path, home: Path) -> dict[str, str]:
    """The environment in which commands of that project run."""
    own = {"PYTHONPATH": project, "MIGRATION_PROJECT": project, "MIGRATION_HOME": home}
    return {**os.environ, **{name: str(path) for name, path in own.items()}}


def wait_for(url: str) -> None:
    """Wait until the page answers; raises TimeoutError after half a minute."""
    for _ in range(60):
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except OSError:
            time.sleep(0.5)
    raise TimeoutError(f"{url} did not answer within half a minute")


def entering(browser: Browser, address: str, project: Path, home: Path) -> Enter:
    """What gives a person's page: they sign in once, for the first time, and choose a password."""
    pages: dict[str, Page] = {}

    def enter(person: str) -> Page:
        if person in pages:
            return pages[person]
        name = person.split()[0].lower()
        said = subprocess.run(
            [sys.executable, "-m", "migration_platform", "account", "add", name, "--person", person],
            cwd=project, env=tell_where(project, home), check=True, capture_output=True, text=True,
        ).stdout  # fmt: skip
        given = re.search(r"(?:[a-z2-9]{4}-){4}[a-z2-9]{4}", said)
        assert given, said
        page = browser.new_context(base_url=address, viewport=LAPTOP).new_page()
        page.goto("/sign-in")
        page.get_by_label("Name").fill(name)
        page.get_by_label("Password").fill(given[0])
        page.get_by_role("button", name="Sign in").click()
        page.get_by_label("Present password").fill(given[0])
        page.get_by_label("New password", exact=True).fill(PASSWORD)
        page.get_by_label("The new one again").fill(PASSWORD)
        page.get_by_role("button", name="Change it").click()
        pages[person] = page
        return page

    return enter


def walk(enter: Enter, at: At) -> None:
    """All of it. Raises AssertionError where a page does not say what it must."""
    read_why_it_is_held(enter("Dana Ortiz"), at)
    say_what_the_code_means(enter("Dana Ortiz"), at)
    run_and_rehearse(enter("Omar Haddad"), enter("Lena Fischer"), at)
    get_ready(enter)
    be_refused_on_changed_evidence(enter("Omar Haddad"), enter("Dana Ortiz"), at)
    sign_and_promote(enter, at)
    read_and_print_it(enter("Eva Laurent"), at)
    hold(enter("Omar Haddad"))


def read_why_it_is_held(dana: Page, at: At) -> None:
    """The first line answers; the reasons stand below it; nobody can promote."""
    dana.goto("/")
    expect(heading(dana)).to_contain_text("Wave pilot is held")
    at(dana, "room-waves-held")
    dana.goto("/waves/pilot")
    expect(heading(dana)).to_contain_text("Wave pilot is held")
    expect(dana.locator(".reasons li").first).to_contain_text("no code map translates")
    expect(dana.locator(".closed")).to_contain_text("the verdict is hold, not promote")
    at(dana, "room-wave-held")


def say_what_the_code_means(dana: Page, at: At) -> None:
    """The owner of the code that holds the pilot looks at one record, and says what the code means."""
    dana.goto("/exceptions")
    at(dana, "room-exceptions")
    dana.goto("/exceptions?wave=pilot&kind=unmapped+code")
    dana.locator("#records ~ .scroll tbody th a").first.click()
    expect(heading(dana)).to_contain_text("waits")
    expect(dana.get_by_text("TELEVISIT")).to_have_count(0)
    ask_for_values(dana, "to say what the code means")
    expect(dana.get_by_text("TELEVISIT").first).to_be_visible()
    at(dana, "room-exception")
    code = dana.locator("details.decide", has_text="Add the code")
    code.get_by_label("becomes").select_option("VR")
    code.get_by_label("Why").fill("virtual visit of the first app")
    code.get_by_role("button").click()
    expect(dana.locator("#history ~ .scroll")).to_contain_text("Dana Ortiz")


def run_and_rehearse(omar: Page, lena: Page, at: At) -> None:
    """The records that waited move; the way back is rehearsed."""
    omar.goto("/waves/pilot")
    begin(omar, "Run wave pilot")
    expect(heading(omar)).to_contain_text("Run wave pilot is under way")
    moving = re.compile(r"running.*[1-9]\d* of \d+.*Records loaded[1-9]", re.DOTALL)
    row = omar.locator("tr", has_text="pilot-weight")
    expect(row).to_contain_text(moving, timeout=600_000)
    at(omar, "room-running")
    finish(omar)
    expect(omar.locator(".said")).to_contain_text("Cohort pilot-weight passed")
    lena.goto("/waves/pilot")
    expect(lena.locator(".reasons")).not_to_contain_text("no code map translates")
    expect(lena.locator(".reasons")).to_contain_text("was never rehearsed")
    begin(lena, "Rehearse its rollback")
    finish(lena)
    lena.goto("/waves/pilot")
    expect(lena.locator("#drills ~ .scroll")).to_contain_text("passed")


def get_ready(enter: Enter) -> None:
    """A figure of each cohort, as from support; what no query can see is said to be done."""
    omar = enter("Omar Haddad")
    omar.goto("/waves/pilot")
    for name in omar.locator("#metric option").all_text_contents():
        form = omar.locator("details.decide", has_text="Record a figure")
        form.locator("summary").click()
        form.get_by_label("Which").select_option(name)
        form.get_by_label("The figure").fill("8/290")
        form.get_by_role("button").click()
    for person, note in NOTES.items():
        page = enter(person)
        page.goto("/waves/pilot")
        form = page.locator("details.decide", has_text="Mark readiness items as done")
        form.locator("summary").click()
        for box in form.get_by_role("checkbox").all():
            box.check()
        form.get_by_label("How you know").fill(note)
        form.get_by_role("button").click()
    expect(page.locator(".reasons li")).to_have_count(1)
    expect(page.locator(".reasons")).to_contain_text("not signed yet")


def be_refused_on_changed_evidence(omar: Page, dana: Page, at: At) -> None:
    """Omar has the page open while Dana judges a chart: what he read is not what is there now."""
    fill_signature(omar, "operations lead")
    dana.goto("/cohorts/pilot-weight/charts")
    dana.get_by_role("button", name="Draw a sample").click()
    dana.get_by_role("rowheader").first.get_by_role("link").click()
    ask_for_values(dana, "to judge the sample of the pilot")
    expect(heading(dana)).to_contain_text("Chart")
    at(dana, "room-chart")
    dana.get_by_label("right: it says what the source says").check()
    dana.get_by_role("button", name="Record it").click()
    expect(heading(dana)).to_contain_text("0 wrong")
    omar.get_by_role("button", name="Sign this evidence").click()
    expect(heading(omar)).to_have_text("Refused: nothing was recorded.")
    expect(omar.get_by_role("alert")).to_contain_text("the evidence changed since you read it")


def sign_and_promote(enter: Enter, at: At) -> None:
    """Two people sign what they have read; a third promotes on exactly that."""
    for person, role in (("Dana Ortiz", "clinical lead"), ("Omar Haddad", "operations lead")):
        page = enter(person)
        fill_signature(page, role)
        page.get_by_role("button", name="Sign this evidence").click()
    expect(heading(page)).to_have_text("Wave pilot may be promoted.")
    eva = enter("Eva Laurent")
    eva.goto("/waves/pilot")
    form = eva.locator("details.decide", has_text="Promote wave pilot")
    form.locator("summary").click()
    form.get_by_label("Why").fill("signed by both leads")
    eva.locator("#decide").scroll_into_view_if_needed()
    at(eva, "room-decide")
    form.get_by_role("button").click()
    finish(eva)
    expect(eva.locator(".said")).to_contain_text("Wave pilot is promoted")


def read_and_print_it(eva: Page, at: At) -> None:
    """What was decided is what is read, and what is printed: the title, and headings without what only a screen has."""
    eva.goto("/")
    at(eva, "room-waves")
    eva.goto("/decisions")
    expect(eva.locator("tbody tr").first).to_contain_text("promote")
    at(eva, "room-decisions")
    eva.goto("/waves/pilot")
    said = "Wave pilot is promoted, by Eva Laurent."
    expect(heading(eva)).to_have_text(said)
    at(eva, "room-wave")
    printed = eva.pdf(format="A4", tagged=True)  # an outline would have titles of its own
    assert printed.startswith(b"%PDF")
    assert b"/Title (" + said.encode() + b")" in printed
    eva.emulate_media(media="print")
    expect(heading(eva)).to_be_visible()
    expect(eva.locator("header.bar")).to_be_hidden()
    expect(eva.locator("form button").first).to_be_hidden()
    eva.emulate_media(media="screen")


def hold(omar: Page) -> None:
    """Whoever is named may stop it."""
    omar.goto("/waves/pilot")
    form = omar.locator("details.decide", has_text="Hold wave pilot")
    form.locator("summary").click()
    form.get_by_label("Why").fill("a call from support")
    form.get_by_role("button").click()
    expect(omar.locator(".life")).to_contain_text("held, by Omar Haddad: a call from support")


def heading(page: Page) -> Locator:
    return page.get_by_role("heading", level=1)


def ask_for_values(page: Page, why: str) -> None:
    page.get_by_label("Why you need to see them").fill(why)
    page.get_by_role("button", name="Show the values").click()


def fill_signature(page: Page, role: str) -> None:
    """Read the wave, and fill in what is to be signed."""
    page.goto("/waves/pilot")
    page.locator("summary", has_text="Sign this evidence").click()
    page.get_by_label(role).check()
    page.get_by_label("What you say by it").fill("read; what waits has an owner")


def begin(page: Page, title: str) -> None:
    """Open the form of that title and send it."""
    form = page.locator("details.decide", has_text=title).first
    form.locator("summary").click()
    form.get_by_role("button").click()


def finish(page: Page) -> None:
    """Wait for the end of what was begun, which the page shows by itself, as it was asked for."""
    expect(heading(page)).not_to_contain_text("is under way", timeout=600_000)
    expect(heading(page)).to_contain_text("is done")
