"""Governance: the evidence of a wave, put together from the store.

What counts as balanced is decided in `accounting`, the verdict in `promotion`; this reads what they
need. What people decide on it is recorded in `move`.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from migration_platform.chart.review import describe_charts
from migration_platform.check import CheckCount
from migration_platform.code_version import code_digest
from migration_platform.control_total import digest_totals
from migration_platform.decision.log import read_whole
from migration_platform.decision.wave_state import find_promotion
from migration_platform.duplicate.pair_store import newest_search
from migration_platform.duplicate.population import describe_search
from migration_platform.evidence import evidence
from migration_platform.evidence.blind_spot import BlindSpot, find_blind_spots
from migration_platform.evidence.evidence import CohortState, Evidence
from migration_platform.evidence.wave_record import read_record
from migration_platform.exception.ruling import Act, Ruling, digest_rulings, find_rulings
from migration_platform.exception.store import acts_in, count_exceptions
from migration_platform.fault.unplanted import NOT_IN_CATALOGUE
from migration_platform.ledger import account_for, input_digest
from migration_platform.night.log import read_newest
from migration_platform.night.night import find_standing
from migration_platform.platform import REFERENCE, Platform
from migration_platform.rollback.drill_record import newest_drills
from migration_platform.rollback.record import find_rolled_back, find_running
from migration_platform.store import STAGES, Stage, StageRun
from migration_platform.waiver.waiver import mark_waived


def assemble_evidence(platform: Platform, wave: str) -> Evidence:
    """Put a wave's evidence together as it is now, decide on it, and keep it under its digest."""
    declared = platform.plan.wave(wave)
    names = [c.name for c in declared.cohorts]
    everywhere = [REFERENCE, *names]
    store = platform.store
    if find_running(store, everywhere):
        from migration_platform.rollback.cohort_rollback import (
            settle,  # what loads bring with them, rarely needed
        )

        settle(platform, everywhere)
    runs = {(r.cohort, r.entity, r.stage): r for r in store.latest_runs(everywhere)}
    checks = store.count_checks(everywhere)
    accounts = account_for(platform, everywhere, runs=runs.values())
    patients = platform.read_frozen()
    log = read_whole(platform)
    promotion = find_promotion(log, wave)
    now = {
        name: (platform.mapping_digest(name), platform.suite_digest(name))
        for name in platform.entities
    }
    checked: dict[str, list[CheckCount]] = {name: [] for name in everywhere}
    for check in checks:
        checked[check.cohort].append(check)
    acts: dict[tuple[str, str], list[Act]] = {}
    for act in acts_in(store, everywhere):
        acts.setdefault((act.cohort, act.entity), []).append(act)
    at, waivers, nights = datetime.now(UTC), store.waivers(), read_newest(store, everywhere)
    result = evidence.assemble(
        declared,
        cohorts=[
            _state(platform, name, runs, checked[name], acts, now, nights.get(name), patients)
            for name in everywhere
        ],
        accounts=[(a, _found(runs.get((a.cohort, a.entity, "reconcile")))) for a in accounts],
        checks=checks,
        reconciliations=[
            {
                "cohort": r.cohort,
                "entity": r.entity,
                **r.detail,
                "clusters": mark_waived(r.detail.get("clusters", []), waivers, r.cohort, at),
            }
            for r in runs.values()
            if r.stage == "reconcile" and r.applicable
        ],
        charts=describe_charts(platform, names, runs.values()),
        exceptions=count_exceptions(store, everywhere),
        rulings=_count_rulings(platform, everywhere),
        search=describe_search(platform),
        rollbacks=_rollbacks(platform, everywhere),
        drills=[drill.evidence for drill in newest_drills(store, names)],
        record=read_record(platform, wave, log),
        versions={
            "code": code_digest(),
            "mapping": _digest([mapping for mapping, _ in now.values()]),
            "waves": hashlib.sha256(platform.plan.file.read_bytes()).hexdigest(),
            "suites": _digest(sorted({c.suite_digest for c in checks})),
        },
        blind_spots=read_blind_spots(platform, everywhere, runs.values()),
        promoted_by=promotion.person if promotion else None,
        at=at,
    )
    if not store.has_evidence(result.digest):
        store.keep_evidence(result.digest, wave, evidence.canonical(result.document))
    return result


def _rollbacks(platform: Platform, cohorts: Sequence[str]) -> list[dict[str, str]]:
    """Rollbacks that count: running, or done and not loaded again since."""
    store = platform.store
    return [
        {
            "cohort": r.cohort,
            "state": r.state,
            "person": r.person,
            "reason": r.reason,
            "at": (r.ended_at or r.begun_at or datetime.now(UTC))
            .astimezone(UTC)
            .isoformat(timespec="seconds"),
        }
        for r in [*find_running(store, cohorts), *find_rolled_back(store, cohorts)]
    ]


def _count_rulings(platform: Platform, cohorts: Sequence[str]) -> list[dict[str, Any]]:
    """What people decided about single records, by cohort, entity and effect, and the digest of it."""
    groups: dict[tuple[str, str, str], list[Ruling]] = {}
    for ruling in find_rulings(acts_in(platform.store, cohorts)):
        groups.setdefault((ruling.cohort, ruling.entity, ruling.effect), []).append(ruling)
    return [
        {
            "cohort": cohort,
            "entity": entity,
            "effect": effect,
            "count": len(found),
            "digest": digest_rulings(found),
        }
        for (cohort, entity, effect), found in sorted(groups.items())
    ]


def read_blind_spots(
    platform: Platform, cohorts: Sequence[str], runs: Iterable[StageRun]
) -> tuple[BlindSpot, ...]:
    """What the reconciliation of these cohorts cannot see. `runs` are their newest ones."""
    left_out, unread = [], {}
    corrected: Counter[tuple[str, str]] = Counter()
    waiting: Counter[str] = Counter()
    for run in runs:
        if run.cohort not in cohorts or not run.applicable:
            continue
        if run.stage == "reconcile":
            left_out += [{"entity": run.entity, **e} for e in run.detail.get("left_out", [])]
            waiting[run.entity] += run.counts.get("excepted", 0)
        elif run.stage == "transform":
            for column, number in run.detail.get("corrected", {}).items():
                corrected[run.entity, column] += number
        elif run.stage == "extract":
            unread[run.entity] = run.detail.get("unread", [])
    return find_blind_spots(
        [spot for outline in platform.outlines.values() for spot in outline.blind_spots],
        left_out=left_out,
        waiting=waiting,
        corrected=corrected,
        unread=unread,
        unplanted=NOT_IN_CATALOGUE,
        duplicates=_say_searched(platform),
    )


def _say_searched(platform: Platform) -> str:
    search = newest_search(platform.store)
    if search is None:
        return (
            "Whether two patients are one person: nobody has searched for it (`migration duplicates "
            "find`)."
        )
    return (
        f"Whether two patients are one person, beyond what the search of {search.found_at:%Y-%m-%d} "
        f"over {search.records:,} records proposed."
    )


def _found(run: StageRun | None) -> str:
    return run.digest if run else ""


def _digest(parts: Sequence[str]) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _state(
    platform: Platform,
    cohort: str,
    runs: Mapping[tuple[str, str, Stage], StageRun],
    checks: Sequence[CheckCount],
    acts: Mapping[tuple[str, str], Sequence[Act]],
    now: Mapping[str, tuple[str, str]],
    night: Mapping[str, Any] | None,
    patients: Mapping[str, int],
) -> CohortState:
    """How far a cohort is, and what of it is not about the present state.

    `checks` are the cohort's own, `acts` what people did about records by cohort and entity. `now`
    gives each entity's mapping digest and suite digest as they are now, `night` the cohort's
    newest night, `patients` how many each frozen cohort has.
    """
    entities = platform.cohort_entities(cohort)
    missing = [
        stage for stage in STAGES if any((cohort, entity, stage) not in runs for entity in entities)
    ]

    def newest(home: str, entity: str, stage: Stage) -> StageRun | None:
        return runs.get((home, entity, stage))

    outdated: list[str] = []
    reconciled: list[datetime] = []
    extracted: list[datetime] = []
    loaded = unassigned = 0
    for entity in entities:
        chain = [runs.get((cohort, entity, s)) for s in STAGES]
        extract, transform, load, reconcile = chain
        if not all(r is not None and r.applicable for r in chain):
            continue
        assert extract is not None
        assert transform is not None
        assert load is not None
        assert reconcile is not None
        loaded += load.counts.get("loaded", 0)
        unassigned += extract.counts.get("unassigned", 0)
        if reconcile.ended_at is not None:
            reconciled.append(reconcile.ended_at)
        if extract.started_at is not None:
            extracted.append(extract.started_at)
        if transform.input_digest != input_digest(
            platform, cohort, entity, newest, acts.get((cohort, entity), ())
        ):
            outdated.append(f"{entity}, or what it refers to, is newer than its transform")
        if transform.mapping_digest != now[entity][0]:
            outdated.append(f"the mapping of {entity} changed after it was transformed")
        if load.input_digest != transform.digest:
            outdated.append(f"{entity} was transformed after it was loaded")
        if reconcile.started_at and load.ended_at and reconcile.started_at < load.ended_at:
            outdated.append(f"{entity} was loaded after it was reconciled")
        if reconcile.detail.get("totals_digest", "") != digest_totals(platform.totals_of(entity)):
            outdated.append(f"the control totals of {entity} changed after it was reconciled")
        if load.counts.get("loaded", 0):
            outdated += _unchecked(entity, now[entity][1], load, checks, cohort)
    return CohortState(
        name=cohort,
        patients=patients.get(cohort),
        loaded=loaded,
        unassigned=unassigned,
        as_of=None if cohort == REFERENCE else platform.as_of(cohort),
        may_be_empty=cohort == REFERENCE or platform.plan.cohort(cohort).orphans,
        missing_stages=tuple(missing),
        outdated=tuple(outdated),
        night=tuple(
            find_standing(
                night["findings"],
                night["looked_at"],
                min(extracted, default=None),
                min(reconciled, default=None),
            )
            if night
            else ()
        ),
        reconciled_at=min(reconciled, default=None),
    )


def _unchecked(
    entity: str, suite_digest: str, load: StageRun, checks: Sequence[CheckCount], cohort: str
) -> list[str]:
    """Points at which what is loaded has no check outcome of its own that says anything."""
    said = []
    for point, words in (("transformed", "before load"), ("destination", "in the destination")):
        found = next(
            (c for c in checks if (c.cohort, c.entity, c.point) == (cohort, entity, point)), None
        )
        if found is not None and found.suite_digest != suite_digest:
            said.append(f"the suite of {entity} changed after it was run {words}")
        elif found is None or found.digest != load.digest or found.outcome == "not applicable":
            said.append(f"{entity} as it is now was not checked {words}")
    return said


def look_again(
    platform: Platform, wave: str, progress: Callable[[int, int], None] | None = None
) -> None:
    """Reconcile everything of a wave anew: a decision rests on what is there now."""
    from migration_platform import (
        stage as stages,  # DuckDB, Arrow and ADBC: only for who looks again
    )

    cohorts = [REFERENCE, *[c.name for c in platform.plan.wave(wave).cohorts]]
    todo = [(c, e) for c in cohorts for e in platform.cohort_entities(c)]
    for number, (cohort, entity) in enumerate(todo, 1):
        stages.reconcile(platform, cohort, entity)
        if progress:
            progress(number, len(todo))


def write_expectation_report(platform: Platform, cohort: str) -> Path:
    """Write the cohort's expectation report from the newest outcomes; returns its path."""
    from migration_platform.report import render_cohort_report, write_report

    accounts = account_for(platform, [cohort])
    wave = "reference" if cohort == REFERENCE else platform.plan.wave_of(cohort).name
    page = render_cohort_report(
        cohort,
        wave,
        platform.store.check_outcomes([cohort]),
        {a.entity: a.reason for a in accounts if not a.applicable},
        datetime.now(UTC),
        {"mapping": _digest([platform.mapping_digest(n) for n in platform.entities])[:16]},
    )
    path = platform.settings.reports / f"{cohort}.html"
    write_report(path, page)
    return path
