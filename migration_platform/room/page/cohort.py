"""Cohort: where each of its entities is, what became of its records, what differs and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from migration_platform.cohort_reconciliation import CohortReconciliation, read_reconciliation
from migration_platform.platform import REFERENCE, Platform
from migration_platform.room.page.headline import Headline, count_noun
from migration_platform.room.page.ledger import add_up
from migration_platform.room.page.sheet import Part, Sheet
from migration_platform.room.table import Cell, Table, make_table
from migration_platform.store import STAGES, Stage, StageRun

SHAPES = {
    "differs": "failed",
    "inconclusive": "error",
    "nothing to compare": "not-asked",
    "waived": "held",
    "matches": "passed",
}


def name_cohort(platform: Platform, name: str) -> str:
    """The cohort of that name. Raises ConfigurationError naming those there are."""
    return name if name == REFERENCE else platform.plan.cohort(name).name


def describe_cohort(platform: Platform, name: str) -> Sheet:
    """A cohort as it is now, a running one too."""
    cohort = name_cohort(platform, name)
    runs = {
        (r.entity, r.stage): r
        for r in platform.store.latest_runs([cohort], done_only=False)
    }  # fmt: skip
    found = read_reconciliation(platform, cohort)
    accounts = [
        {**asdict(a), "balanced": a.balanced} for a in found.accounts
    ]  # fmt: skip
    entities = platform.cohort_entities(cohort)
    return Sheet(
        cohort,
        _headline(cohort, found, runs, len(entities)),
        (
            Part("Stages", _stages(cohort, entities, runs)),
            Part("Accounting", add_up(accounts, entities, f"/cohorts/{cohort}", by="entity")),
        ),
        trail=_trail(platform, cohort),
        links=_links(platform, cohort),
    )


def describe_differences(platform: Platform, name: str) -> Sheet:
    """What the reconciliation found, by cause: the largest first, records by token."""
    cohort = name_cohort(platform, name)
    found = read_reconciliation(platform, cohort)
    rows = [
        (
            Cell(c["entity"], link=f"/cohorts/{cohort}/{c['entity']}"),
            c["field"] or "the whole record",
            c["kind"],
            "mapping" if c["leg"] == "mapping" else "load or since",
            Cell(c["count"], "held" if c["waived"] else "failed"),
            f"{c['waived']['person']} until {c['waived']['until'][:10]}: {c['waived']['reason']}"
            if c["waived"]
            else "no",
            " ".join(c["tokens"]),
        )
        for c in found.clusters
    ]
    certificates = [
        (entity, c["planted"], c["found"], c["located"], c["benign"], c["false_alarms"])
        for entity, detail in found.detail.items()
        if (c := detail.get("certificate"))
    ]
    return Sheet(
        "differences",
        Headline(SHAPES[found.state], found.sentence),
        (
            Part("By cause", make_table(
                "clusters", "Differences with one signature have one cause",
                ("Entity", "Field", "Kind", "Came about in", "Records #", "Waived", "By token ="),
                rows, empty="Nothing differs in what was compared.",
                url=f"/cohorts/{cohort}/differences/clusters.csv",
            )),
            Part("What the comparison would have seen", make_table(
                "certificate", "Faults planted in a copy of what was compared, all to be found",
                ("Entity", "Planted #", "Found #", "Located #", "Benign changes #",
                 "False alarms #"),
                certificates, empty="Nothing has been compared yet.",
                url=f"/cohorts/{cohort}/differences/certificate.csv",
            )),
        ),
        trail=(*_trail(platform, cohort), (f"/cohorts/{cohort}", cohort)),
    )  # fmt: skip


def describe_entity(platform: Platform, name: str, entity: str) -> Sheet:
    """One entity in a cohort: its stages, its differences, its checks."""
    cohort = name_cohort(platform, name)
    outline = platform.outline(entity)
    runs = {
        (r.entity, r.stage): r
        for r in platform.store.latest_runs([cohort], entity, done_only=False)
    }  # fmt: skip
    found = read_reconciliation(platform, cohort, [entity])
    history = platform.store.history(cohort, entity, "reconcile")
    return Sheet(
        entity,
        Headline(SHAPES[found.state], found.sentence.replace(
            f"Cohort {cohort}", f"{entity.capitalize().replace('_', ' ')} in {cohort}", 1)),
        (
            Part("Stages", _stages(cohort, [entity], runs)),
            Part("Accounting", add_up(
                [{**asdict(a), "balanced": a.balanced} for a in found.accounts], [entity],
                f"/cohorts/{cohort}", by="entity")),
            Part("Comparisons", make_table(
                "comparisons", "The last ones, newest first",
                ("When", "Matched #", "Mismatched #", "Missing #", "Unexpected #", "Content ="),
                [(h["ended_at"], *(h["counts"].get(n, 0) for n in
                  ("matched", "mismatched", "missing", "unexpected")), h["digest"][:12])
                 for h in history],
                empty="It has not been compared yet.",
                url=f"/cohorts/{cohort}/{entity}/comparisons.csv",
            )),
            Part("Fields", make_table(
                "fields", "Where each field comes from",
                ("Field", "From", "Rule", "Owner"),
                [(f.name, ", ".join(f.columns), f.sentence, platform.owner(entity, f.name))
                 for f in outline.fields],
                empty="No field is declared.", url=f"/cohorts/{cohort}/{entity}/fields.csv",
            )),
        ),
        trail=(*_trail(platform, cohort), (f"/cohorts/{cohort}", cohort)),
        links=(
            (f"/cohorts/{cohort}/expectations", "Expectation report"),
            (f"/cohorts/{cohort}/differences", "Differences by cause"),
            (f"/exceptions?cohort={cohort}&entity={entity}", "Exceptions"),
            (f"{platform.settings.dagster_pages}/assets/reconcile/{entity}", "In Dagster"),
        ),
    )  # fmt: skip


def _trail(platform: Platform, cohort: str) -> tuple[tuple[str, str], ...]:
    if cohort == REFERENCE:
        return (("/", "Waves"),)
    wave = platform.plan.wave_of(cohort).name
    return (("/", "Waves"), (f"/waves/{wave}", wave))


def _links(platform: Platform, cohort: str) -> tuple[tuple[str, str], ...]:
    here = f"/cohorts/{cohort}"
    charts = () if cohort == REFERENCE else ((f"{here}/charts", "Charts to check by eye"),)
    return (
        (f"{here}/expectations", "Expectation report"),
        (f"{here}/differences", "Differences by cause"),
        (f"/exceptions?cohort={cohort}", "Exceptions"),
        *charts,
        (f"{platform.settings.dagster_pages}/runs?q%5B0%5D=tag%3Adagster%2Fpartition%3D{cohort}",
         "Runs in Dagster"),
    )  # fmt: skip


def _headline(
    cohort: str,
    found: CohortReconciliation,
    runs: Mapping[tuple[str, Stage], StageRun],
    entities: int,
) -> Headline:
    running = [r for r in runs.values() if r.state == "running"]
    done = sum(r.state == "done" for r in runs.values())
    total = entities * len(STAGES)
    if running:
        first = running[0]
        return Headline(
            "running",
            f"Cohort {cohort} is running: {done:,} of {total:,} stages have ended.",
            f"Now: {first.stage} of {first.entity}.",
        )
    failed = [r for r in runs.values() if r.state == "failed"]
    if failed:
        said = ", ".join(f"{r.stage} of {r.entity}" for r in failed[:3])
        return Headline("failed", f"Cohort {cohort} failed: {said}.")
    if not runs:
        return Headline("not-run", f"Cohort {cohort} has not been run.")
    if done < total:
        return Headline(
            "not-run", f"Cohort {cohort} is not finished: {done:,} of {total:,} stages."
        )
    return Headline(
        SHAPES[found.state],
        found.sentence,
        f"{count_noun(found.counts['loaded'], 'record')} loaded.",
    )


def _stages(cohort: str, entities: list[str], runs: Mapping[tuple[str, Stage], StageRun]) -> Table:
    def cell(entity: str, stage: Stage) -> Any:
        run = runs.get((entity, stage))
        if run is None:
            return Cell("not run", "not-run")
        if run.state == "running":
            return Cell("running", "running")
        if run.state == "failed":
            return Cell("failed", "failed", note=run.reason)
        if not run.applicable:
            return Cell("not applicable", "not-applicable", note=run.reason)
        return Cell("done", "passed", note=f"{run.row_count:,} in {run.seconds:.1f} s")

    return make_table(
        "stages",
        "How far each entity is",
        ("Entity", *(stage.capitalize() for stage in STAGES)),
        [(Cell(e, link=f"/cohorts/{cohort}/{e}"), *(cell(e, s) for s in STAGES)) for e in entities],
        empty="The cohort moves no entity.",
        url=f"/cohorts/{cohort}/stages.csv",
    )
