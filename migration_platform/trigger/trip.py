"""Trip: what follows when a rollback trigger trips. The wave is held at once, and somebody is told.

The hold is an ordinary decision in the log, by the trigger, with what was measured; it is made once, and
the wave stays held until a named person resumes it or takes it back. What is measured stands in `watch`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import psycopg

from migration_platform.decision.log import read_whole
from migration_platform.decision.move import record
from migration_platform.decision.wave_state import find_state
from migration_platform.errors import GateClosedError, MigrationError
from migration_platform.exception.breach import tell_breaches
from migration_platform.platform import Platform
from migration_platform.trigger.log import record_look
from migration_platform.trigger.notice import Notice
from migration_platform.trigger.notifier import send, tell_once, try_again
from migration_platform.trigger.trigger import BY_ITSELF, Trigger, as_plain, describe_decision
from migration_platform.trigger.watch import WaveWatch, look_at_live

HOLDABLE = ("open", "promoted")


def evaluate(platform: Platform) -> list[WaveWatch]:
    """Look at every live wave, hold those of which a trigger has tripped, record it, tell of it, and of
    exceptions that have passed their due time.

    Raises MigrationError if that cannot be done, after the notifier was told of it.
    """
    try:
        log = read_whole(platform)
        watches = [_act(platform, watch) for watch in look_at_live(platform, log)]
        try_again(platform.store, platform.settings)
        tell_breaches(platform)
    except (MigrationError, psycopg.Error) as error:
        raise MigrationError(_tell_blind(platform, error)) from error
    return watches


def _act(platform: Platform, watch: WaveWatch) -> WaveWatch:
    """Hold first, then record, then tell: what follows can be made up for if it is cut off."""
    now = datetime.now(UTC)
    tripped = [t for t in watch.having("tripped") if not watch.is_suffered(t, now)]
    if tripped and watch.state.name in HOLDABLE:
        hold(platform, watch.wave, tripped)
        watch = replace(watch, state=find_state(read_whole(platform), watch.wave))
    since = record_look(platform.store, watch.wave, watch.triggers, now)
    watch = replace(watch, since=since)
    for trigger in watch.triggers:
        if trigger.state != "clear":
            tell_once(platform.store, platform.settings, _notice(watch, trigger))
    return watch


def hold(platform: Platform, wave: str, tripped: Sequence[Trigger]) -> None:
    """Hold a wave for its triggers, unless somebody was faster."""
    said = "; ".join(trigger.said for trigger in tripped)
    try:
        record(
            platform,
            wave,
            "hold",
            person=BY_ITSELF,
            reason=f"rollback trigger tripped: {said}",
            detail={"triggers": [as_plain(trigger) for trigger in tripped]},
        )
    except GateClosedError:
        if find_state(read_whole(platform), wave).name in HOLDABLE:
            raise


def _notice(watch: WaveWatch, trigger: Trigger) -> Notice:
    """One notice for each time that a trigger trips or its wave is moved while it is tripped, and for each
    time that nobody can tell any more."""
    tripped = trigger.state == "tripped"
    entry = watch.state.since.sequence if tripped and watch.state.since else 0
    return Notice(
        event="trigger tripped" if tripped else "trigger unknown",
        wave=watch.wave,
        subject=f"{trigger.name}, since {watch.since[trigger.name]}, entry {entry}",
        sentence=watch.sentence,
        reasons=(trigger.said,),
        next=tuple(describe_decision(watch.wave, [trigger]))
        if tripped
        else ("migration triggers",),
    )


def _tell_blind(platform: Platform, error: Exception) -> str:
    """Tell that nobody could look, and say it with what kept from it.

    It is not recorded: what it would be recorded in may be away.
    """
    why = str(error) if isinstance(error, MigrationError) else type(error).__name__
    said = f"the rollback triggers could not be looked at: {why}"
    if platform.settings.notify is None:
        return said
    next_steps = ("migration triggers", "migration log verify")
    notice = Notice("could not look", "", "", said, (why,), next_steps)
    problem = send(platform.settings.notify, notice.body(datetime.now(UTC)))
    return f"{said}\n{problem}" if problem else said
