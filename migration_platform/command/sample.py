"""`migration sample`: rebuild the source platform, generated or from a Synthea CSV export."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from migration_platform.command.console import Json, err, out, print_json


def sample(
    patients: Annotated[
        int, typer.Option(min=1, max=1_000_000, help="How many patients to generate.")
    ] = 300,
    synthea: Annotated[
        Path | None,
        typer.Option(help="Build the source from this folder of Synthea CSV files instead."),
    ] = None,
    seed: Annotated[int, typer.Option(help="The same seed gives the same patients.")] = 7,
    json: Json = False,
) -> None:
    """Rebuild the source platform: a generated telehealth company, or a Synthea CSV export.

    A source that differs from the one before starts a new migration: the embedded destination, the
    staging area and the platform store are emptied. Rebuilding the same source keeps them.
    """
    from migration_platform.platform import Platform
    from migration_platform.reset import build_source

    platform = Platform.open()
    with err.status("building the source …") as status:
        build, fresh = build_source(
            platform,
            patients=patients,
            synthea=synthea,
            seed=seed,
            progress=lambda done, total: status.update(
                f"building the source … {done:,} of {total:,}"
            ),
        )
    if json:
        print_json({"build": build, "new_migration": fresh})
        return
    out.print(
        f"The source has {build.patients:,} patients in {len(build.tables)} tables "
        f"({sum(build.tables.values()):,} rows)."
    )
    out.print(
        "It differs from the one before: a new migration starts, with an empty destination."
        if fresh
        else "It is the same as before: what was migrated stays."
    )
    for sentence in build.missing:
        out.print(f"  not in this source: {sentence}")
    if build.unmoved:
        out.print(f"  in the source, moved by no entity: {', '.join(build.unmoved)}")
