"""`migration open`, `hold`, `resume`, `amend`, `complete`, `ready`, `sign`: decisions about a wave.

What each asks for and does is decided in `move` and `signing`; a promotion stands in `promote`.
"""

from __future__ import annotations

from typing import Annotated, Any

import typer

from migration_platform.command.console import Json, err, out, print_json
from migration_platform.command.trigger import print_undelivered

By = Annotated[str, typer.Option(help="Who decides: a name that people.toml has.")]
Reason = Annotated[str, typer.Option(help="Why: kept in the decision log.")]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Only list what it asks for and what it does.")
]
WaveName = Annotated[str, typer.Argument(help="The wave.")]


def open_wave(
    wave: WaveName, by: By, reason: Reason, dry_run: DryRun = False, json: Json = False
) -> None:
    """Open a wave: seal its criteria, readiness items and people. A first extract does it too."""
    _decide(wave, "open", by, reason, dry_run, json)


def hold(
    wave: WaveName, by: By, reason: Reason, dry_run: DryRun = False, json: Json = False
) -> None:
    """Hold a wave: nothing of it loads, and it is not promoted, until it is resumed."""
    _decide(wave, "hold", by, reason, dry_run, json)


def resume(
    wave: WaveName,
    by: By,
    reason: Reason,
    despite_trigger: Annotated[
        int,
        typer.Option(
            metavar="HOURS",
            min=0,
            help="In spite of a tripped rollback trigger, to put it right: after so many hours it holds "
            "the wave again.",
        ),
    ] = 0,
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    """End the hold of a wave. Its evidence must be signed anew.

    Refused (exit 1) while a rollback trigger of it is tripped.
    """
    _decide(wave, "resume", by, reason, dry_run, json, despite_trigger)


def amend(
    wave: WaveName, by: By, reason: Reason, dry_run: DryRun = False, json: Json = False
) -> None:
    """Seal what criteria.toml, readiness.toml, people.toml and waves.toml say now."""
    _decide(wave, "amend", by, reason, dry_run, json)


def complete(
    wave: WaveName, by: By, reason: Reason, dry_run: DryRun = False, json: Json = False
) -> None:
    """Complete a promoted wave: nothing of it loads or is rolled back any more. This is final."""
    _decide(wave, "complete", by, reason, dry_run, json)


def ready(
    wave: WaveName,
    items: Annotated[list[str], typer.Argument(help="Readiness items that are done.")],
    by: By,
    note: Annotated[str, typer.Option(help="How you know: kept in the decision log.")],
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    """Record that readiness items of a wave are done, as somebody of their owner's role."""
    from migration_platform.decision.move import mark_ready, plan_move
    from migration_platform.platform import Platform

    platform = Platform.open()
    if dry_run:
        show_move(plan_move(platform, wave, "ready", person=by, items=items), json)
        return
    decisions = mark_ready(platform, wave, items, person=by, note=note)
    if json:
        print_json({"decisions": decisions})
        return
    for decision in decisions:
        out.print(
            f"[green]✔[/] {decision.detail['item']} is done for wave {wave}, says {by}: entry "
            f"{decision.sequence} of the decision log."
        )


def sign(
    wave: WaveName,
    by: By,
    role: Annotated[str, typer.Option(help="In which role, as the wave asks for it.")],
    evidence: Annotated[
        str, typer.Option(help="The evidence you read: its digest, or the file that holds it.")
    ],
    statement: Annotated[str, typer.Option(help="What you say by it: kept in the decision log.")],
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    """Sign the evidence of a wave, exactly as you read it.

    Refused (exit 1) if it changed since, with what changed, or if more than sign-offs is missing.
    """
    from migration_platform.command.evidence import name_evidence
    from migration_platform.decision.signing import plan_sign_off
    from migration_platform.decision.signing import sign as record_sign_off
    from migration_platform.platform import Platform

    platform, digest = Platform.open(), name_evidence(evidence)
    if dry_run:
        move, _ = plan_sign_off(platform, wave, person=by, role=role, evidence_digest=digest)
        show_move(move, json)
        return
    decision, seen = record_sign_off(
        platform, wave, person=by, role=role, evidence_digest=digest, statement=statement
    )
    if json:
        print_json({"decision": decision, "sentence": seen.sentence})
        return
    out.print(
        f"[green]✔[/] {by} has signed as {role}: entry {decision.sequence} of the decision log, on "
        f"evidence {decision.evidence_digest[:12]}."
    )
    out.print(seen.sentence, markup=False)


def _decide(
    wave: str, action: str, by: str, reason: str, dry_run: bool, json: bool, despite_hours: int = 0
) -> None:
    from migration_platform.decision.move import make_move, plan_move
    from migration_platform.platform import Platform

    platform = Platform.open()
    if dry_run:
        plan = plan_move(platform, wave, action, person=by, despite_hours=despite_hours)
        show_move(plan, json)
        return
    decision = make_move(
        platform, wave, action, person=by, reason=reason, despite_hours=despite_hours
    )
    print_undelivered(platform)
    if json:
        print_json({"decision": decision})
        return
    out.print(
        f"[green]✔[/] {action}: wave {wave}, by {by}: entry {decision.sequence} of the decision log."
    )


def show_move(move: Any, json: bool) -> None:
    """What a decision asks for and what it does. Ends with 1 if it may not be taken now."""
    _print_move(move, json)
    if not move.allowed:
        raise typer.Exit(1)


def _print_move(move: Any, json: bool) -> None:
    if json:
        print_json(
            {
                "wave": move.wave,
                "action": move.action,
                "allowed": move.allowed,
                "preconditions": [
                    {"words": c.words, "met": not c.problem, "problem": c.problem}
                    for c in move.conditions
                ],
                "effects": list(move.effects),
            }
        )
        return
    out.print(f"{move.action}, wave {move.wave}: it asks that")
    for c in move.conditions:
        mark = "[red]✖[/]" if c.problem else "[green]✔[/]"
        out.print(f"  {mark} {c.words}")
        if c.problem:
            out.print(f"      {c.problem}", markup=False)
    out.print("and then")
    for effect in move.effects:
        out.print(f"  - {effect}")
    err.print("Nothing was recorded: this was a dry run.")
