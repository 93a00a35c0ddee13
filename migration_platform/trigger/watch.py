"""Watch: the rollback triggers of every wave that is live, measured from what the store holds.

It reads the platform store alone, so that a figure that has crossed its bound is seen while source or
destination is away. What a trigger is stands in `trigger`, what follows from one in `trip`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any

from migration_platform.decision.decision import Decision
from migration_platform.decision.seal import find_seal
from migration_platform.decision.wave_state import WaveState, find_state
from migration_platform.duplicate.population import describe_search
from migration_platform.evidence.evidence import describe_check
from migration_platform.evidence.wave_record import EXCEPTION_KEY, read_due, read_metrics
from migration_platform.ledger import account_for
from migration_platform.night.log import read_newest
from migration_platform.night.night import find_standing
from migration_platform.platform import REFERENCE, Platform
from migration_platform.store import STAGES, StageRun
from migration_platform.trigger.log import read_tripped_since
from migration_platform.trigger.trigger import BY_ITSELF, STATES, State, Trigger, find_triggers

WATCHED = ("open", "held", "promoted")
"""States of a wave in which its triggers are looked at: once completed it is not taken back."""


@dataclass(frozen=True, slots=True)
class WaveWatch:
    """A live wave's triggers, the worst first, and since when each is tripped, by its name."""

    wave: str
    state: WaveState
    triggers: tuple[Trigger, ...] = ()
    since: Mapping[str, str] = field(default_factory=dict)

    @property
    def outcome(self) -> State:
        return min((t.state for t in self.triggers), key=STATES.index, default="clear")

    @property
    def held_by_trigger(self) -> bool:
        by = self.state.since.person if self.state.since else ""
        return self.state.name == "held" and by == BY_ITSELF

    def is_suffered(self, trigger: Trigger, at: datetime) -> bool:
        """Was the wave resumed in spite of it, for a while that has not ended?"""
        detail = self.state.since.detail if self.state.since else {}
        return trigger.name in detail.get("despite", ()) and at < datetime.fromisoformat(
            detail["until"]
        )

    def having(self, state: State) -> list[Trigger]:
        return [t for t in self.triggers if t.state == state]

    @property
    def sentence(self) -> str:
        """The first line of whatever is said about it."""
        if not self.triggers:
            return f"Wave {self.wave} is live, and no rollback trigger was decided for it."
        worst = self.having(self.outcome)
        if self.outcome == "clear":
            return f"Wave {self.wave}: all {len(worst)} rollback triggers are clear."
        number, whole = len(worst), len(self.triggers)
        if self.outcome == "cannot tell":
            return (
                f"Wave {self.wave}: nobody can tell whether {number} of {whole} rollback triggers "
                f"tripped: {worst[0].said}."
            )
        since = self.since.get(worst[0].name)
        asks = (
            "It is held, and asks for a decision: resume or roll back"
            if self.state.name == "held"
            else f"{self.state.since.person} resumed it in spite of that until "
            f"{self.state.since.detail['until']}"
            if self.state.since and "despite" in self.state.since.detail
            else "It is not held yet: `migration triggers --evaluate`"
        )
        return (
            f"Wave {self.wave}: {number} of {whole} rollback triggers tripped"
            + (f" since {since}" if since else "")
            + f": {worst[0].said}. {asks}."
        )


def look_at_live(platform: Platform, log: Sequence[Decision]) -> list[WaveWatch]:
    """Every live wave as it is now, in the plan's order."""
    live = set(platform.live_cohorts())
    return [
        look_at(platform, wave.name, log)
        for wave in platform.plan.waves
        if any(c.name in live for c in wave.cohorts) and find_state(log, wave.name).name in WATCHED
    ]


def look_at(platform: Platform, wave: str, log: Sequence[Decision]) -> WaveWatch:
    """The triggers of one wave as they are now, by the criteria that were sealed for it."""
    return WaveWatch(
        wave,
        find_state(log, wave),
        tuple(find_triggers(_measure(platform, wave, log), datetime.now(UTC))),
        read_tripped_since(platform.store, wave),
    )


def find_hindrances(platform: Platform, wave: str, log: Sequence[Decision]) -> list[Trigger]:
    """Why a held wave may not be resumed: triggers that are tripped now, and of those for which the
    trigger itself holds it also those of which nobody can tell."""
    watch = look_at(platform, wave, log)
    since = watch.state.since
    causes = (
        {t["name"] for t in since.detail["triggers"]} if since and watch.held_by_trigger else set()
    )
    return [
        trigger
        for trigger in watch.triggers
        if trigger.state == "tripped" or (trigger.state == "cannot tell" and trigger.name in causes)
    ]


def _measure(platform: Platform, wave: str, log: Sequence[Decision]) -> dict[str, Any]:
    """The parts of an evidence document that thresholds are judged on."""
    sealed = find_seal(log, wave) or platform.decided_beforehand(wave)
    criteria = sealed["criteria"] or {"triggers": [], "metrics": []}
    hours = sealed["wave"]["freshness_hours"]
    metrics = [
        {**m, "freshness_hours": m.get("freshness_hours") or hours} for m in criteria["metrics"]
    ]
    names = [c.name for c in platform.plan.wave(wave).cohorts]
    everywhere = [REFERENCE, *names]
    runs = platform.store.latest_runs(everywhere)
    nights = read_newest(platform.store, names)
    return {
        "wave": wave,
        "criteria": {**criteria, "freshness_hours": hours},
        "cohorts": [
            _tell_cohort(platform, name, [r for r in runs if r.cohort == name], nights.get(name))
            for name in names
        ],
        "accounting": [asdict(a) for a in account_for(platform, everywhere, runs=runs)],
        "checks": [describe_check(c) for c in platform.store.count_checks(everywhere)],
        "exceptions": [
            {
                **dict(zip(EXCEPTION_KEY, key, strict=True)),
                "count": sum(number for _, number in due),
                "due": due,
            }
            for key, due in read_due(platform, wave).items()
        ],
        "search": describe_search(platform),
        "metrics": read_metrics(platform, wave, metrics),
    }


def _tell_cohort(
    platform: Platform, cohort: str, runs: Sequence[StageRun], night: Mapping[str, Any] | None
) -> dict[str, Any]:
    """How far a cohort is, when it was compared, and what of its last night still stands."""
    there = {(r.entity, r.stage) for r in runs}
    entities = platform.cohort_entities(cohort)
    seen = {
        stage: min((r.ended_at for r in runs if r.stage == stage and r.ended_at), default=None)
        for stage in STAGES
    }
    compared = seen["reconcile"]
    findings = [f for f in night["findings"] if f.kind == "unseen"] if night else []
    return {
        "name": cohort,
        "missing_stages": [s for s in STAGES if any((e, s) not in there for e in entities)],
        "reconciled_at": compared and compared.astimezone(UTC).isoformat(timespec="seconds"),
        "night": find_standing(findings, night["looked_at"], seen["extract"], compared)
        if night
        else [],
    }
