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
from typing import Any, Literal, get_args

Effect = Literal["correct", "exclude", "settle", "keep apart", "merge"]

EXCLUDED = "excluded by decision"
"""The rule that an excluded record carries."""

MERGED = "merged into another patient"
"""The rule that a patient carries whose chart moves as another patient's."""

WHILE_MERGED = "while merged"
"""What an exclusion is about that came of a merge: it ends with the merge."""

RELEASED = "released by"
"""What lets a survivor move that was held back as a suspected duplicate: the merge into it. It is kept
apart by that, and ends with it."""

SUSPECTED = "suspected-duplicate"
"""The rule of a record whose `distinct` columns another has too."""

POSSIBLE = "possible duplicate"
"""Kind and rule of a record that a search takes for a second registration. It moves."""

PROPOSALS = ("propose", "merge")
"""Actions that count once another person accepts them: a correction, a merge."""

WHERE_IT_GOES: tuple[Effect, ...] = ("exclude", "keep apart", "merge")
"""Effects of which a record has one at most."""


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
    corrected column, the settled concern, or the token of the record that a duplicate is merged into."""

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
    rule; those of `while_merged` count only while what the record names is merged. `apart` are
    suspected duplicates that are none.
    """

    corrections: Mapping[str, Mapping[str, str | None]] = field(default_factory=dict)
    excluded: Mapping[str, str] = field(default_factory=dict)
    apart: frozenset[str] = frozenset()
    settled: frozenset[tuple[str, str]] = frozenset()
    while_merged: frozenset[str] = frozenset()


NO_RULINGS = Rulings()


def find_rulings(acts: Iterable[Act]) -> tuple[Ruling, ...]:
    """What is in force after these acts, in order of the acts. Of two corrections of one column the
    later one counts, and so it does of two decisions on where the record goes."""
    proposed: dict[int, Act] = {}
    found: dict[tuple[str, str, str, Effect, str], Ruling] = {}
    for act in sorted(acts, key=lambda a: a.number):
        own = (act.cohort, act.entity, act.token)
        if act.action in PROPOSALS:
            proposed[act.number] = act
        elif act.action == "accept":
            origin = proposed[act.detail["proposal"]]
            if origin.action == "merge":
                _rule(found, origin, "merge", origin.detail["into"])
            else:
                _rule(found, origin, "correct", origin.detail["column"])
        elif act.action == "exclude":
            _rule(found, act, "exclude", WHILE_MERGED if act.detail.get(WHILE_MERGED) else "")
        elif act.action == "settle":
            _rule(found, act, "settle", act.detail["rule"])
        elif act.action == "keep apart":
            _rule(found, act, "keep apart", "")
        elif act.action == "reopen":
            only = ("keep apart",) if RELEASED in act.detail else get_args(Effect)
            for key in [k for k in found if k[:3] == own and k[3] in only]:
                del found[key]
    return tuple(sorted(found.values(), key=lambda r: r.number))


def _rule(
    found: dict[tuple[str, str, str, Effect, str], Ruling], act: Act, effect: Effect, about: str
) -> None:
    if effect in WHERE_IT_GOES:
        for other in WHERE_IT_GOES:
            for key in [k for k in found if k[:4] == (act.cohort, act.entity, act.token, other)]:
                del found[key]
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
    """Corrections and merges that were proposed and neither accepted nor rejected, nor ended by a reopening."""
    waiting: dict[int, Act] = {}
    for act in sorted(acts, key=lambda a: a.number):
        own = (act.cohort, act.entity, act.token)
        if act.action in PROPOSALS:
            waiting[act.number] = act
        elif act.action in ("accept", "reject"):
            waiting.pop(act.detail["proposal"], None)
        elif act.action == "reopen" and RELEASED not in act.detail:
            waiting = {
                n: a for n, a in waiting.items() if (a.cohort, a.entity, a.token) != own
            }  # fmt: skip
    return list(waiting.values())


def find_paired(acts: Iterable[Act]) -> dict[str, list[str]]:
    """Whom people take for the same person as a record, by its token, until the record is reopened."""
    found: dict[str, list[str]] = {}
    for act in sorted(acts, key=lambda a: a.number):
        if act.action == "pair":
            found.setdefault(act.token, []).append(act.detail["with"])
        elif act.action == "reopen" and RELEASED not in act.detail:
            found.pop(act.token, None)
    return found


def find_released(acts: Sequence[Act], merged: str) -> bool:
    """Whether a record moves only because another one was merged into it."""
    standing = {r.number for r in find_rulings(acts)}
    return any(a.number in standing and a.detail.get(RELEASED) == merged for a in acts)


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
