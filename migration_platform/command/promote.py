"""`migration promote`: record that a wave may go on, on exactly the evidence that was read."""

from __future__ import annotations

from importlib.metadata import entry_points
from typing import Annotated, Any

import typer

from migration_platform.command.blind_spot import summarize
from migration_platform.command.console import Json, err, out, print_json
from migration_platform.command.decide import By, DryRun, Reason, show_move


def promote(
    wave: Annotated[str, typer.Argument(help="The wave to promote.")],
    by: By,
    reason: Reason,
    evidence: Annotated[
        str | None,
        typer.Option(
            help="The evidence you read: its digest, or the file that holds it; refused if it "
            "changed since."
        ),
    ] = None,
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    """Promote a wave, so that the next one may load.

    Says what it cannot see, and looks at the destination once more first. Refused (exit 1) without
    complete and fresh evidence that the people whom the wave asks for have signed.
    """
    from migration_platform.command.evidence import name_evidence
    from migration_platform.decision.move import plan_promotion
    from migration_platform.decision.move import promote as record_promotion
    from migration_platform.platform import Platform

    platform = Platform.open()
    digest = None if evidence is None else name_evidence(evidence)
    if dry_run:
        move, _ = plan_promotion(platform, wave, person=by, evidence_digest=digest)
        show_move(move, json)
        return
    err.print(f"{summarize(platform, wave)} (migration blind-spots --wave {wave})")
    with err.status(f"looking at wave {wave} once more …") as progress:
        decision, seen = record_promotion(
            platform,
            wave,
            person=by,
            reason=reason,
            evidence_digest=digest,
            progress=lambda done, total: progress.update(
                f"looking at wave {wave} once more … {done} of {total}"
            ),
        )
        progress.update("telling Dagster …")
        _tell_orchestrator(platform, wave)
    if json:
        print_json({"decision": decision, "sentence": seen.sentence})
        return
    out.print(
        f"[green]✔[/] Wave {wave} is promoted, by {decision.person}: entry {decision.sequence} of "
        f"the decision log, on evidence {decision.evidence_digest[:12]}."
    )
    following = _next_wave(platform, wave)
    if following:
        out.print(f"Wave {following} may load now: migration run --wave {following}")


def _tell_orchestrator(platform: Any, wave: str) -> None:
    """Show the promotion in the asset graph. The decision stands, whatever comes of this."""
    from migration_platform.errors import MigrationError

    for point in entry_points(group="migration_platform.runner", name="announce"):
        try:
            point.load()(platform.settings, wave)
        except (MigrationError, OSError, RuntimeError) as error:
            err.print(
                f"The promotion is recorded, but Dagster could not be told ({type(error).__name__}). "
                f"Materialize wave/promotion for {wave} in its pages."
            )


def _next_wave(platform: Any, wave: str) -> str | None:
    names = [w.name for w in platform.plan.waves]
    at = names.index(wave) + 1
    return names[at] if at < len(names) else None
