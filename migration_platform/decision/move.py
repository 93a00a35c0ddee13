"""Move: a decision about a wave, with what must hold for it and what follows from it.

Each is planned first (`Move`: the preconditions, met or not, and the effects), which is all that a dry
run does. It is recorded only if every precondition is met, and looked at once more under the log's
lock: of two people at once, the second finds the state that the first left.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from migration_platform.decision import log_head
from migration_platform.decision.decision import Decision
from migration_platform.decision.log import read_whole, require_whole
from migration_platform.decision.opening import sealed_detail
from migration_platform.decision.right import WORDS, Action, explain_lack, find_roles
from migration_platform.decision.seal import find_changes, find_seal
from migration_platform.decision.wave_state import EFFECTS, find_promotion, find_state, refuse
from migration_platform.errors import ConfigurationError, GateClosedError
from migration_platform.evidence.change import describe_changes, list_changes
from migration_platform.evidence.evidence import Evidence, timeless
from migration_platform.evidence.governance import assemble_evidence, look_again
from migration_platform.evidence.wave_record import read_evidence
from migration_platform.platform import Platform
from migration_platform.trigger.notice import Notice
from migration_platform.trigger.notifier import tell
from migration_platform.trigger.trigger import as_plain
from migration_platform.trigger.watch import find_hindrances

DESPITE = "executive sponsor"
"""The role that may resume a wave in spite of a tripped trigger, to put right what it measures."""

MOST_HOURS_DESPITE = 24

SHORTEST_DIGEST = 8
"""Digits by which a person may name the evidence that was read."""


@dataclass(frozen=True, slots=True)
class Condition:
    """Something that must hold, and why it does not (empty: it does)."""

    words: str
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Move:
    """What a decision asks for and what it does."""

    wave: str
    action: str
    conditions: tuple[Condition, ...]
    effects: tuple[str, ...]

    @property
    def allowed(self) -> bool:
        return all(not c.problem for c in self.conditions)

    def require(self) -> None:
        """Raise GateClosedError unless every precondition is met."""
        problems = [c.problem for c in self.conditions if c.problem]
        if problems:
            raise GateClosedError("\n".join(problems))


def plan_move(
    platform: Platform,
    wave: str,
    action: str,
    *,
    person: str,
    items: Sequence[str] = (),
    despite_hours: int = 0,
) -> Move:
    """What opening, holding, resuming (for so many hours in spite of a tripped trigger), amending or
    completing a wave, or marking readiness items (`items`) as done, asks for now."""
    declared = platform.plan.wave(wave)
    log = read_whole(platform)
    conditions = [
        is_named(platform, person),
        is_entitled(platform, person, action),
        is_legal(log, wave, action),
    ]
    if action == "amend":
        sealed = find_seal(log, wave)
        changes = find_changes(sealed, platform.decided_beforehand(wave)) if sealed else []
        conditions.append(
            Condition(
                "something has changed since it was sealed" + list_changes(changes),
                "" if changes else f"nothing that is sealed for wave {wave} has changed.",
            )
        )
    if action == "resume" and not conditions[-1].problem:
        if despite_hours:
            conditions.append(_may_despite(platform, person, despite_hours))
        else:
            conditions.append(_untripped(platform, wave, log))
    if action == "complete" and not conditions[-1].problem:
        seen = assemble_evidence(platform, declared.name)
        conditions.append(_good(seen))
    if action == "ready":
        conditions += [_ready(platform, log, wave, item, person) for item in items]
    return Move(wave, action, tuple(conditions), (EFFECTS[action],))


def make_move(
    platform: Platform,
    wave: str,
    action: str,
    *,
    person: str,
    reason: str,
    despite_hours: int = 0,
) -> Decision:
    """Record such a decision. Raises GateClosedError if a precondition is not met."""
    require_reason(reason, "reason")
    plan_move(platform, wave, action, person=person, despite_hours=despite_hours).require()
    detail: dict[str, Any] | None = None
    digest = ""
    if despite_hours:
        tripped = find_hindrances(platform, wave, read_whole(platform))
        until = datetime.now(UTC) + timedelta(hours=despite_hours)
        detail = {
            "despite": [trigger.name for trigger in tripped],
            "until": until.isoformat(timespec="seconds"),
            "triggers": [as_plain(trigger) for trigger in tripped],
        }
    if action in ("open", "amend"):
        detail = sealed_detail(platform.decided_beforehand(wave))
    if action == "complete":
        digest = assemble_evidence(platform, wave).digest
    decision = record(
        platform, wave, action, person=person, reason=reason, evidence_digest=digest, detail=detail
    )
    if action == "hold":
        tell(platform.store, platform.settings, _notice(decision))
    return decision


def _notice(decision: Decision) -> Notice:
    """That a wave is held. Not why: a person's own words may name a patient."""
    return Notice(
        event="wave held",
        wave=decision.wave,
        subject=f"entry {decision.sequence}",
        sentence=f"Wave {decision.wave} is held by {decision.person}.",
        reasons=(),
        next=(f"migration status {decision.wave}", "migration log"),
    )


def mark_ready(
    platform: Platform, wave: str, items: Sequence[str], *, person: str, note: str
) -> list[Decision]:
    """Record that readiness items of a wave are done, each as a decision of its own."""
    require_reason(note, "note")
    plan_move(platform, wave, "ready", person=person, items=items).require()
    return [
        record(platform, wave, "ready", person=person, reason=note, detail={"item": item})
        for item in items
    ]


def record(
    platform: Platform,
    wave: str,
    action: str,
    *,
    person: str,
    reason: str,
    evidence_digest: str = "",
    detail: dict[str, Any] | None = None,
    after: int | None = None,
) -> Decision:
    """Append a decision, if the log is whole and the wave's state allows it at that moment.

    With `after`, also only if nothing was decided about the wave after that entry: what a person
    has read would not be what the decision falls into. Raises GateClosedError.
    """
    head = log_head.read(platform.settings.home)

    def allowed_now(log: Sequence[Decision]) -> None:
        require_whole(log, head)
        problem = refuse(find_state(log, wave), wave, action)
        if problem:
            raise GateClosedError(problem)
        if action == "ready":
            _require_undone(log, wave, (detail or {})["item"])
        newer = [d for d in log if d.wave == wave and after is not None and d.sequence > after]
        if newer:
            raise GateClosedError(
                f"wave {wave}: meanwhile {newer[-1].person} has decided: {newer[-1].action} (entry "
                f"{newer[-1].sequence} of the log). Read the evidence again."
            )

    return platform.store.append_decision(
        wave=wave,
        action=action,
        person=person,
        reason=reason,
        evidence_digest=evidence_digest,
        detail=detail,
        require=allowed_now,
    )


def plan_promotion(
    platform: Platform, wave: str, *, person: str, evidence_digest: str | None = None
) -> tuple[Move, Evidence]:
    """What a promotion asks for now, without looking at the destination once more."""
    declared = platform.plan.wave(wave)
    log = read_whole(platform)
    seen = assemble_evidence(platform, declared.name)
    before = platform.plan.before(wave)
    conditions = [
        is_named(platform, person),
        is_entitled(platform, person, "promote"),
        is_legal(log, wave, "promote"),
    ]
    if before is not None:
        passed = find_promotion(log, before.name) is not None
        conditions.append(
            Condition(
                f"wave {before.name} is promoted",
                "" if passed
                else f"wave {wave} comes after wave {before.name}, which is not promoted.",
            )
        )  # fmt: skip
    if evidence_digest is not None:
        conditions.append(is_same(platform, seen, evidence_digest))
    conditions.append(_good(seen))
    effects = ("everything of it is reconciled once more before that", EFFECTS["promote"])
    return Move(wave, "promote", tuple(conditions), effects), seen


def promote(
    platform: Platform,
    wave: str,
    *,
    person: str,
    reason: str,
    evidence_digest: str | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[Decision, Evidence]:
    """Record a wave's promotion. Looks at the destination once more before it does.

    Raises GateClosedError if a precondition is not met, before that look or after it.
    """
    require_reason(reason, "reason")
    plan_promotion(platform, wave, person=person, evidence_digest=evidence_digest)[0].require()
    look_again(platform, wave, progress)
    move, seen = plan_promotion(platform, wave, person=person, evidence_digest=evidence_digest)
    move.require()
    decision = record(
        platform,
        wave,
        "promote",
        person=person,
        reason=reason,
        evidence_digest=seen.digest,
        detail={"signed": {s["role"]: s["person"] for s in seen.document["sign_offs"]}},
        after=seen.document["log"]["entries"],
    )
    return decision, seen


def is_named(platform: Platform, person: str) -> Condition:
    """May this person decide anything at all?"""
    words = f"{person} is named in people.toml"
    try:
        platform.people.require(person)
    except ConfigurationError as error:
        return Condition(words, str(error))
    return Condition(words)


def is_entitled(platform: Platform, person: str, action: str) -> Condition:
    """Does one of the person's roles have the right to it (`right`)? Nobody's do whom nobody names."""
    right = cast(Action, action)
    lack = explain_lack(platform.people, person, right)
    known = bool(find_roles(platform.people, person))
    return Condition(f"a role of {person} may {WORDS[right]}", lack if known else "")


def is_legal(log: Sequence[Decision], wave: str, action: str) -> Condition:
    """Does the state of the wave allow the decision?"""
    return Condition(
        f"the state of wave {wave} allows it: {action}", refuse(find_state(log, wave), wave, action)
    )


def _untripped(platform: Platform, wave: str, log: Sequence[Decision]) -> Condition:
    said = [trigger.said for trigger in find_hindrances(platform, wave, log)]
    return Condition(
        "no rollback trigger of it is tripped",
        f"wave {wave} asks for another decision than this: {'; '.join(said)}. Roll back, or put right "
        "what is measured and record it anew. If that takes a load, the executive sponsor may resume it "
        "for some hours (--despite-trigger); a bound that is wrong is changed in criteria.toml, with "
        f"`migration amend {wave}`."
        if said
        else "",
    )


def _may_despite(platform: Platform, person: str, hours: int) -> Condition:
    words = f"{person} may resume it in spite of a tripped trigger, for {MOST_HOURS_DESPITE} hours at most"
    if not platform.people.holds(person, DESPITE):
        named = platform.people.named(DESPITE)
        return Condition(words, f"that is for the {DESPITE} alone ({named}).")
    if not 0 < hours <= MOST_HOURS_DESPITE:
        return Condition(words, f"give a number of hours from 1 to {MOST_HOURS_DESPITE}.")
    return Condition(words)


def _good(seen: Evidence) -> Condition:
    reasons = "".join(f"\n  - {reason}" for reason in seen.decision.reasons)
    good = seen.decision.verdict == "promote"
    return Condition(
        "the verdict on its evidence is promote, sign-offs included",
        "" if good else seen.decision.sentence(seen.wave) + reasons,
    )


def is_same(platform: Platform, seen: Evidence, digest: str) -> Condition:
    """Is the evidence as it is now the one that was read? If not, with what has changed since."""
    words = f"the evidence is the one that was read ({digest[:12]})"
    if len(digest) < SHORTEST_DIGEST:
        return Condition(words, f"name the evidence by {SHORTEST_DIGEST} digits or more.")
    if seen.digest.startswith(digest):
        return Condition(words)
    known = read_evidence(platform, seen.wave, digest)
    if not known:
        return Condition(words, f"wave {seen.wave} never had evidence {digest[:12]}: read it anew.")
    changes = describe_changes(timeless(known[0]), timeless(seen.document))
    return Condition(
        words,
        f"wave {seen.wave}: the evidence changed since you read it ({digest[:12]}, now "
        f"{seen.digest[:12]}):{list_changes(changes)}\nRead it again with `migration status`.",
    )


def _ready(
    platform: Platform, log: Sequence[Decision], wave: str, item: str, person: str
) -> Condition:
    words = f"{item} is an item of wave {wave} that is not done, and {person} speaks for its owner"
    items = {i.name: i for i in platform.readiness if i.wave == wave}
    if item not in items:
        return Condition(
            words,
            f"wave {wave} has no readiness item '{item}'. It has: {', '.join(items) or 'none'}",
        )
    owner = items[item].owner
    if not platform.people.holds(person, owner):
        return Condition(
            words, f"'{item}' is for the {owner} to say ({platform.people.named(owner)})."
        )
    try:
        _require_undone(log, wave, item)
    except GateClosedError as error:
        return Condition(words, str(error))
    return Condition(words)


def _require_undone(log: Sequence[Decision], wave: str, item: str) -> None:
    for d in log:
        if d.wave == wave and d.action == "ready" and d.detail["item"] == item:
            raise GateClosedError(
                f"'{item}' is done already: {d.person} said so at {d.decided_at:%Y-%m-%d %H:%M} UTC."
            )


def require_reason(text: str, name: str) -> None:
    """Raise ConfigurationError unless it says something."""
    if not text.strip():
        raise ConfigurationError(f"a decision needs a {name}: --{name} TEXT")
