"""`migration demo`: the whole main job on the generated source, from nothing to a verdict."""

from __future__ import annotations

from typing import Annotated

import typer

from migration_platform.command.console import err, out
from migration_platform.errors import GateClosedError


def demo(
    patients: Annotated[int, typer.Option(min=20, help="How many patients to generate.")] = 300,
    seed: Annotated[int, typer.Option(help="The same seed gives the same patients.")] = 7,
) -> None:
    """Build the sample source, move the pilot wave, and say of every wave whether it may go on."""
    from migration_platform import gate
    from migration_platform.command.run import run_cohorts
    from migration_platform.command.status import print_wave, read_status
    from migration_platform.platform import Platform
    from migration_platform.reset import build_source

    platform = Platform.open()
    err.print(f"[bold]1[/] Building the source: a telehealth company with {patients:,} patients")
    build, fresh = build_source(
        platform, patients=patients, synthea=None, seed=seed, progress=lambda done, total: None
    )
    err.print(
        f"  {sum(build.tables.values()):,} rows in {len(build.tables)} tables"
        + ("" if fresh else ", as before")
    )
    platform = Platform.open()
    first = platform.plan.waves[0]
    err.print(
        f"[bold]2[/] Moving wave {first.name}: extract, transform, load, reconcile in Dagster "
        "(the first start takes half a minute)"
    )
    result = run_cohorts(platform, [c.name for c in first.cohorts], wave=first.name)
    for line in result["cohorts"]:
        state = "✔" if line["passed"] else "✖"
        err.print(
            f"  {state} {line['cohort']}: {line['loaded']:,} records loaded, "
            f"{line['excepted']:,} in the exception queue"
        )
        for reason in line["reasons"]:
            err.print(f"      {reason}", markup=False)
    second = platform.plan.waves[1] if len(platform.plan.waves) > 1 else None
    if second is not None:
        err.print(f"[bold]3[/] Trying to load wave {second.name} before {first.name} is promoted")
        try:
            gate.require_open(platform, second.cohorts[0].name)
            err.print(f"  the gate was open: wave {first.name} is promoted")
        except GateClosedError as error:
            err.print(f"  refused: {error}", markup=False)
    out.print()
    for wave in read_status(platform, [w.name for w in platform.plan.waves]):
        print_wave(wave)
    out.print()
    out.print("Next, try:")
    out.print("  .venv/bin/migration exceptions          what holds the pilot, and who owns it")
    out.print("  .venv/bin/migration accounting          where every record went")
    out.print(
        "  make ui                                 the same as pages: to review and decide on "
        "http://127.0.0.1:3010, in Dagster on http://127.0.0.1:3000"
    )
    out.print("The way from held to promoted is in README.md.")
    if not result["passed"]:
        raise typer.Exit(1)
