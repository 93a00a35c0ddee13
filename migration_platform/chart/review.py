"""Chart review: whole charts of a cohort, as the evidence, the status and reviewers see them.

Which charts are whole, which were drawn to be checked by eye, and what was judged of them. How a
chart is judged whole stands in `reconciliation.completeness`, how charts are drawn and what a sample
says in `chart.sample`, one chart for the eye in `chart`.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Literal

from migration_platform.chart import store as chart_store
from migration_platform.chart.sample import RANDOM_CHARTS, Chart, draw, state_bound
from migration_platform.decision.right import require_right
from migration_platform.errors import MigrationError
from migration_platform.platform import Platform
from migration_platform.store import StageRun
from migration_platform.token import tokens

PATIENT = "patient"

Judgement = Literal[
    "right", "wrong", "unjudged", "right before it changed", "wrong before it changed"
]
"""A judgement is of what was sent then: what changed since has to be judged again."""


@dataclass(frozen=True, slots=True)
class ReviewedChart:
    """A chart that was drawn, and what was last judged of it."""

    token: str
    stratum: str
    is_random: bool
    judgement: Judgement
    person: str = ""
    comment: str = ""
    judged_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Sample:
    """The newest sample of a cohort. `outdated`: the cohort has other charts now. `earlier` are
    charts of samples before it that were judged wrong; `drawn` counts all samples."""

    cohort: str
    seed: int
    population: int
    outdated: bool
    drawn: int
    charts: tuple[ReviewedChart, ...]
    earlier: tuple[ReviewedChart, ...]
    statement: str

    def count(self, judgement: Judgement) -> int:
        return sum(c.judgement == judgement for c in self.charts)


def look_at_charts(platform: Platform, cohort: str) -> dict[str, Any] | None:
    """How complete a cohort's charts are (`Completeness`, as JSON). None while it is not
    reconciled throughout, or if its staged files are gone.

    What was found is kept, and looked for again only when the cohort's state is another.
    """
    runs = _finished(platform, cohort, platform.store.latest_runs([cohort]))
    if runs is None:
        return None
    return _look(platform, cohort, runs, chart_store.kept_completeness(platform.store, [cohort]))


def _look(
    platform: Platform,
    cohort: str,
    runs: Sequence[StageRun],
    known: Mapping[str, tuple[str, dict[str, Any]]],
) -> dict[str, Any] | None:
    """The same, from the cohort's newest runs; `known` is what was kept, by cohort."""
    state = [
        f"{r.entity}:{r.stage}:{r.digest}" for r in runs if r.stage in ("transform", "reconcile")
    ]
    digest = hashlib.sha256("\n".join(sorted(state)).encode()).hexdigest()
    looked_at, kept = known.get(cohort, ("", {}))
    if looked_at == digest:
        return kept
    staged = _staged(platform, cohort, runs)
    if staged is None:
        return None
    from migration_platform.reconciliation.completeness import find_gaps

    with platform.staging.connect() as sql:
        found = find_gaps(sql, staged, _tokens(platform))
    # As it will be read when it was kept: one form, whoever asks first.
    result: dict[str, Any] = json.loads(
        json.dumps({**asdict(found), "fragmented": found.fragmented})
    )
    chart_store.keep_completeness(platform.store, cohort, digest, result)
    return result


def describe_charts(
    platform: Platform, cohorts: Sequence[str], runs: Iterable[StageRun]
) -> list[dict[str, Any]]:
    """Cohorts' charts for the evidence: completeness, and the newest sample with its judgements.
    `runs` are the newest ones of all of them.

    Without comments: nobody can promise that what a person wrote names no patient.
    """
    newest: dict[str, list[StageRun]] = {name: [] for name in cohorts}
    for run in runs:
        if run.cohort in newest:
            newest[run.cohort].append(run)
    known = chart_store.kept_completeness(platform.store, cohorts)
    sampled = chart_store.find_sampled(platform.store, cohorts)
    return [
        {
            "cohort": name,
            "completeness": _look(platform, name, own, known)
            if (own := _finished(platform, name, newest[name]))
            else None,
            "sample": _describe_sample(platform, name) if name in sampled else None,
        }
        for name in cohorts
    ]


def _describe_sample(platform: Platform, cohort: str) -> dict[str, Any] | None:
    sample = read_sample(platform, cohort)
    described = None
    if sample is not None:
        described = asdict(sample)
        for chart in [*described["charts"], *described["earlier"]]:
            del chart["comment"]
            chart["judged_at"] = chart["judged_at"] and chart["judged_at"].isoformat()
    return described


def draw_sample(
    platform: Platform, cohort: str, number: int | None = None, seed: int | None = None
) -> Sample:
    """The cohort's sample: the newest if it is of the charts as they are and nothing else is asked
    for, else a new one, which is recorded. Raises MigrationError if there is nothing to draw from."""
    charts = _charts(platform, cohort)
    if not charts:
        raise MigrationError(
            f"cohort {cohort} has no loaded charts to draw from. Run it first: "
            f"`migration run --cohort {cohort}`."
        )
    newest = _newest_sample(platform, cohort, charts)
    if newest is not None and not newest.outdated:
        asked = min(number or RANDOM_CHARTS, len(charts))
        same_number = number is None or sum(c.is_random for c in newest.charts) == asked
        if same_number and seed in (None, newest.seed):
            return newest
    chosen_seed = secrets.randbelow(2**31) if seed is None else seed
    drawn = draw(list(charts.values()), chosen_seed, number or RANDOM_CHARTS)
    name = dict(zip(charts, _tokens(platform)(list(charts)), strict=True))
    chart_store.record_sample(
        platform.store,
        cohort,
        seed=chosen_seed,
        population=len(charts),
        population_digest=_population_digest(list(name.values())),
        charts=[(name[c.patient], c.stratum, c.is_random) for c in drawn],
    )
    recorded = _newest_sample(platform, cohort, charts)
    assert recorded is not None
    return recorded


def read_sample(platform: Platform, cohort: str) -> Sample | None:
    """The newest sample with its judgements; None if none was drawn."""
    if not chart_store.samples_of(platform.store, cohort):
        return None
    return _newest_sample(platform, cohort, _charts(platform, cohort))


def judge_chart(
    platform: Platform, token: str, *, is_right: bool, person: str, comment: str
) -> tuple[str, Sample]:
    """Record what a person judged of a chart that was drawn; returns its cohort and the sample.

    Raises MigrationError if the chart was never drawn or is not loaded now, GateClosedError if the
    person's roles do not have the right.
    """
    require_right(platform.people, person, "judge")
    cohort = chart_store.cohort_of_sampled(platform.store, token)
    if cohort is None:
        raise MigrationError(
            f"no sample has a chart {token}. Draw one with `migration sample-charts`, or look at "
            "those drawn."
        )
    charts = _charts(platform, cohort)
    digest = _digests(platform, charts).get(token)
    if digest is None:
        raise MigrationError(
            f"chart {token} of cohort {cohort} is not loaded now: nothing to judge."
        )
    chart_store.record_judgement(
        platform.store,
        cohort,
        token,
        is_right=is_right,
        person=person,
        comment=comment,
        chart_digest=digest,
    )
    sample = _newest_sample(platform, cohort, charts)
    assert sample is not None
    return cohort, sample


def _newest_sample(platform: Platform, cohort: str, charts: dict[str, Chart]) -> Sample | None:
    samples = chart_store.samples_of(platform.store, cohort)
    if not samples:
        return None
    newest = samples[0]
    judgements = chart_store.judgements_of(platform.store, cohort)
    digests = _digests(platform, charts)

    def review(token: str, stratum: str, is_random: bool) -> ReviewedChart:
        judged = judgements.get(token)
        if judged is None:
            return ReviewedChart(token, stratum, is_random, "unjudged")
        word: Judgement = "right" if judged["is_right"] else "wrong"
        if judged["chart_digest"] != digests.get(token):
            word = "right before it changed" if judged["is_right"] else "wrong before it changed"
        return ReviewedChart(
            token, stratum, is_random, word,
            judged["person"], judged["comment"], judged["judged_at"],
        )  # fmt: skip

    drawn = [review(**c) for c in chart_store.charts_of(platform.store, newest["id"])]
    known = {c.token for c in drawn}
    random = [c for c in drawn if c.is_random]
    wrong = sum(c.judgement == "wrong" for c in random)
    judged = wrong + sum(c.judgement == "right" for c in random)
    outdated = newest["population_digest"] != _population_digest(list(digests))
    return Sample(
        cohort=cohort,
        seed=newest["seed"],
        population=newest["population"],
        outdated=outdated,
        drawn=len(samples),
        charts=tuple(drawn),
        earlier=tuple(
            review(token, "an earlier sample", False)
            for token, judged in sorted(judgements.items())
            if token not in known and not judged["is_right"]
        ),
        statement="It says nothing any more: the cohort has other charts now. Draw again."
        if outdated
        else state_bound(newest["population"], len(random), len(random) - judged, wrong),
    )


def _charts(platform: Platform, cohort: str) -> dict[str, Chart]:
    runs = _finished(platform, cohort, platform.store.latest_runs([cohort]))
    staged = None if runs is None else _staged(platform, cohort, runs)
    if staged is None:
        return {}
    from migration_platform.reconciliation.chart_fact import read_charts

    with platform.staging.connect() as sql:
        return read_charts(sql, staged)


def _digests(platform: Platform, charts: dict[str, Chart]) -> dict[str, str]:
    """The digest of what was sent of each chart, by token."""
    names = _tokens(platform)(list(charts))
    return {name: chart.digest for name, chart in zip(names, charts.values(), strict=True)}


def _tokens(platform: Platform) -> Callable[[Sequence[str]], list[str]]:
    key = platform.settings.token_key()
    return lambda patients: tokens(key, PATIENT, patients)


def _population_digest(names: list[str]) -> str:
    return hashlib.sha256("\n".join(sorted(names)).encode()).hexdigest()


def _finished(
    platform: Platform, cohort: str, runs: Sequence[StageRun]
) -> Sequence[StageRun] | None:
    """The newest runs of a cohort's entities; None unless all have been through every stage."""
    done = {r.entity for r in runs if r.stage == "reconcile"}
    return runs if done == set(platform.cohort_entities(cohort)) else None


def _staged(platform: Platform, cohort: str, runs: Sequence[StageRun]) -> Any:
    """The staged files of the cohort's applicable entities (`StagedEntity`); None if one is gone or
    there are no patients."""
    from migration_platform.reconciliation.completeness import StagedEntity

    applicable = {r.entity for r in runs if r.stage == "reconcile" and r.applicable}
    staging = platform.staging
    staged = [
        StagedEntity(
            platform.entity(name),
            staging.path(cohort, name, "extract"),
            staging.path(cohort, name, "ends"),
            staging.path(cohort, name, "mapped"),
            staging.path(cohort, name, "differences"),
        )
        for name in platform.cohort_entities(cohort)
        if name in applicable
    ]
    files = [p for s in staged for p in (s.snapshot, s.ends, s.mapped, s.differences)]
    if PATIENT not in applicable or not all(path.exists() for path in files):
        return None
    return staged
