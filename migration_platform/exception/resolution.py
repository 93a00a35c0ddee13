"""Resolution: what a person does about a record in the exception queue, kept in its history.

Who may do what is decided here; what a ruling means for the record in `mapping`, at the next run of
its cohort. A difference is accepted by a waiver (`waiver.log`), code maps are written in `code_row`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from migration_platform.decision.people import ROLES
from migration_platform.duplicate.chain import require_no_chain
from migration_platform.errors import ConfigurationError, GateClosedError
from migration_platform.exception.ruling import (
    POSSIBLE,
    RELEASED,
    SUSPECTED,
    WHILE_MERGED,
    Act,
    find_open_proposals,
    find_paired,
    find_released,
    find_rulings,
    seal,
)
from migration_platform.exception.ruling_file import RuledRecord, add_row
from migration_platform.exception.store import (
    acts_of,
    acts_on,
    exceptions_of,
    lock_records,
    record_act,
)
from migration_platform.platform import Platform
from migration_platform.source_record import find_source_id


@dataclass(frozen=True, slots=True)
class Waiting:
    """An open exception of a record."""

    cohort: str
    entity: str
    token: str
    stage: str
    kind: str
    rule: str
    field: str
    owner: str


def find_suspected(platform: Platform, token: str) -> Waiting:
    """The open exception of a record that may be a second registration, as the source's own rule or a
    search says, or that came with one. Raises ConfigurationError as `find_waiting` does."""
    waiting = find_waiting(platform, token)
    for row in exceptions_of(platform.store, token):
        if row["closed_at"] is None and (
            row["rule"] in (SUSPECTED, POSSIBLE)
            or _is_of_merge(platform, row["entity"], row["rule"])
        ):
            return Waiting(**{name: row[name] for name in Waiting.__dataclass_fields__})
    raise ConfigurationError(
        f"record {token} waits because: {waiting.rule}. Only a suspected duplicate can be merged or "
        "kept apart"
    )


def is_suspected(platform: Platform, token: str) -> bool:
    """Whether a record waits as a second registration, as the source's own rule or a search says."""
    return any(
        row["closed_at"] is None and row["rule"] in (SUSPECTED, POSSIBLE)
        for row in exceptions_of(platform.store, token)
    )


def _is_of_merge(platform: Platform, entity: str, rule: str) -> bool:
    """Whether a rule holds a record back because what it names was merged."""
    return any(
        each.name == rule and any(n.endswith(".merged") for n in each.when.meta.root_names())
        for each in platform.entity(entity).rules
    )


def find_waiting(platform: Platform, token: str, *stages: str) -> Waiting:
    """The open exception of a record (of these finders, if any are named).

    Raises ConfigurationError if the queue does not know the record, or it does not wait any more.
    """
    rows = exceptions_of(platform.store, token)
    if not rows:
        raise ConfigurationError(
            f"no record {token} is in the exception queue: `migration exceptions --records` lists them"
        )
    names = Waiting.__dataclass_fields__
    for row in rows:
        if row["closed_at"] is None and (not stages or row["stage"] in stages):
            return Waiting(**{name: row[name] for name in names})
    kinds = sorted({r["kind"] for r in rows if r["closed_at"] is None})
    raise ConfigurationError(
        f"record {token} does not wait in that way: it waits as {', '.join(kinds)}"
        if kinds
        else f"record {token} does not wait any more: it was resolved, or its record changed"
    )


def assign(platform: Platform, token: str, *, to: str, person: str, reason: str = "") -> Act:
    """Say who works on a record."""
    if not to.strip():
        raise ConfigurationError("an assignment needs a name: --to NAME")
    said = reason or f"assigned to {to}"
    return _record(platform, find_waiting(platform, token), "assign", person, said, {"to": to})


def comment(platform: Platform, token: str, text: str, *, person: str) -> Act:
    """Add to a record's history. The text is kept as it is: it must name no patient."""
    return _record(platform, find_waiting(platform, token), "comment", person, text, {})


def propose(
    platform: Platform, token: str, *, column: str, value: str | None, person: str, reason: str
) -> Act:
    """Propose what a source column of a record should have said (None: nothing).

    It counts once somebody of the owner's role accepts it. The value goes into the staging area, the
    history gets a keyed seal of it. Raises ConfigurationError for a column that cannot be corrected.
    """
    waiting = find_waiting(platform, token)
    platform.people.require(person)
    _require_correctable(platform, waiting.entity, column)
    for other in find_open_proposals(acts_on(platform.store, token)):
        if other.detail.get("column") == column:
            raise GateClosedError(
                f"{other.person} has proposed a correction of {column} already (proposal "
                f"{other.number}): accept or reject it first."
            )
    return record_ruling(
        platform, waiting, "propose", column, value, person, reason, {"column": column}
    )


def accept(platform: Platform, token: str, *, proposal: int, person: str, reason: str) -> Act:
    """Accept a proposed correction or merge: it is applied from the next run of the cohort on.

    Raises GateClosedError unless the person has the owner's role and is not who proposed it.
    """
    proposed = _find_proposal(platform, token, proposal)
    find = find_suspected if proposed.action == "merge" else find_waiting
    waiting = find(platform, token)
    require_owner(platform, person, waiting)
    if person == proposed.person:
        raise GateClosedError(
            f"{person} proposed it: another person of the {waiting.owner} accepts it "
            f"({platform.people.named(waiting.owner)})."
        )
    held = _find_held_survivor(platform, proposed)
    if held is not None:
        require_owner(platform, person, held)
    accepted = _record(platform, waiting, "accept", person, reason, {"proposal": proposal})
    if held is not None:
        # Cut off before this, the chart waits for who stays, who is kept apart by hand.
        detail = {RELEASED: token}
        record_ruling(platform, held, "keep apart", "", None, person, reason, detail)
    return accepted


def _find_held_survivor(platform: Platform, proposed: Act) -> Waiting | None:
    """Who stays by a proposed merge, if the source's own rule holds that one back."""
    if proposed.action != "merge":
        return None
    for row in exceptions_of(platform.store, proposed.detail["into"]):
        if row["closed_at"] is None and row["rule"] == SUSPECTED:
            return Waiting(**{name: row[name] for name in Waiting.__dataclass_fields__})
    return None


def reject(platform: Platform, token: str, *, proposal: int, person: str, reason: str) -> Act:
    """Reject a proposed correction or merge, as anybody who may decide, the one who proposed it included."""
    waiting = find_waiting(platform, token)
    platform.people.require(person)
    _find_proposal(platform, token, proposal)
    return _record(platform, waiting, "reject", person, reason, {"proposal": proposal})


def exclude(platform: Platform, token: str, *, person: str, reason: str) -> Act:
    """Decide that a record does not move. What needs it does not move either."""
    waiting = find_waiting(platform, token)
    require_owner(platform, person, waiting)
    of_merge = _is_of_merge(platform, waiting.entity, waiting.rule)
    detail = {WHILE_MERGED: True} if of_merge else {}
    return record_ruling(platform, waiting, "exclude", "", None, person, reason, detail)


def settle(platform: Platform, token: str, *, person: str, reason: str) -> Act:
    """Say that a concern about a record that moves has been dealt with."""
    waiting = find_waiting(platform, token, "concern")
    require_owner(platform, person, waiting)
    detail = {"rule": waiting.rule}
    return record_ruling(platform, waiting, "settle", "", None, person, reason, detail)


def keep_apart(platform: Platform, token: str, *, person: str, reason: str) -> Act:
    """Decide that a suspected duplicate is a record of its own: it moves."""
    waiting = find_suspected(platform, token)
    require_owner(platform, person, waiting)
    return record_ruling(platform, waiting, "keep apart", "", None, person, reason, {})


def reopen(platform: Platform, token: str, *, person: str, reason: str) -> Act:
    """Take back every ruling on a record, its open proposals, and whom people paired it with."""
    platform.people.require(person)
    acts = acts_on(platform.store, token)
    found = (
        [*find_rulings(acts)] or find_open_proposals(acts) or (acts if find_paired(acts) else [])
    )
    if not found:
        raise ConfigurationError(
            f"nothing was decided about record {token}: there is nothing to reopen"
        )
    home = found[-1]
    require_text(reason)
    with platform.store.transaction() as connection:
        lock_records(connection, home.cohort, home.entity)
        for ruling in find_rulings(acts):
            survivor = acts_on(platform.store, ruling.about) if ruling.effect == "merge" else []
            if find_released(survivor, token):
                record_act(
                    connection, cohort=survivor[0].cohort, entity=home.entity, token=ruling.about,
                    action="reopen", person=person, reason=reason, detail={RELEASED: token},
                )  # fmt: skip
        return record_act(
            connection, cohort=home.cohort, entity=home.entity, token=token, action="reopen",
            person=person, reason=reason,
        )  # fmt: skip


def waive(
    platform: Platform, token: str, *, person: str, reason: str, until: datetime
) -> tuple[Act, int]:
    """Accept the difference that a record waits for, with all others of its cause. Returns the act
    and the waiver's number."""
    from migration_platform.waiver.log import waive as record_waiver

    waiting = find_waiting(platform, token, "reconcile")
    run = platform.store.latest(waiting.cohort, waiting.entity, "reconcile")
    clusters = run.detail.get("clusters", []) if run else []
    own = [c for c in clusters if (c["field"], c["kind"]) == (waiting.field, waiting.rule)]
    waiver = record_waiver(
        platform,
        waiting.cohort,
        leg=own[0]["leg"] if own else "destination",
        entity=waiting.entity,
        field=waiting.field,
        kind=waiting.rule,
        person=person,
        reason=reason,
        until=until,
    )
    detail = {"waiver": waiver.number, "count": waiver.count}
    return _record(platform, waiting, "waive", person, reason, detail), waiver.number


def record_code(
    platform: Platform, waiting: Waiting, *, file: str, becomes: str, person: str, reason: str
) -> Act:
    """Keep that a row was added to a code map because of this record."""
    detail = {"file": file, "becomes": becomes}
    return _record(platform, waiting, "add code", person, reason, detail)


def require_text(text: str) -> None:
    if not text.strip():
        raise ConfigurationError("say why: --reason TEXT")


def record_ruling(
    platform: Platform,
    waiting: Waiting,
    action: str,
    column: str,
    value: str | None,
    person: str,
    reason: str,
    detail: Mapping[str, Any],
) -> Act:
    """Record an act with its row in the staging area. The row is there before the act counts."""
    require_text(reason)
    cohort, entity = waiting.cohort, waiting.entity
    source_id = find_source_id(platform, cohort, entity, waiting.token)
    sealed = seal(platform.settings.token_key(), entity, source_id, column, value)
    with platform.store.transaction() as connection:
        lock_records(connection, cohort, entity)
        act = record_act(
            connection, cohort=cohort, entity=entity, token=waiting.token, action=action,
            person=person, reason=reason, detail={**detail, "seal": sealed},
        )  # fmt: skip
        add_row(platform.staging, cohort, entity, RuledRecord(act.number, source_id, value))
    return act


def _record(
    platform: Platform,
    waiting: Waiting,
    action: str,
    person: str,
    reason: str,
    detail: Mapping[str, Any],
) -> Act:
    require_text(reason)
    if not person.strip():
        raise ConfigurationError("say who you are: --by NAME")
    with platform.store.transaction() as connection:
        lock_records(connection, waiting.cohort, waiting.entity)
        if action in ("accept", "reject"):  # of two at once, the second finds it decided
            acts = acts_of(platform.store, waiting.cohort, waiting.entity)
            proposed = {a.number: a for a in find_open_proposals(acts)}.get(detail["proposal"])
            if proposed is None:
                raise GateClosedError(f"proposal {detail['proposal']} was decided meanwhile.")
            if action == "accept" and proposed.action == "merge":
                require_no_chain(platform, connection, proposed)
        return record_act(
            connection, cohort=waiting.cohort, entity=waiting.entity, token=waiting.token,
            action=action, person=person, reason=reason, detail=detail,
        )  # fmt: skip


def _find_proposal(platform: Platform, token: str, number: int) -> Act:
    waiting = find_open_proposals(acts_on(platform.store, token))
    for each in waiting:
        if each.number == number:
            return each
    raise ConfigurationError(
        f"record {token} has no open proposal {number}. It has: "
        + (", ".join(str(a.number) for a in waiting) or "none")
    )


def require_owner(platform: Platform, person: str, waiting: Waiting) -> None:
    """Raise GateClosedError unless the person has the role that owns the exception."""
    platform.people.require(person)
    if waiting.owner not in ROLES:
        raise ConfigurationError(
            f"'{waiting.owner}' owns {waiting.entity}.{waiting.field} by ownership.csv, and is no role "
            f"of people.toml. Roles: {', '.join(ROLES)}"
        )
    if not platform.people.holds(person, waiting.owner):
        raise GateClosedError(
            f"that is for the {waiting.owner} to decide ({platform.people.named(waiting.owner)})."
        )


def _require_correctable(platform: Platform, entity: str, column: str) -> None:
    """Raise ConfigurationError for a column whose text the mapping does not read, or which says
    whose record it is."""
    declared = platform.entity(entity)
    fixed = {declared.source.patient, declared.document_path}
    if declared.source.unique:
        fixed |= set(declared.source.key)
    known = [c for c in declared.columns if not c.startswith("_") and c not in fixed]
    known = [c for c in known if c not in platform.applicability[entity].absent]
    if column in fixed:
        raise ConfigurationError(
            f"{entity}.{column} says which record it is, whose, or which file: have the source "
            "corrected and extract again, or exclude the record"
        )
    if column not in known:
        raise ConfigurationError(
            f"{entity} has no source column '{column}' that is mapped. It has: {', '.join(known)}"
        )
