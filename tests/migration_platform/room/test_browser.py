"""The room in a real browser: read, judge, sign, promote, hold, be refused, print."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Literal

import pytest

pytest.importorskip("playwright", reason="playwright is not installed: pip install playwright")

from playwright.sync_api import Browser, Page, expect

from migration_platform.platform import Platform
from migration_platform.room import account
from migration_platform.room.session import begin_session
from migration_platform.token import token
from tests.migration_platform.room.browser import (
    CHROMIUM,
    WHY_NOT,
    Enter,
    find_barriers,
    open_browser,
    serve,
    sign_in,
    watch_requests,
)
from tests.migration_platform.stage.small_migration import move, source

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason=WHY_NOT)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with open_browser() as opened:
        yield opened


@pytest.fixture
def served(moved: Platform) -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with serve(moved, port) as url:
        yield url


@pytest.fixture
def enter(browser: Browser, served: str, moved: Platform) -> Iterator[Enter]:
    """A page of somebody who is signed in, in a browser of their own."""
    contexts = []

    def open_page(person: str) -> Page:
        context = browser.new_context(base_url=served)
        held = begin_session(moved.store, person, None)
        context.add_cookies([{"name": "session", "value": held, "url": served}])
        contexts.append(context)
        return context.new_page()

    yield open_page
    for context in contexts:
        context.close()


def decide(page: Page, title: str, **fields: str) -> None:
    """Open the form of that title, fill it in and send it."""
    form = page.locator("details.decide", has=page.locator(".decide-title", has_text=title)).first
    form.locator("summary").click()
    for label, text in fields.items():
        form.get_by_label(label).first.fill(text)
    form.get_by_role("button").click()


def test_from_the_first_sign_in_to_a_promoted_wave_that_is_held(
    browser: Browser, served: str, moved: Platform, enter: Enter
) -> None:
    given = account.add_account(moved.store, "ada", "Ada")
    context = browser.new_context(base_url=served)
    strange = watch_requests(context, served)
    ada = context.new_page()

    sign_in(ada, "ada", given)
    ada.get_by_label("Present password").fill(given)
    ada.get_by_label("New password", exact=True).fill("a fine long sentence")
    ada.get_by_label("The new one again").fill("a fine long sentence")
    ada.get_by_role("button", name="Change it").click()
    expect(ada.get_by_role("heading", level=1)).to_contain_text("Wave pilot is held")

    # Charts are drawn, looked at with a reason, and judged.
    ada.goto("/cohorts/one/charts")
    ada.get_by_role("button", name="Draw a sample").click()
    ada.get_by_role("rowheader").first.get_by_role("link").click()
    ada.get_by_label("Why you need to see them").fill("to judge the sample of the pilot")
    ada.get_by_role("button", name="Show the values").click()
    expect(ada.get_by_role("heading", level=1)).to_contain_text("Chart")
    ada.get_by_label("right: it says what the source says").check()
    ada.get_by_role("button", name="Record it").click()
    expect(ada.get_by_role("heading", level=1)).to_contain_text("0 wrong")

    cleo = enter("Cleo")
    cleo.goto("/waves/pilot")
    cleo.locator("summary", has_text="Mark readiness items as done").click()
    cleo.get_by_label("Staff are trained").check()
    cleo.get_by_label("How you know").fill("seen")
    cleo.get_by_role("button", name="Mark readiness items as done").click()
    expect(cleo.locator("#readiness ~ div")).to_contain_text("done")

    # Two people sign what they have read, a third promotes on exactly that.
    bob = enter("Bob")
    for page, role in ((ada, "clinical lead"), (bob, "operations lead")):
        page.goto("/waves/pilot")
        page.locator("summary", has_text="Sign this evidence").click()
        page.get_by_label(role).check()
        page.get_by_label("What you say by it").fill("read it all")
        page.get_by_role("button", name="Sign this evidence").click()
    eve = enter("Eve")
    eve.goto("/waves/pilot")
    decide(eve, "Promote wave pilot", Why="signed by both")
    expect(eve.get_by_role("heading", level=1)).to_contain_text("is done", timeout=30_000)
    eve.goto("/waves/pilot")
    expect(eve.get_by_role("heading", level=1)).to_contain_text("Wave pilot is promoted, by Eve")

    decide(eve, "Hold wave pilot", Why="a call from support")
    expect(eve.locator(".life")).to_contain_text("held")
    assert [d.action for d in moved.store.decisions()][-1] == "hold"
    assert strange == []
    context.close()


def test_a_decision_on_a_page_that_has_become_old_is_refused_and_says_what_changed(
    moved: Platform, enter: Enter
) -> None:
    cleo, ada = enter("Cleo"), enter("Ada")
    cleo.goto("/waves/pilot")
    cleo.locator("summary", has_text="Mark readiness items as done").click()
    cleo.get_by_label("Staff are trained").check()
    cleo.get_by_label("How you know").fill("seen")
    cleo.get_by_role("button", name="Mark readiness items as done").click()
    ada.goto("/waves/pilot")
    source(moved.settings, """UPDATE visits SET "NOTE" = 'new' WHERE "Id" = 'v3'""")
    move(moved)

    ada.locator("summary", has_text="Sign this evidence").click()
    ada.get_by_label("clinical lead").check()
    ada.get_by_label("What you say by it").fill("read it all")
    ada.get_by_role("button", name="Sign this evidence").click()

    expect(ada.get_by_role("heading", level=1)).to_have_text("Refused: nothing was recorded.")
    expect(ada.get_by_role("alert")).to_contain_text("the evidence changed since you read it")


def test_every_page_can_be_used_by_everybody(
    browser: Browser, served: str, moved: Platform, enter: Enter
) -> None:
    mark = token(moved.settings.token_key(), "patient", "c")
    urls = [
        "/", "/waves/pilot", "/waves/rest", "/cohorts", "/cohorts/one", "/cohorts/one/visit",
        "/cohorts/one/differences", "/cohorts/one/expectations", "/cohorts/one/charts",
        "/exceptions", "/duplicates", f"/exceptions/{mark}", f"/records/patient/{mark}", "/decisions", "/drills",
        "/nights", "/mapping", "/mapping/visit", "/views", "/password", "/no-such-page",
    ]  # fmt: skip
    found: list[str] = []

    page = enter("Cleo")
    looks: tuple[tuple[Literal["light", "dark"], int], ...] = (("light", 1280), ("dark", 390))
    for scheme, width in looks:
        page.emulate_media(color_scheme=scheme)
        page.set_viewport_size({"width": width, "height": 800})
        for url in urls:
            page.goto(url)
            page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
            found += find_barriers(page)
            wide = page.evaluate("document.documentElement.scrollWidth > innerWidth")
            found += [f"{url} is wider than a screen of {width}"] if wide else []
    page.goto(f"/records/patient/{mark}")
    page.get_by_label("Why you need to see them").fill("a complaint of yesterday")
    page.get_by_role("button", name="Show the values").click()
    found += find_barriers(page)
    stranger = browser.new_page(base_url=served)
    stranger.goto("/sign-in")
    found += find_barriers(stranger)

    assert not found, "\n".join(found)


def test_the_first_key_leads_past_the_bar_and_the_focus_is_seen(enter: Enter) -> None:
    page = enter("Eve")
    page.goto("/")

    page.keyboard.press("Tab")

    expect(page.locator(":focus")).to_have_text("Skip to the page")
    expect(page.locator(":focus")).to_be_in_viewport()


def test_without_a_script_a_wave_is_held(browser: Browser, served: str, moved: Platform) -> None:
    given = account.add_account(moved.store, "dana", "Dana")
    account.change_password(moved.store, "dana", given, "a fine long sentence", "")
    context = browser.new_context(base_url=served, java_script_enabled=False)
    page = context.new_page()

    sign_in(page, "dana", "a fine long sentence")
    page.goto("/waves/pilot")
    decide(page, "Hold wave pilot", Why="a call from support")

    assert [d.action for d in moved.store.decisions()] == ["open", "hold"]
    context.close()


def test_a_page_prints_what_was_read_and_no_form(enter: Enter) -> None:
    page = enter("Eve")
    page.goto("/waves/pilot")

    printed = page.pdf(format="A4")
    page.emulate_media(media="print")

    assert printed.startswith(b"%PDF")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(page.locator("#accounting")).to_be_visible()
    expect(page.locator("form button").first).to_be_hidden()
    expect(page.locator("header.bar")).to_be_hidden()
