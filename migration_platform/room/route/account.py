"""Routes of signing in and out, one's password, one's time zone, and what every page loads."""

from __future__ import annotations

from pathlib import Path

from migration_platform.errors import ConfigurationError, GateClosedError
from migration_platform.right import find_roles
from migration_platform.room import account
from migration_platform.room.app import Way
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
    values = {"next": _local(there), "problem": problem}
    return Shown("sign_in.html.j2", values, 400 if problem else 200)


def _local(url: str) -> str:
    """A page of ours, whatever was asked for."""
    return url if url.startswith("/") and url[1:2] not in ("/", "\\") and "\n" not in url else "/"


WAYS = (
    Way("GET", "/sign-in", None, show_sign_in),
    Way("POST", "/sign-in", None, sign_in),
    Way("POST", "/sign-out", "read", sign_out, unchanged=True),
    Way("GET", "/password", "read", show_password, unchanged=True),
    Way("POST", "/password", "read", change_password, unchanged=True),
    Way("POST", "/zone", None, set_zone),
    Way("GET", "/style.css", None, style),
    Way("GET", "/room.js", None, script),
)
