"""Routes of what people decide about a wave: each form reaches the same function as its command."""

from __future__ import annotations

from collections.abc import Callable

from migration_platform.decision.move import make_move, mark_ready
from migration_platform.decision.right import Action
from migration_platform.decision.signing import sign as record_sign_off
from migration_platform.errors import ConfigurationError
from migration_platform.room.app import Way
from migration_platform.room.page.progress import list_progress
from migration_platform.room.visit import Answer, Moved, Shown, Visit


def _wave(visit: Visit) -> str:
    return visit.platform.plan.wave(visit.path["wave"]).name


def _done(visit: Visit, wave: str) -> Moved:
    visit.room.shelf.forget()
    return Moved(f"/waves/{wave}")


def _decide(action: Action) -> Callable[[Visit], Answer]:
    def decide(visit: Visit) -> Answer:
        wave = _wave(visit)
        hours = visit.said("despite") if action == "resume" else ""
        if hours and not hours.isdecimal():
            raise ConfigurationError("give a whole number of hours")
        make_move(
            visit.platform, wave, action, person=visit.person, reason=_required(visit, "reason"),
            despite_hours=int(hours or 0),
        )  # fmt: skip
        return _done(visit, wave)

    return decide


def ready(visit: Visit) -> Answer:
    wave = _wave(visit)
    items = visit.form.get("item") or []
    if not items:
        raise ConfigurationError("choose the items that are done")
    mark_ready(
        visit.platform, wave, items, person=visit.person, note=_required(visit, "reason")
    )  # fmt: skip
    return _done(visit, wave)


def sign(visit: Visit) -> Answer:
    wave = _wave(visit)
    record_sign_off(
        visit.platform,
        wave,
        person=visit.person,
        role=visit.said("role"),
        evidence_digest=_required(visit, "evidence"),
        statement=_required(visit, "reason"),
    )
    return _done(visit, wave)


def promote(visit: Visit) -> Answer:
    """Begins it: everything is reconciled once more, which may take a while."""
    wave = _wave(visit)
    reason, digest = _required(visit, "reason"), _required(visit, "evidence")
    errand = visit.room.errands.promote(visit.platform, wave, visit.person, reason, digest)
    return Moved(f"/errands/{errand}")


def plan_rollback(visit: Visit) -> Answer:
    """What it would do, worked out at the destination; nothing is changed."""
    from migration_platform.rollback.wave_rollback import (
        roll_back_all,  # what loads bring with them
    )

    wave = _wave(visit)
    names = [c.name for c in visit.platform.plan.wave(wave).cohorts]
    plans = roll_back_all(
        visit.platform, names, wave=wave, person=visit.person, reason="", dry_run=True
    )
    removed = sum(sum(plan.removed.values()) for plan in plans)
    return Shown("rollback.html.j2", {"wave": wave, "plans": plans, "removed": removed})


def roll_back(visit: Visit) -> Answer:
    """Begins it. The name of the wave must have been typed."""
    wave, reason = _wave(visit), _required(visit, "reason")
    if visit.said("name") != wave:
        raise ConfigurationError(f"type the wave's name, {wave}, to roll it back")
    errand = visit.room.errands.roll_back(visit.platform, wave, visit.person, reason)
    return Moved(f"/errands/{errand}")


def show_errand(visit: Visit) -> Answer:
    errand = visit.room.errands.find(visit.path["errand"])
    return Shown("errand.html.j2", {"errand": errand, "far": list_progress(errand.cohorts)})


def _required(visit: Visit, name: str) -> str:
    text = visit.said(name)
    if not text:
        raise ConfigurationError(
            "a decision needs a reason: say why, it is kept in the decision log"
            if name == "reason"
            else f"the form lacks its field '{name}': open the page again"
        )
    return text


WAYS = (
    *(
        Way("POST", f"/waves/{{wave}}/{action}", action, _decide(action))
        for action in ("open", "hold", "resume", "amend", "complete")
    ),
    Way("POST", "/waves/{wave}/ready", "ready", ready),
    Way("POST", "/waves/{wave}/sign", "sign", sign),
    Way("POST", "/waves/{wave}/promote", "promote", promote),
    Way("GET", "/waves/{wave}/roll-back", "roll back", plan_rollback),
    Way("POST", "/waves/{wave}/roll-back", "roll back", roll_back),
    Way("GET", "/errands/{errand}", "read", show_errand),
)
