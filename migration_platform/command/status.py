"""`migration status`, `accounting`, `mapping`, `trace`: what there is to read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated, Any

import typer
from rich.table import Table

from migration_platform.command.chart import say_completeness
from migration_platform.command.console import MARKS, Json, count, out, print_json
from migration_platform.command.trigger import print_undelivered


def status(
    wave: Annotated[str | None, typer.Argument(help="Only this wave.")] = None, json: Json = False
) -> None:
    """Say of every wave whether it may go on, and if not, why."""
    from migration_platform.platform import Platform

    platform = Platform.open()
    names = [platform.plan.wave(wave).name] if wave else [w.name for w in platform.plan.waves]
    waves = read_status(platform, names)
    if json:
        print_json({"waves": waves})
        return
    for each in waves:
        print_wave(each)
    print_undelivered(platform)


def read_status(platform: Any, names: Sequence[str]) -> list[dict[str, Any]]:
    """Each wave with verdict, reasons, evidence digest and cohorts."""
    from migration_platform.evidence.blind_spot import BlindSpot, count_blind_spots
    from migration_platform.evidence.governance import assemble_evidence
    from migration_platform.evidence.wave_status import state_wave

    found = []
    for name in names:
        evidence = assemble_evidence(platform, name)
        said = state_wave(platform, evidence)
        charts = {c["cohort"]: c for c in evidence.document["charts"]}
        found.append(
            {
                "name": name,
                "verdict": said.verdict,
                "sentence": said.sentence,
                "reasons": list(said.reasons),
                "waived": evidence.waived,
                "evidence_digest": evidence.digest,
                "blind_spots": count_blind_spots(
                    [BlindSpot(**spot) for spot in evidence.document["blind_spots"]]
                ),
                "cohorts": [
                    {
                        "name": c["name"],
                        "patients": c["patients"],
                        "loaded": c["loaded"],
                        "unfinished_stages": c["missing_stages"],
                        "reconciled_at": c["reconciled_at"],
                        "completeness": charts[c["name"]]["completeness"],
                    }
                    for c in evidence.document["cohorts"]
                    if c["name"] != "reference"
                ],
            }
        )
    return found


def print_wave(wave: dict[str, Any]) -> None:
    """A wave's verdict first, then its reasons, cohorts, what was not seen, and evidence."""
    from migration_platform.evidence.blind_spot import summarize_blind_spots

    out.print(f"{MARKS[wave['verdict']]}  [bold]{wave['sentence']}[/]")
    for reason in wave["reasons"] if len(wave["reasons"]) > 1 else ():
        out.print(f"    - {reason}", markup=False)
    for waived in wave["waived"]:
        out.print(f"    - waived: {waived}", markup=False)
    for cohort in wave["cohorts"]:
        done = (
            f"not finished: {', '.join(cohort['unfinished_stages'])}"
            if cohort["unfinished_stages"]
            else f"{cohort['loaded']:,} records loaded, reconciled {cohort['reconciled_at']}"
        )
        people = "not frozen" if cohort["patients"] is None else f"{cohort['patients']:,} patients"
        out.print(f"    {cohort['name']}: {people}, {done}", style="dim")
        if cohort["completeness"]:
            out.print(f"      {say_completeness(cohort['completeness'])}", style="dim")
    out.print(f"    {summarize_blind_spots(wave['blind_spots'])}", style="dim")
    out.print(f"    (migration blind-spots --wave {wave['name']})", style="dim")
    out.print(f"    evidence {wave['evidence_digest'][:12]}", style="dim")


def accounting(
    cohort: Annotated[str | None, typer.Option(help="Only this cohort.")] = None, json: Json = False
) -> None:
    """Print the ledger: every record of every cohort and entity, and its end."""
    from migration_platform.ledger import account_for
    from migration_platform.platform import REFERENCE, Platform

    platform = Platform.open()
    names = [REFERENCE, *[c.name for c in platform.plan.cohorts]]
    if cohort is not None:
        names = [cohort if cohort == REFERENCE else platform.plan.cohort(cohort).name]
    runs = platform.store.latest_runs(names)
    started = {r.cohort for r in runs}
    accounts = account_for(platform, names, runs=runs)
    accounts = [a for a in accounts if a.cohort in started]
    if json:
        print_json([{**asdict(a), "balanced": a.balanced, "clean": a.clean} for a in accounts])
        return
    if not accounts:
        out.print("Nothing has been extracted yet: migration run --wave pilot")
        return
    columns = (
        "extracted", "loaded", "archived", "excluded", "excepted",
        "matched", "mismatched", "missing", "unexpected",
    )  # fmt: skip
    for name in dict.fromkeys(a.cohort for a in accounts):
        table = Table("entity", title=f"cohort {name}", title_justify="left")
        for column in columns:
            table.add_column(column, justify="right")
        table.add_column("balanced")
        for a in [a for a in accounts if a.cohort == name]:
            balanced = {True: "yes", False: "NO", None: "nothing to balance"}[a.balanced]
            table.add_row(
                a.entity,
                *[count(getattr(a, c)) if a.applicable else "" for c in columns],
                balanced if a.applicable else f"not applicable: {a.reason}",
            )
        out.print(table)
        for a in accounts:
            for difference in a.differences:
                out.print(f"  {a.cohort}, {a.entity}: {difference}")


def mapping(
    entity: Annotated[str | None, typer.Argument(help="Only this entity.")] = None,
    json: Json = False,
) -> None:
    """Print the field-by-field mapping document, from the code that does the mapping."""
    from migration_platform.mapping_document import mapping_markdown, mapping_rows
    from migration_platform.platform import Platform

    platform = Platform.open()
    names = [platform.entity(entity).name] if entity else list(platform.entities)
    if json:
        print_json([row for name in names for row in mapping_rows(platform, name)])
        return
    for name in names:
        out.print(mapping_markdown(platform, name), markup=False)


def trace(
    entity: Annotated[str, typer.Argument(help="The kind of record, e.g. patient.")],
    identifier: Annotated[str, typer.Argument(help="Its source id, destination id or token.")],
    by: Annotated[str, typer.Option(help="Who looks: a name that people.toml has.")],
    reason: Annotated[str, typer.Option(help="Why: kept with the name and the token.")],
    json: Json = False,
) -> None:
    """Show one record's whole way. It prints patient data: to this terminal only.

    That somebody looked is recorded before anything is printed.
    """
    from migration_platform.decision.right import require_right
    from migration_platform.platform import Platform
    from migration_platform.trace import trace_record
    from migration_platform.value_view import record_view

    platform = Platform.open()
    require_right(platform.people, by, "see values")
    found = trace_record(platform, entity, identifier)
    record_view(
        platform, person=by, way="command line", what=entity, token=found.token, reason=reason
    )
    if json:
        print_json(found)
        return
    why = f", {found.rule}" + (f" ({found.field})" if found.field else "") if found.rule else ""
    out.print(f"[bold]{found.entity} {found.token} is {found.end}[/] in cohort {found.cohort}{why}")
    out.print(f"source id {found.source_id}, destination id {found.destination_id}", markup=False)
    table = Table("field", "source", "rule", "mapped", "destination", title="fields")
    for f in found.fields:
        source = ", ".join(f"{k}={v}" for k, v in f.source.items() if v is not None)
        table.add_row(f.field, source, f.rule, f.mapped or "", f.destination or "")
    out.print(table)
    for column, text in found.corrected.items():
        out.print(f"{column} is corrected: {'nothing' if text is None else text}", markup=False)
    for act in found.acts:
        said = (
            f"{act['at']:%Y-%m-%d %H:%M:%S} UTC, {act['person']}: {act['action']}: {act['reason']}"
        )
        out.print(said, markup=False)
    for load in found.loads:
        out.print(
            f"load {load['load_id']}: {load['action']} at {load['committed_at']:%Y-%m-%d %H:%M:%S} UTC"
        )
    for check in found.checks:
        out.print(
            f"checks of its {found.entity} batch, {check['point']}: {check['outcome']} "
            f"({check['expectations']} expectations, {check['checked_at']:%Y-%m-%d %H:%M:%S} UTC)"
        )
    for run in found.reconciliations[:5]:
        c = run["counts"]
        out.print(
            f"reconciled {run['ended_at']:%Y-%m-%d %H:%M:%S} UTC: its batch had "
            f"{c.get('matched', 0):,} matched, {c.get('mismatched', 0):,} mismatched, "
            f"{c.get('missing', 0):,} missing, {c.get('unexpected', 0):,} unexpected"
        )
    for state, field, kind in found.differences:
        out.print(f"this record: {state}" + (f" in {field}" if field else "") + f" ({kind})")
    if not found.differences and found.reconciliations and found.end == "mapped":
        out.print("this record: matched in every field")
