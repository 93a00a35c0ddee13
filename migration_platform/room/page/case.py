"""Case: one record of the exception queue, what was done about it, and what the reader may do.

No values: those that a correction or a code needs are asked for with a reason, and read then. Who may
do what is decided in `resolution`; here the reader is told beforehand.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from migration_platform.decision.right import Action, explain_lack
from migration_platform.exception.case import describe_case
from migration_platform.exception.kind import MOVING
from migration_platform.platform import Platform
from migration_platform.room.page.headline import Headline
from migration_platform.room.page.sheet import Part
from migration_platform.room.table import Cell, Table, make_table

Deed = Literal[
    "assign", "comment", "code", "correct", "merge", "accept", "reject", "exclude", "keep-apart",
    "settle", "waive", "reopen",
]  # fmt: skip

UNMAPPED, DUPLICATE = "unmapped code", "duplicate"
BY_OWNER = ("code", "accept", "exclude", "keep-apart", "settle")
WITH_VALUES = ("code", "correct", "merge", "accept")
"""What nobody can decide without having seen the record's values."""

TITLES: Mapping[Deed, tuple[str, str]] = {
    "code": ("Add the code that its code map lacks", "every record with that code is translated"),
    "correct": ("Propose a correction", "another person must accept it"),
    "merge": (
        "Propose to merge the two registrations",
        "you say which of them stays; another person must accept exactly that",
    ),
    "accept": ("Accept what is proposed", "the next run of the cohort applies it"),
    "reject": ("Reject what is proposed", "the record waits on"),
    "keep-apart": ("Keep it apart", "it moves, as a record of its own"),
    "settle": ("Settle it", "the concern is not raised again for this record"),
    "waive": (
        "Waive the difference",
        "it stays one, and is accepted until a day, all of its cause",
    ),
    "exclude": ("Exclude the record", "it does not move, nor does what needs it"),
    "reopen": ("Take back what was decided", "it is as the source says again"),
    "assign": ("Say who works on it", "nothing changes for the record"),
    "comment": ("Add a comment", "nothing changes for the record"),
}


@dataclass(frozen=True, slots=True)
class Way:
    """Something that the reader may do. `needs_values`: not before they have been shown."""

    deed: Deed
    title: str
    effect: str
    needs_values: bool = False


@dataclass(frozen=True, slots=True)
class Closed:
    """Something that is to be done, and not by the reader."""

    title: str
    why: str


@dataclass(frozen=True, slots=True)
class CasePage:
    """`columns` may be corrected, those of the field in question first; `proposals` are the numbers
    of those that wait; `others` are the tokens of those who may be the same person; `cohort` is empty
    if the queue only has the record's history."""

    token: str
    entity: str
    cohort: str
    headline: Headline
    paths: tuple[str, ...]
    parts: tuple[Part, ...]
    ways: tuple[Way, ...]
    closed: tuple[Closed, ...]
    columns: tuple[str, ...]
    proposals: tuple[int, ...]
    others: tuple[str, ...]

    @property
    def tables(self) -> tuple[Table, ...]:
        return tuple(part.table for part in self.parts)


def describe_exception(platform: Platform, token: str, person: str) -> CasePage:
    """The page of a record in the queue, for a reader. Raises ConfigurationError if it never was."""
    case = describe_case(platform, token)
    waiting = [e for e in case["exceptions"] if e["closed_at"] is None]
    first = (waiting or case["exceptions"] or [None])[0]
    entity, cohort = (first["entity"], first["cohort"]) if first else ("", "")
    ways, closed = _judge(platform, case, waiting, person)
    return CasePage(
        token,
        entity,
        cohort,
        _headline(token, entity, waiting, case),
        tuple(dict.fromkeys(e["path"] for e in waiting if e["path"])),
        (
            Part("Why", _reasons(token, case["exceptions"])),
            *(
                [Part("Who may be the same person", _others(token, case["duplicates"]))]
                if case["duplicates"]
                else []
            ),
            *([Part("In force", _rulings(token, case["rulings"]))] if case["rulings"] else []),
            Part("What was done", _history(token, case["history"])),
        ),
        ways,
        closed,
        _columns(platform, entity, waiting),
        tuple(case["proposals"]),
        tuple(each["token"] for each in case["duplicates"]),
    )


def _headline(
    token: str, entity: str, waiting: Sequence[Mapping[str, Any]], case: Mapping[str, Any]
) -> Headline:
    name = entity.replace("_", " ").capitalize() or "Record"
    by = f"{case['assignee']} works on it." if case["assignee"] else "Nobody works on it yet."
    if not waiting:
        return Headline("passed", f"{name} {token} does not wait any more.")
    first = waiting[0]
    how = "moves, and somebody must look at it" if first["stage"] in MOVING else "waits"
    late = any(e["overdue"] for e in waiting)
    field = f" ({first['field']})" if first["field"] else ""
    return Headline(
        "late" if late else "held",
        f"{name} {token} {how}: {first['rule']}{field}.",
        f"For the {first['owner']}. {by}",
    )


def find_right(deed: str) -> Action:
    """The right that a deed asks for. A waiver is no resolution of a record: it moves the gate."""
    return "waive" if deed == "waive" else "work"


def _judge(
    platform: Platform,
    case: Mapping[str, Any],
    waiting: Sequence[Mapping[str, Any]],
    person: str,
) -> tuple[tuple[Way, ...], tuple[Closed, ...]]:
    """What there is to do about the record, and whether this reader may."""
    ways, closed = [], []
    owners = tuple(dict.fromkeys(e["owner"] for e in waiting))
    own = any(platform.people.holds(person, owner) for owner in owners)
    for deed in _open(case, waiting):
        title, effect = TITLES[deed]
        why = explain_lack(platform.people, person, find_right(deed))
        if not why and deed in BY_OWNER and not own:
            named = " or ".join(f"{o}: {platform.people.named(o)}" for o in owners)
            why = f"that is for its owner to decide ({named})."
        if not why and deed == "accept" and _all_own(case, person):
            why = "you proposed it: another person accepts it."
        if not why and deed in WITH_VALUES:
            why = explain_lack(platform.people, person, "see values")
        if why:
            closed.append(Closed(title, why))
        else:
            ways.append(Way(deed, title, effect, deed in WITH_VALUES))
    return tuple(ways), tuple(closed)


def _open(case: Mapping[str, Any], waiting: Sequence[Mapping[str, Any]]) -> list[Deed]:
    """What the record's state has room for, the way out first."""
    kinds = {(e["stage"], e["kind"]) for e in waiting}
    stages = {e["stage"] for e in waiting}
    suspected = any(e["stage"] == "duplicate" or e["kind"] == DUPLICATE for e in waiting)
    asked: list[tuple[Deed, object]] = [
        ("code", ("transform", UNMAPPED) in kinds),
        ("accept", case["proposals"]),
        ("reject", case["proposals"]),
        ("correct", waiting),
        ("keep-apart", suspected),
        ("merge", suspected and case["duplicates"] and not case["proposals"]),
        ("settle", "concern" in stages),
        ("waive", "reconcile" in stages),
        ("exclude", waiting),
        ("reopen", case["rulings"] or case["proposals"]),
        ("assign", waiting),
        ("comment", waiting),
    ]
    return [deed for deed, there in asked if there]


def _all_own(case: Mapping[str, Any], person: str) -> bool:
    who = {h["number"]: h["person"] for h in case["history"]}
    return all(who.get(number) == person for number in case["proposals"])


def _columns(
    platform: Platform, entity: str, waiting: Sequence[Mapping[str, Any]]
) -> tuple[str, ...]:
    asked = [column for e in waiting for column in e["columns"]]
    outline = platform.outlines.get(entity)
    others = sorted({c for f in outline.fields for c in f.columns}) if outline else []
    return tuple(dict.fromkeys([*asked, *others]))


def _reasons(token: str, exceptions: Sequence[Mapping[str, Any]]) -> Table:
    def state(e: Mapping[str, Any]) -> Cell:
        if e["closed_at"] is not None:
            return Cell("closed", "passed")
        return Cell("late", "late") if e["overdue"] else Cell("in time", "not-run")

    return make_table(
        "why",
        "Why the record waits or waited",
        ("Why", "Means", "Field", "Made of", "Owner", "State", "Since", "Due"),
        [
            (Cell(e["rule"], note=e["kind"]), e["means"], e["field"], ", ".join(e["columns"]),
             e["owner"], state(e), e["opened_at"], e["due_at"])
            for e in exceptions
        ],
        empty="The queue has only its history.",
        url=f"/exceptions/{token}/why.csv",
    )  # fmt: skip


def _others(token: str, found: Sequence[Mapping[str, Any]]) -> Table:
    return make_table(
        "same-person",
        "As the newest search over all patients or a person says; it decides nothing",
        ("Record", "Probability", "Speaks for it", "Speaks against it", "What becomes of it"),
        [
            (f["token"],
             Cell(None, note=f"proposed by {f['proposed_by']}") if f["proposed_by"]
             else f"{f['probability']:.4f}",
             ", ".join(f["agrees"]), ", ".join(f["differs"]),
             Cell(f["merged"] or f["end"], note=f["rule"]))
            for f in found
        ],
        empty="Nobody.",
        url=f"/exceptions/{token}/same-person.csv",
    )  # fmt: skip


def _rulings(token: str, rulings: Sequence[Mapping[str, Any]]) -> Table:
    return make_table(
        "in-force",
        "Applied by the next run of the cohort",
        ("Entry #", "Effect", "About"),
        [(r["number"], r["effect"], r["about"]) for r in rulings],
        empty="Nothing is in force.",
        url=f"/exceptions/{token}/in-force.csv",
    )


def _history(token: str, history: Sequence[Mapping[str, Any]]) -> Table:
    return make_table(
        "history",
        "Each entry stays as it is",
        ("Entry #", "When", "Who", "What", "Why"),
        [
            (h["number"], h["at"], h["person"],
             Cell(h["action"], note=", ".join(f"{k} {v}" for k, v in h["detail"].items())),
             h["reason"])
            for h in reversed(history)
        ],
        empty="Nobody has done anything about it yet.",
        url=f"/exceptions/{token}/history.csv",
    )  # fmt: skip
