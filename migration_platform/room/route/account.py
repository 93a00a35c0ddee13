"""Routes of signing in and out, one's password, one's time zone, and what every page loads."""

from __future__ import annotations

from pathlib import Path

from migration_platform.decision.right import find_roles
from migration_platform.errors import ConfigurationError, GateClosedError
from migration_platform.room import account
from migration_platform.room.app import SIGN_ON, Way
from migration_platform.room.render import is_zone, read_style
from migration_platform.room.session import begin_session, end_session
from migration_platform.room.visit import Answer, File, Moved, Shown, Visit

SCRIPT = Path(__file__).parents[1] / "room.js"


def show_sign_in(visit: Visit) -> Answer:
    if visit.viewer is not None:
        return Moved("/")
    return _sign_in_page(visit, visit.query.get("next", "/"), "")


def sign_in(visit: Visit) -> Answer:
    there = visit.said("next")
    name, password = visit.said("name").lower(), (visit.form.get("password") or [""])[0]
    tried = account.sign_in(visit.platform.store, name, password, visit.address)
    if tried.account is None:
        words = "That name and password do not belong together, or the account is disabled."
        if tried.until is not None:
            words = f"Too many attempts. Try again after {tried.until:%H:%M} UTC."
        return _sign_in_page(visit, there, words)
    if not find_roles(visit.platform.people, tried.account.person):
        raise GateClosedError(
            f"people.toml does not name {tried.account.person} any more: nothing here is for them."
        )
    held = begin_session(visit.platform.store, tried.account.person, tried.account.name)
    return Moved(_local(there), {f"{visit.room.prefix}session": held})


def go_to_sign_on(visit: Visit) -> Answer:
    """To the company's own."""
    if visit.room.sign_on is None:
        raise ConfigurationError("there is no sign-on but the one with a password")
    url, state = visit.room.sign_on.begin(_local(visit.query.get("next", "/")))
    return Moved(url, {f"{visit.room.prefix}{SIGN_ON}": state})


def come_from_sign_on(visit: Visit) -> Answer:
    """Back from there. A page, not a redirection: the cookie that it sets is sent to no page that
    another site has led to."""
    if visit.room.sign_on is None:
        raise ConfigurationError("there is no sign-on but the one with a password")
    email, there = visit.room.sign_on.end(
        visit.query.get("state", ""), visit.sent, visit.query.get("code", "")
    )
    people = visit.platform.people
    person = people.find_by_email(email)
    if person is None or not find_roles(people, person):
        account.record_sign_on(visit.platform.store, "", visit.address, "refused")
        raise GateClosedError(
            "people.toml names nobody with your e-mail address: nothing here is for you. Whoever "
            "keeps that file adds it under [emails]."
        )
    account.record_sign_on(visit.platform.store, person, visit.address, "signed in")
    held = begin_session(visit.platform.store, person, None)
    prefix = visit.room.prefix
    return Shown(
        "signed_on.html.j2",
        {"there": there},
        cookies={f"{prefix}session": held, f"{prefix}{SIGN_ON}": ""},
    )


def sign_out(visit: Visit) -> Answer:
    end_session(visit.platform.store, visit.held)
    return Moved("/sign-in", {f"{visit.room.prefix}session": ""})


def show_password(visit: Visit) -> Answer:
    return Shown("password.html.j2", {"problem": ""})


def change_password(visit: Visit) -> Answer:
    assert visit.viewer is not None
    name = visit.viewer.account
    if name is None:
        raise ConfigurationError(
            "you signed in through the company's own sign-on: there is no password of yours here"
        )
    old, new, again = ((visit.form.get(n) or [""])[0] for n in ("old", "new", "again"))
    problem = "The two new passwords are not the same." if new != again else ""
    if not problem:
        try:
            tried = account.change_password(visit.platform.store, name, old, new, visit.address)
        except ConfigurationError as error:
            problem = str(error).capitalize() + "."
        else:
            if tried.account is not None:
                held = begin_session(visit.platform.store, visit.person, name)
                return Moved("/", {f"{visit.room.prefix}session": held})
            problem = "The present password is another one."
            if tried.until is not None:
                problem = f"Too many attempts. Try again after {tried.until:%H:%M} UTC."
    return Shown("password.html.j2", {"problem": problem}, 400)


def set_zone(visit: Visit) -> Answer:
    zone = visit.said("zone")
    if not is_zone(zone):
        raise ConfigurationError(
            f"'{zone[:40]}' is no time zone: give one as in Europe/Berlin or America/New_York"
        )
    return Moved(_local(visit.said("next")), {"zone": zone})


def style(visit: Visit) -> Answer:
    return File(read_style(), "text/css")


def script(visit: Visit) -> Answer:
    return File(SCRIPT.read_text(encoding="utf-8"), "text/javascript")


def _sign_in_page(visit: Visit, there: str, problem: str) -> Shown:
    values = {"next": _local(there), "problem": problem, "sign_on": visit.room.sign_on is not None}
    return Shown("sign_in.html.j2", values, 400 if problem else 200)


def _local(url: str) -> str:
    """A page of ours, whatever was asked for."""
    return url if url.startswith("/") and url[1:2] not in ("/", "\\") and "\n" not in url else "/"


WAYS = (
    Way("GET", "/sign-in", None, show_sign_in),
    Way("POST", "/sign-in", None, sign_in),
    Way("GET", "/sign-on", None, go_to_sign_on),
    Way("GET", "/sign-on/done", None, come_from_sign_on),
    Way("POST", "/sign-out", "read", sign_out, unchanged=True),
    Way("GET", "/password", "read", show_password, unchanged=True),
    Way("POST", "/password", "read", change_password, unchanged=True),
    Way("POST", "/zone", None, set_zone),
    Way("GET", "/style.css", None, style),
    Way("GET", "/room.js", None, script),
)
