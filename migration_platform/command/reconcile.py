"""`migration reconcile`: compare what was sent with what the destination holds, here and now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated, Any

import typer
from rich.table import Table

from migration_platform.command.console import Json, count, err, out, print_json
from migration_platform.errors import ConfigurationError, MigrationError

SHOWN = 10
"""Clusters on a terminal. The JSON has them all."""

Wave = Annotated[str | None, typer.Option(help="Every cohort of this wave.")]
Cohort = Annotated[str | None, typer.Option(help="This cohort.")]
Entity = Annotated[str | None, typer.Option(help="Only this entity of it.")]


def reconcile(
    wave: Wave = None,
    cohort: Cohort = None,
    entity: Entity = None,
    full: Annotated[
        bool, typer.Option("--full", help="Compare also what is proven unchanged.")
    ] = False,
    json: Json = False,
) -> None:
    """Compare what was sent with what the destination holds, field by field. Writes nothing there.

    Ends with 0 if nothing differs but what is waived, with 1 if something does or the comparison is
    inconclusive, with 2 if it could not look.
    """
    from migration_platform import stage as stages
    from migration_platform.cohort_reconciliation import read_reconciliation
    from migration_platform.platform import Platform

    platform = Platform.open()
    found = []
    with err.status("comparing …") as progress:
        for name in choose_cohorts(platform, wave, cohort):
            entities = choose_entities(platform, name, entity)
            for each in entities:
                progress.update(f"comparing {each} of {name} …")
                stages.reconcile(platform, name, each, full=full)
            found.append(read_reconciliation(platform, name, entities))
    found.sort(key=lambda c: c.state not in ("differs", "inconclusive"))
    if json:
        print_json({"clean": all(_fine(c) for c in found), "cohorts": [_plain(c) for c in found]})
    else:
        for each_cohort in found:
            _print(each_cohort)
    if not all(_fine(c) for c in found):
        raise typer.Exit(1)


def choose_cohorts(platform: Any, wave: str | None, cohort: str | None) -> Sequence[str]:
    """The cohorts of a wave, one of them, or all that are loaded. Raises ConfigurationError."""
    from migration_platform.platform import REFERENCE

    if wave is not None and cohort is not None:
        raise ConfigurationError("name either a wave (--wave) or a cohort (--cohort)")
    if wave is not None:
        return [c.name for c in platform.plan.wave(wave).cohorts]
    if cohort is not None:
        return [cohort if cohort == REFERENCE else platform.plan.cohort(cohort).name]
    live = platform.live_cohorts()
    if not live:
        raise MigrationError("no cohort is loaded yet: `migration run --wave pilot`")
    return [REFERENCE, *live]


def choose_entities(platform: Any, cohort: str, entity: str | None) -> list[str]:
    """The cohort's entities, or the one named. Raises ConfigurationError if it has it not."""
    entities: list[str] = platform.cohort_entities(cohort)
    if entity is None:
        return entities
    if platform.entity(entity).name not in entities:
        raise ConfigurationError(f"cohort {cohort} has no {entity}. It has: {', '.join(entities)}")
    return [entity]


def _fine(cohort: Any) -> bool:
    """Nothing differs but what is waived. Nothing to compare is no difference."""
    return cohort.state not in ("differs", "inconclusive")


def _plain(cohort: Any) -> dict[str, Any]:
    """Everything but values: records appear by token."""
    return {
        "cohort": cohort.cohort,
        "state": cohort.state,
        "sentence": cohort.sentence,
        "counts": cohort.counts,
        "wrong": cohort.wrong,
        "doubtful": cohort.doubtful,
        "clusters": cohort.clusters,
        "entities": [
            {
                **asdict(a),
                "balanced": a.balanced,
                "clean": a.clean,
                **{k: v for k, v in cohort.detail.get(a.entity, {}).items() if k != "clusters"},
            }
            for a in cohort.accounts
        ],
    }


def _print(cohort: Any) -> None:
    """The verdict, the balance, the largest clusters, and what each comparison rests on."""
    colour = "green" if _fine(cohort) else "red"
    out.print(f"[{colour}]{'✔' if _fine(cohort) else '✖'}[/] [bold]{cohort.sentence}[/]")
    columns = ("loaded", "matched", "mismatched", "missing", "unexpected", "found")
    table = Table("entity")
    for column in columns:
        table.add_column(column, justify="right")
    table.add_column("balanced")
    table.add_column("rests on")
    for a in sorted(cohort.accounts, key=lambda a: a.clean is not False):
        balanced = {True: "yes", False: "NO", None: "nothing to balance"}[a.balanced]
        table.add_row(
            a.entity,
            *[count(getattr(a, c)) if a.applicable else "" for c in columns],
            balanced if a.applicable else f"not applicable: {a.reason}",
            _rests_on(cohort.detail.get(a.entity, {})),
        )
    out.print(table)
    print_clusters(cohort.clusters)


def print_clusters(clusters: Sequence[dict[str, Any]]) -> None:
    """The largest clusters: where, what kind, how many, waived or not, and a few records."""
    if not clusters:
        return
    table = Table(title="differences by cause", title_justify="left")
    table.add_column("records", justify="right")
    for title in ("entity", "field", "kind", "came about in", "waived", "records by token"):
        table.add_column(title)
    for c in clusters[:SHOWN]:
        waived = c["waived"]
        table.add_row(
            f"{c['count']:,}",
            c["entity"],
            c["field"],
            c["kind"],
            c["leg"],
            f"by {waived['person']} until {waived['until'][:10]}" if waived else "no",
            " ".join(c["tokens"]),
        )
    out.print(table)
    if len(clusters) > SHOWN:
        out.print(f"and {len(clusters) - SHOWN} more causes: --json has them all")


def _rests_on(detail: dict[str, Any]) -> str:
    """A comparison just made, or an earlier one and the proof that nothing changed since."""
    said = []
    unchanged = detail.get("unchanged", {})
    if unchanged.get("compared") is False:
        said.append(f"unchanged since {unchanged['since'][:16]} UTC")
    elif unchanged:
        said.append("compared in full")
    if c := detail.get("certificate"):
        said.append(f"{c['found']:,} of {c['planted']:,} planted faults found")
    if r := detail.get("round_trip"):
        said.append(
            f"{r['compared']:,} records read from the source text, {r['differing']:,} differ"
        )
    return ", ".join(said)
