"""Ruling: what people decided about single records, read from the history of their acts.

Pure. A ruling is in force from the act that made it until one that ends it; nothing else is kept, so
that history and rulings cannot disagree. Values are not here (`ruling_file`), nor who may decide
(`resolution`).
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

Effect = Literal["correct", "exclude", "settle", "keep apart"]

EXCLUDED = "excluded by decision"
"""The rule that an excluded record carries."""

SUSPECTED = "suspected-duplicate"
"""The rule of a record whose `distinct` columns another has too."""


@dataclass(frozen=True, slots=True)
class Act:
    """An entry of the history: what somebody did about a record, by token, and why."""

    number: int
    cohort: str
    entity: str
    token: str
    action: str
    person: str
    reason: str
    detail: Mapping[str, Any]
    acted_at: datetime


@dataclass(frozen=True, slots=True)
class Ruling:
    """A decision in force about one record. `number` is the act that has its `seal`; `about` the
    corrected column or the settled concern."""

    number: int
    cohort: str
    entity: str
    token: str
    effect: Effect
    about: str
    seal: str


@dataclass(frozen=True, slots=True)
class Rulings:
    """What is in force for an entity of a cohort, by source id: what a transform applies.

    `corrections` gives the new text (None: no value) by column and source id. `excluded` gives the
    rule. `apart` are suspected duplicates that are none.
    """

    corrections: Mapping[str, Mapping[str, str | None]] = field(default_factory=dict)
    excluded: Mapping[str, str] = field(default_factory=dict)
    apart: frozenset[str] = frozenset()
    settled: frozenset[tuple[str, str]] = frozenset()


NO_RULINGS = Rulings()


def find_rulings(acts: Iterable[Act]) -> tuple[Ruling, ...]:
    """What is in force after these acts, in order of the acts. Of two corrections of one column the
    later one counts."""
    proposed: dict[int, Act] = {}
    found: dict[tuple[str, str, str, Effect, str], Ruling] = {}
    for act in sorted(acts, key=lambda a: a.number):
        own = (act.cohort, act.entity, act.token)
        if act.action == "propose":
            proposed[act.number] = act
        elif act.action == "accept":
            origin = proposed[act.detail["proposal"]]
            _rule(found, origin, "correct", origin.detail["column"])
        elif act.action == "exclude":
            _rule(found, act, "exclude", "")
        elif act.action == "settle":
            _rule(found, act, "settle", act.detail["rule"])
        elif act.action == "keep apart":
            _rule(found, act, "keep apart", "")
        elif act.action == "reopen":
            for key in [k for k in found if k[:3] == own]:
                del found[key]
    return tuple(sorted(found.values(), key=lambda r: r.number))


def _rule(
    found: dict[tuple[str, str, str, Effect, str], Ruling], act: Act, effect: Effect, about: str
) -> None:
    found[act.cohort, act.entity, act.token, effect, about] = Ruling(
        act.number,
        act.cohort,
        act.entity,
        act.token,
        effect,
        about,
        act.detail["seal"],
    )


def find_open_proposals(acts: Sequence[Act]) -> list[Act]:
    """Corrections that were proposed and neither accepted nor rejected, nor ended by a reopening."""
    waiting: dict[int, Act] = {}
    for act in sorted(acts, key=lambda a: a.number):
        own = (act.cohort, act.entity, act.token)
        if act.action == "propose":
            waiting[act.number] = act
        elif act.action in ("accept", "reject"):
            waiting.pop(act.detail["proposal"], None)
        elif act.action == "reopen":
            waiting = {
                n: a for n, a in waiting.items() if (a.cohort, a.entity, a.token) != own
            }  # fmt: skip
    return list(waiting.values())


def find_assignee(acts: Sequence[Act]) -> str:
    """Who works on it, as the newest assignment says; empty if nobody does."""
    named = [a.detail["to"] for a in sorted(acts, key=lambda a: a.number) if a.action == "assign"]
    return named[-1] if named else ""


def digest_rulings(rulings: Sequence[Ruling]) -> str:
    """What a transform works from beside its snapshot; empty while nothing is in force."""
    if not rulings:
        return ""
    lines = [f"{r.number}:{r.effect}:{r.about}:{r.seal}" for r in rulings]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def seal(key: bytes, entity: str, source_id: str, about: str, value: str | None) -> str:
    """What binds a history's entry to the value that stands elsewhere: keyed, so that nobody who
    reads the history can try values out."""
    said = "-" if value is None else f"{len(value)}:{value}"
    message = f"{entity}\0{source_id}\0{about}\0{said}".encode()
    return hmac.digest(key, b"ruling\0" + message, hashlib.sha256).hex()
