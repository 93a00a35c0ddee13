"""Right: which role may see and do what, the same on the command line and on the pages.

One table, pure. Who has which role stands in `people`, what else a decision asks for in `move`.
"""

from __future__ import annotations

from typing import Literal

from migration_platform.decision.people import ROLES, People
from migration_platform.errors import GateClosedError

Action = Literal[
    "read", "see values", "see views", "judge", "ready", "sign", "hold", "open", "resume", "amend",
    "promote", "complete", "roll back", "waive", "work", "run", "drill", "search", "measure",
]  # fmt: skip

SPONSOR, CLINICAL, OPERATIONS, TECHNICAL, COMPLIANCE = ROLES
DECIDE = (SPONSOR, CLINICAL, OPERATIONS, TECHNICAL)

RIGHTS: dict[Action, tuple[str, ...]] = {
    "read": ROLES,
    "see values": (CLINICAL, OPERATIONS, TECHNICAL),
    "see views": (TECHNICAL, COMPLIANCE),
    "judge": (CLINICAL,),
    "ready": ROLES,
    "sign": ROLES,
    "hold": ROLES,
    "open": DECIDE,
    "resume": DECIDE,
    "amend": DECIDE,
    "promote": DECIDE,
    "complete": DECIDE,
    "roll back": DECIDE,
    "waive": DECIDE,
    "work": ROLES,
    "run": (OPERATIONS, TECHNICAL),
    "drill": (OPERATIONS, TECHNICAL),
    "search": (OPERATIONS, TECHNICAL),
    "measure": (OPERATIONS, TECHNICAL),
}
"""The roles that may. Counts and tokens are for everybody who is named, patients' values are not.
Whoever is named may stop a wave. Which role may sign or say that an item is done depends on the wave:
`signing` and `move` ask that; who may decide about an exception on its owner: `resolution` does."""

WORDS: dict[Action, str] = {
    "read": "read the pages",
    "see values": "see patients' values",
    "see views": "see who looked at patients' values",
    "judge": "judge a sample chart",
    "ready": "mark a readiness item as done",
    "sign": "sign evidence",
    "hold": "hold a wave",
    "open": "open a wave",
    "resume": "resume a wave",
    "amend": "amend what is sealed",
    "promote": "promote a wave",
    "complete": "complete a wave",
    "roll back": "roll back",
    "waive": "waive a difference",
    "work": "work an exception",
    "run": "run a cohort",
    "drill": "rehearse a rollback",
    "search": "search for duplicates",
    "measure": "record a figure from operation",
}


def find_roles(people: People, person: str) -> tuple[str, ...]:
    """The roles of a person, in the order of the roles."""
    return tuple(role for role in ROLES if people.holds(person, role))


def may(people: People, person: str, action: Action) -> bool:
    """Has one of the person's roles this right?"""
    return any(people.holds(person, role) for role in RIGHTS[action])


def explain_lack(people: People, person: str, action: Action) -> str:
    """Why a person has not this right, and who has; empty if they have it."""
    if may(people, person, action):
        return ""
    return (
        f"{person} may not {WORDS[action]}: that is for the {' or the '.join(RIGHTS[action])} "
        f"({', '.join(dict.fromkeys(n for r in RIGHTS[action] for n in people.roles.get(r, ())))})."
    )


def require_right(people: People, person: str, action: Action) -> None:
    """Raise ConfigurationError for somebody whom people.toml does not name, GateClosedError for
    somebody whose roles do not have this right."""
    people.require(person)
    if lack := explain_lack(people, person, action):
        raise GateClosedError(lack)
