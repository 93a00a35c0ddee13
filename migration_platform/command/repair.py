"""`migration repair`: load again what differs, through the ordinary load, and compare again."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

import typer

from migration_platform.command.console import Json, count_records, err, out, print_json
from migration_platform.command.reconcile import (
    Cohort,
    Entity,
    Wave,
    choose_cohorts,
    choose_entities,
)
from migration_platform.errors import ConfigurationError


def repair(
    wave: Wave = None,
    cohort: Cohort = None,
    entity: Entity = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what would be loaded again.")
    ] = False,
    json: Json = False,
) -> None:
    """Load again the records that differ at the destination, exactly those, and compare again.

    What was there before is kept in the journal. Ends with 0 if nothing differs afterwards but what
    is waived, with 1 if something does: what a load cannot put right is named.
    """
    from migration_platform.cohort_reconciliation import read_reconciliation
    from migration_platform.platform import Platform
    from migration_platform.repair import repair as repair_cohort

    if wave is None and cohort is None:
        raise ConfigurationError("name a wave (--wave) or a cohort (--cohort)")
    platform = Platform.open()
    names = choose_cohorts(platform, wave, cohort)
    repairs, states = [], []
    with err.status("comparing …") as progress:
        for name in names:
            entities = choose_entities(platform, name, entity)
            repairs += repair_cohort(
                platform,
                name,
                entities,
                dry_run=dry_run,
                progress=lambda what: progress.update(f"{what} …"),
            )
            states.append(read_reconciliation(platform, name, entities))
    fine = all(s.state not in ("differs", "inconclusive") for s in states)
    if json:
        print_json(
            {
                "clean": fine,
                "dry_run": dry_run,
                "sentences": [s.sentence for s in states],
                "repairs": [_plain(r) for r in repairs],
            }
        )
    else:
        for state in states:
            out.print(f"[bold]{state.sentence}[/]")
        for each in repairs:
            _print(each, dry_run)
        if not repairs:
            out.print("Nothing was to be repaired, and nothing was written.")
    if not fine:
        raise typer.Exit(1)


def _plain(repair: Any) -> dict[str, Any]:
    left = [{**asdict(each), "next_step": each.next_step} for each in repair.left]
    return {**asdict(repair), "left": left}


def _print(repair: Any, dry_run: bool) -> None:
    def words(counts: dict[str, int]) -> str:
        return ", ".join(f"{n:,} {name}" for name, n in counts.items() if n) or "nothing differs"

    where = f"{repair.entity} in {repair.cohort}"
    if dry_run:
        out.print(
            f"  {where}: {words(repair.before)}; {count_records(repair.planned)} would be loaded again"
            + (f", {repair.files:,} stored files copied" if repair.files else "")
        )
    else:
        out.print(
            f"  {where}: before {words(repair.before)}; {count_records(repair.inserted)} inserted, "
            f"{repair.updated:,} written over"
            + (f", {repair.files:,} stored files copied" if repair.files else "")
            + f"; after {words(repair.after)}"
        )
    for left in repair.left:
        out.print(
            f"    left as they are ({left.why}): {count_records(left.count)}, {' '.join(left.tokens)}: "
            f"{left.next_step}"
        )
