"""Decision: what the reader may decide about a wave now, each with its effect, and what is refused.

Legality comes from `wave_state`, rights from `right`; what else a decision asks for is said when it is
taken (`move`, `signing`): the same functions as on the command line.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, get_args

from migration_platform.decision.decision import Decision
from migration_platform.decision.move import DESPITE
from migration_platform.decision.people import People
from migration_platform.decision.right import RIGHTS, Action, explain_lack, find_roles
from migration_platform.decision.wave_state import EFFECTS, find_state, refuse
from migration_platform.evidence.evidence import Evidence

ORDER: tuple[Action, ...] = (
    "sign", "promote", "open", "ready", "resume", "amend", "hold", "complete", "roll back",
)  # fmt: skip
ON_EVIDENCE = ("sign", "promote", "complete")
OLD = "what this page shows is too old to decide on: its evidence is put together anew now."
DANGEROUS = ("roll back", "complete")
TITLES = {
    "sign": "Sign this evidence",
    "promote": "Promote wave {wave}",
    "open": "Open wave {wave}",
    "ready": "Mark readiness items as done",
    "resume": "Resume wave {wave}",
    "amend": "Seal what the files say now",
    "hold": "Hold wave {wave}",
    "complete": "Complete wave {wave}",
    "roll back": "Roll back wave {wave}: {patients}",
}
assert set(ORDER) <= set(get_args(Action)) == set(RIGHTS)


@dataclass(frozen=True, slots=True)
class Choice:
    """A decision that the reader may take now. `roles` in which they may sign, `items` that they may
    mark as done: a name and what it says. `despite`: the role, if the reader has it, that may resume in
    spite of a tripped trigger."""

    action: Action
    title: str
    effect: str
    dangerous: bool
    roles: tuple[str, ...] = ()
    items: tuple[tuple[str, str], ...] = ()
    despite: str = ""


@dataclass(frozen=True, slots=True)
class Closed:
    """A decision that the reader may not take now, and why."""

    action: Action
    why: str


def list_decisions(
    people: People,
    person: str,
    log: Sequence[Decision],
    seen: Evidence,
    patients: int,
    *,
    current: bool = True,
) -> tuple[tuple[Choice, ...], tuple[Closed, ...]]:
    """What the reader may decide now, and what not: on evidence that is not current nothing that rests
    on it."""
    state = find_state(log, seen.wave)
    choices, closed = [], []
    for action in ORDER:
        if refuse(state, seen.wave, action):
            continue  # not a move of this state: the page says which state it is
        old = "" if current or action not in ON_EVIDENCE else OLD
        why = explain_lack(people, person, action) or old or _lacks(action, people, person, seen)
        if why:
            closed.append(Closed(action, why))
            continue
        count = f"{patients:,} patient{'' if patients == 1 else 's'}"
        choices.append(
            Choice(
                action,
                TITLES[action].format(wave=seen.wave, patients=count),
                EFFECTS[action],
                action in DANGEROUS,
                _roles(people, person, seen.document) if action == "sign" else (),
                _items(people, person, seen.document) if action == "ready" else (),
                DESPITE if action == "resume" and people.holds(person, DESPITE) else "",
            )
        )
    return tuple(choices), tuple(closed)


def _lacks(action: Action, people: People, person: str, seen: Evidence) -> str:
    """What is missing that the page knows of already."""
    document, decided = seen.document, seen.decision
    if action == "promote" and decided.verdict != "promote":
        return f"the verdict is {decided.verdict}, not promote."
    if action == "complete" and decided.verdict != "promote":
        return "its evidence has to be signed anew first."
    if action == "sign":
        if not decided.signable:
            return "there is nothing to sign while more than sign-offs is missing."
        if not _roles(people, person, document):
            asked = ", ".join(document["criteria"]["sign_offs"]) or "nobody"
            return f"it asks to sign: {asked}; signed already, or not a role of yours."
    if action == "ready" and not _items(people, person, document):
        return "no open item is for a role of yours."
    if action == "amend" and not document["sealed"]["changes"]:
        return "nothing that is sealed has changed."
    return ""


def _roles(people: People, person: str, document: Mapping[str, Any]) -> tuple[str, ...]:
    """In which roles the reader may sign that nobody has signed in on this evidence."""
    done = {s["role"] for s in document["sign_offs"] if s["evidence_digest"] == document["digest"]}
    return tuple(
        role
        for role in find_roles(people, person)
        if role in document["criteria"]["sign_offs"] and role not in done
    )


def _items(people: People, person: str, document: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    return tuple(
        (i["name"], i["says"])
        for i in document["readiness"]
        if i["done"] is None and people.holds(person, i["owner"])
    )
