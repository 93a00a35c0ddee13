"""App: HTTP in front of the room. Who asks, may they, is the form theirs; then a route answers.

Everything that concerns browsers stands here: cookies, headers, origins. What a page says stands in
`page`, what is decided in the engine's own functions.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import sys
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, quote, urlsplit

import psycopg
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

from migration_platform.decision.right import Action, find_roles
from migration_platform.errors import EvidenceError, GateClosedError, MigrationError
from migration_platform.platform import Platform
from migration_platform.room.errand import Errands
from migration_platform.room.lender import Lender
from migration_platform.room.render import is_zone, render
from migration_platform.room.session import find_session
from migration_platform.room.shelf import Shelf
from migration_platform.room.visit import Answer, File, Moved, Shown, Viewer, Visit
from migration_platform.settings import Settings, keep_secret

if TYPE_CHECKING:
    from migration_platform.room.sign_on import SignOn

LARGEST_FORM = 64 * 1024
BLOCK = 256 * 1024
"""Characters of a long file that are sent at once."""

UTC_ZONE = "UTC"

SIGN_ON = "sign-on"
"""The cookie of who was sent to the company's sign-on: it must come along on the way back from there."""

HEADERS = {
    # Style and script come from here alone; nothing else is fetched, framed or sent.
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; "
    "connect-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cache-Control": "no-store",
}


@dataclass(frozen=True, slots=True)
class Way:
    """A route: what is asked for, the right that it takes (None: nobody need be signed in), and what
    answers. `unchanged`: open also to who must change a password first."""

    method: str
    path: str
    right: Action | None
    answer: Callable[[Visit], Answer]
    unchanged: bool = False


@dataclass
class Room:
    """What all requests share."""

    settings: Settings
    lender: Lender
    shelf: Shelf
    key: bytes
    hosts: frozenset[str]
    secure: bool
    errands: Errands
    ways: Sequence[Way]
    sign_on: SignOn | None

    @property
    def prefix(self) -> str:
        """Of cookies. A browser keeps one that begins so for this host and TLS alone."""
        return "__Host-" if self.secure else ""


def make_room(settings: Settings, ways: Sequence[Way], make: Callable[[], Platform]) -> Room:
    """The room of a migration; `make` opens its platform."""
    public = urlsplit(settings.room_url)
    lender = Lender(make)
    shelf = Shelf(settings, lender)
    return Room(
        settings,
        lender,
        shelf,
        keep_secret(settings.secrets / "room.key", lambda: secrets.token_hex(32)).encode(),
        frozenset({public.netloc, *settings.room_hosts}),
        public.scheme == "https",
        Errands(lender, shelf),
        ways,
        _open_sign_on(settings),
    )


def _open_sign_on(settings: Settings) -> SignOn | None:
    """The company's own sign-on, if the settings name one."""
    if not settings.oidc_issuer:
        return None
    from migration_platform.room.sign_on import SignOn  # brings its libraries

    return SignOn(settings)


def make_app(room: Room) -> Starlette:
    """The ASGI application."""
    app = Starlette(routes=[_route(room, way) for way in room.ways])

    async def missing(request: Request, error: Exception) -> Response:
        status = getattr(error, "status_code", 404)
        words = "There is no such page." if status == 404 else "That cannot be asked here."
        return await run_in_threadpool(_refuse, room, request, status, words)

    for status in (404, 405):
        app.add_exception_handler(status, missing)
    return app


def _route(room: Room, way: Way) -> Route:
    async def endpoint(request: Request) -> Response:
        body = b""
        async for chunk in request.stream():
            body += chunk
            if len(body) > LARGEST_FORM:
                return await run_in_threadpool(
                    _refuse, room, request, 413, "That is more than a form of these pages holds."
                )
        return await run_in_threadpool(_handle, room, way, request, body)

    return Route(way.path, endpoint, methods=[way.method])


def _handle(room: Room, way: Way, request: Request, body: bytes) -> Response:
    if request.headers.get("host", "") not in room.hosts:
        # A page of somewhere else whose name was made to lead here must not read along.
        return Response("421 Misdirected Request\n", 421, HEADERS, "text/plain")
    form = parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True)
    try:
        with room.lender.lend() as platform:
            visit = _receive(room, platform, request, form)
            return _respond(room, visit, request, _answer(way, visit, request))
    except psycopg.OperationalError:
        return _refuse(room, request, 503, "The platform store does not answer. Try again.")
    except MigrationError as error:  # a file of the migration that says something that cannot be
        return _refuse(room, request, 503, str(error))
    except Exception as error:
        # What an error says may be a patient's value; where it happened is not.
        frames = traceback.format_list(traceback.extract_tb(error.__traceback__))
        sys.stderr.writelines([*frames, f"{type(error).__name__} (a defect), its text withheld\n"])
        return _refuse(
            room, request, 500, "This page has a defect. The server's log says where in the code."
        )


def _answer(way: Way, visit: Visit, request: Request) -> Answer:
    """Ask everything that stands before the answer, then answer."""
    if way.method == "POST" and (problem := _foreign(visit, request)):
        return _problem(visit, 403, problem)
    if way.right is not None:
        if visit.viewer is None:
            there = request.url.path if way.method == "GET" else "/"
            return Moved(f"/sign-in?next={quote(there)}")
        if visit.viewer.must_change and not way.unchanged:
            return Moved("/password")
        if lack := visit.lack(way.right):
            return _problem(visit, 403, lack)
    try:
        return way.answer(visit)
    except (GateClosedError, EvidenceError) as error:
        visit.room.shelf.forget()
        return _problem(visit, 409, str(error))
    except MigrationError as error:
        return _problem(visit, 400 if way.method == "POST" else 404, str(error))


def _receive(
    room: Room, platform: Platform, request: Request, form: Mapping[str, Sequence[str]]
) -> Visit:
    held = request.cookies.get(f"{room.prefix}session", "")
    session = find_session(platform.store, held) if held else None
    viewer = None
    if session is not None and (roles := find_roles(platform.people, session.person)):
        viewer = Viewer(session.person, roles, session.account, session.must_change)
    zone = request.cookies.get("zone", UTC_ZONE)
    return Visit(
        room,
        platform,
        viewer,
        dict(request.path_params),
        dict(request.query_params),
        form,
        zone if is_zone(zone) else UTC_ZONE,
        request.client.host if request.client else "",
        held if session else "",
        _sign(room, _seed(room, request), held if session else ""),
        request.cookies.get(f"{room.prefix}{SIGN_ON}", ""),
    )


def _seed(room: Room, request: Request) -> str:
    """What this browser holds, before anybody has signed in there too."""
    kept = request.cookies.get(f"{room.prefix}form", "")
    if not kept:
        kept = request.scope.setdefault("room.form", secrets.token_urlsafe(24))
    return str(kept)


def _sign(room: Room, seed: str, held: str) -> str:
    return hmac.digest(room.key, f"{seed}\0{held}".encode(), hashlib.sha256).hex()


def _foreign(visit: Visit, request: Request) -> str:
    """Why a form is not one of these pages', empty if it is."""
    origin = request.headers.get("origin")
    if request.headers.get("sec-fetch-site", "same-origin") != "same-origin" or (
        origin is not None and urlsplit(origin).netloc not in visit.room.hosts
    ):
        return "This was sent from another site. Nothing was recorded."
    if not hmac.compare_digest(visit.said("signature"), visit.signature):
        return (
            "This page was open for longer than you were signed in, or the browser keeps no cookies. "
            "Nothing was recorded: open the page again, and decide there."
        )
    return ""


def _problem(visit: Visit, status: int, words: str) -> Shown:
    return Shown("problem.html.j2", {"status": status, "words": words.splitlines()}, status)


def _refuse(room: Room, request: Request, status: int, words: str) -> Response:
    """A page without anybody: it says what is wrong, and nothing of what was asked."""
    values = {**_frame(None, "", "UTC"), "status": status, "words": [words]}
    return Response(render("problem.html.j2", values), status, _headers(room), "text/html")


def _respond(room: Room, visit: Visit, request: Request, answer: Answer) -> Response:
    headers = _headers(room)
    response: Response
    match answer:
        case Moved(url, cookies):
            response = RedirectResponse(url, 303, headers)
        case File(content, kind, name):
            cookies = {}
            if name:
                headers["Content-Disposition"] = f'attachment; filename="{name}"'
            if kind in ("text/css", "text/javascript"):
                headers["Cache-Control"] = "max-age=300"
            if isinstance(content, str):
                response = Response(content, 200, headers, kind)
            else:
                response = _stream(content, headers, kind)
        case Shown(template, values, status, cookies):
            page = render(
                template, {**_frame(visit, request.url.path, visit.zone), **values}
            )  # fmt: skip
            response = Response(page, status, headers, "text/html")
    if new := request.scope.get("room.form"):
        cookies = {f"{room.prefix}form": new, **cookies}
    for name, value in cookies.items():
        response.set_cookie(
            name, value, httponly=True, secure=room.secure,
            samesite="lax" if name.endswith(SIGN_ON) else "strict",
            max_age=0 if not value else 31_536_000 if name == "zone" else None,
        )  # fmt: skip
    return response


def _stream(content: Iterable[str], headers: dict[str, str], kind: str) -> Response:
    """A long file, as it comes, in blocks: each costs a change of threads."""

    def gather() -> Iterator[str]:
        block: list[str] = []
        size = 0
        for line in content:
            block.append(line)
            size += len(line)
            if size >= BLOCK:
                yield "".join(block)
                block, size = [], 0
        yield "".join(block)

    return StreamingResponse(gather(), 200, headers, kind)


def _headers(room: Room) -> dict[str, str]:
    if room.secure:
        return {**HEADERS, "Strict-Transport-Security": "max-age=31536000"}
    return dict(HEADERS)


def _frame(visit: Visit | None, path: str, zone: str) -> dict[str, object]:
    """What the layout of every page needs."""
    viewer = visit.viewer if visit else None
    return {
        "viewer": viewer,
        "sees_views": bool(visit and visit.may("see views")),
        "path": path,
        "zone": zone,
        "signature": visit.signature if visit else "",
        "dagster": visit.room.settings.dagster_pages if visit else "",
    }
