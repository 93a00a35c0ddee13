"""Routes of one record in the exception queue: each form reaches the same function as its command.

Values are shown after a reason that is recorded, in the answer to a form, and nowhere else.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time
from typing import Any

from migration_platform.errors import ConfigurationError
from migration_platform.exception import resolution
from migration_platform.exception.case import describe_case, read_values
from migration_platform.room.app import Way
from migration_platform.room.page.case import UNMAPPED, describe_exception, find_right
from migration_platform.room.route.chart import read_token
from migration_platform.room.route.wave import give_csv
from migration_platform.room.visit import Answer, Moved, Shown, Visit
from migration_platform.value_view import record_view


def show(visit: Visit) -> Answer:
    return _page(visit, {})


def case_csv(visit: Visit) -> Answer:
    token = read_token(visit)
    page = describe_exception(visit.platform, token, visit.person)
    return give_csv(page.tables, visit.path["table"], token)


def show_values(visit: Visit) -> Answer:
    """The record's source columns and those of who may be the same person, what was proposed for it,
    and the code that it waits with."""
    platform, token = visit.platform, read_token(visit)
    case = describe_case(platform, token)
    what = case["exceptions"][0]["entity"] if case["exceptions"] else ""
    record_view(
        platform, person=visit.person, way="page", what=what, token=token,
        reason=visit.said("reason"),
    )  # fmt: skip
    return _page(visit, {**read_values(platform, case), **_missing_code(visit, case)})


def _page(visit: Visit, seen: dict[str, Any]) -> Shown:
    token = read_token(visit)
    page = describe_exception(visit.platform, token, visit.person)
    return Shown("case.html.j2", {"page": page, "seen": seen, "may_see": visit.may("see values")})


def _missing_code(visit: Visit, case: dict[str, Any]) -> dict[str, Any]:
    if not any(e["kind"] == UNMAPPED and e["closed_at"] is None for e in case["exceptions"]):
        return {}
    from migration_platform.exception.code_row import find_missing_code  # brings the mappings

    try:
        return {"missing": find_missing_code(visit.platform, case["token"])[1]}
    except ConfigurationError as error:
        return {"missing": None, "why_not": str(error)}


def assign(visit: Visit, token: str) -> None:
    resolution.assign(visit.platform, token, to=visit.said("to"), person=visit.person)


def comment(visit: Visit, token: str) -> None:
    resolution.comment(visit.platform, token, visit.said("reason"), person=visit.person)


def correct(visit: Visit, token: str) -> None:
    empty = visit.said("empty") == "yes"
    value = None if empty else (visit.form.get("value") or [""])[0]
    if value is not None and not value.strip():
        raise ConfigurationError("the right text is empty: give it, or say that there is none")
    resolution.propose(
        visit.platform, token, column=visit.said("column"), value=value, person=visit.person,
        reason=visit.said("reason"),
    )  # fmt: skip


def merge(visit: Visit, token: str) -> str:
    """Propose it; returns who goes: its page is where another person accepts."""
    from migration_platform.duplicate.merging import propose_merge

    other, stays = visit.said("other"), visit.said("stays")
    if stays not in ("this", "other"):
        raise ConfigurationError("say which of the two registrations stays")
    goes, into = (token, other) if stays == "other" else (other, token)
    propose_merge(visit.platform, goes, into=into, person=visit.person, reason=visit.said("reason"))
    return goes


def code(visit: Visit, token: str) -> None:
    from migration_platform.exception.code_row import add_code

    add_code(
        visit.platform, token, becomes=visit.said("becomes"), person=visit.person,
        reason=visit.said("reason"),
    )  # fmt: skip


def waive(visit: Visit, token: str) -> None:
    try:
        day = date.fromisoformat(visit.said("until"))
    except ValueError:
        raise ConfigurationError("give the last day on which the waiver counts") from None
    end = datetime.combine(day, time.max, UTC)
    resolution.waive(
        visit.platform, token, person=visit.person, reason=visit.said("reason"), until=end
    )


def _on_proposal(act: Callable[..., Any]) -> Callable[[Visit, str], None]:
    def do(visit: Visit, token: str) -> None:
        number = visit.said("proposal")
        if not number.isdecimal():
            raise ConfigurationError("say which proposal: its number")
        act(
            visit.platform, token, proposal=int(number), person=visit.person,
            reason=visit.said("reason"),
        )  # fmt: skip

    return do


def _plainly(act: Callable[..., Any]) -> Callable[[Visit, str], None]:
    def do(visit: Visit, token: str) -> None:
        act(visit.platform, token, person=visit.person, reason=visit.said("reason"))

    return do


def _done(do: Callable[[Visit, str], str | None]) -> Callable[[Visit], Answer]:
    def answer(visit: Visit) -> Answer:
        token = read_token(visit)
        where = do(visit, token) or token
        visit.room.shelf.forget()
        return Moved(f"/exceptions/{where}")

    return answer


DEEDS: dict[str, Callable[[Visit, str], str | None]] = {
    "assign": assign,
    "comment": comment,
    "correct": correct,
    "code": code,
    "merge": merge,
    "waive": waive,
    "accept": _on_proposal(resolution.accept),
    "reject": _on_proposal(resolution.reject),
    "exclude": _plainly(resolution.exclude),
    "keep-apart": _plainly(resolution.keep_apart),
    "settle": _plainly(resolution.settle),
    "reopen": _plainly(resolution.reopen),
}

WAYS = (
    Way("GET", "/exceptions/{token}", "read", show),
    Way("GET", "/exceptions/{token}/{table}.csv", "read", case_csv),
    Way("POST", "/exceptions/{token}/values", "see values", show_values),
    *(
        Way("POST", f"/exceptions/{{token}}/{name}", find_right(name), _done(do))
        for name, do in DEEDS.items()
    ),
)
