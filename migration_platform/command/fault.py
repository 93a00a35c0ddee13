"""`migration faults`: what the reconciliation finds of faults planted on purpose, type by type."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Annotated, Any

import typer
from rich.table import Table

from migration_platform.command.console import Json, err, out, print_json


def faults(
    per_type: Annotated[
        int, typer.Option(min=1, max=100_000, help="Mutants of each fault, over all entities.")
    ] = 1000,
    entity: Annotated[str | None, typer.Option(help="Only this entity.")] = None,
    seed: Annotated[int, typer.Option(help="The same seed plants the same faults.")] = 7,
    patients: Annotated[
        int, typer.Option(min=20, help="Patients of the sample whose records carry the faults.")
    ] = 150,
    catalogue: Annotated[
        bool, typer.Option("--list", help="Print the catalogue instead, and plant nothing.")
    ] = False,
    json: Json = False,
) -> None:
    """Plant every fault of the catalogue in a sample's records and print what was found of them.

    It makes a home of its own, with a server, and removes both at the end.
    """
    if catalogue:
        _print_catalogue(json)
        return
    from migration_platform.fault_matrix.matrix import run_matrix
    from migration_platform.fault_matrix.sample import mapped_sample
    from migration_platform.platform import Platform
    from migration_platform.settings import Settings

    settings = Settings.load()
    if entity is not None:
        Platform.open(settings).entity(entity)
    with (
        err.status("building and mapping a sample …") as status,
        mapped_sample(settings, patients, seed) as platform,
    ):
        matrix = run_matrix(
            platform,
            per_type=per_type,
            seed=seed,
            only=entity,
            progress=lambda text: status.update(f"{text} …"),
        )
    if json:
        print_json(
            {
                "passed": matrix.good,
                "seed": seed,
                "per_type": per_type,
                "lines": [asdict(line) for line in matrix.lines],
                "wrong": matrix.wrong,
                "fewer_than_asked": matrix.short,
            }
        )
    else:
        _print_matrix(matrix)
    if not matrix.good:
        raise typer.Exit(1)


def _print_matrix(matrix: Any) -> None:
    """The verdict first, then what is wrong, then every line."""
    planted = [line for line in matrix.lines if not line.benign]
    benign = [line for line in matrix.lines if line.benign and line.planted]
    located, mutants = sum(x.located for x in planted), sum(x.planted for x in planted)
    alarms = sum(line.found for line in benign)
    out.print(
        f"[bold]{'✔' if matrix.good else '✖'} {located:,} of {mutants:,} planted faults of "
        f"{len(planted)} types were found and located; {alarms:,} false alarms on {len(benign)} "
        f"benign changes.[/] Seed {matrix.seed}."
    )
    for wrong in matrix.wrong[:20]:
        where = f"{wrong['entity']}.{wrong['field']}" if wrong["field"] else wrong["entity"]
        out.print(f"  ✖ {wrong['name']} in {where}", markup=False)
    if matrix.short:
        out.print(f"  fewer than {matrix.per_type:,}: {', '.join(matrix.short)}", markup=False)
    table = Table("fault", "group", title="planted faults", title_justify="left")
    for title in ("planted", "found", "located"):
        table.add_column(title, justify="right")
    for line in sorted(planted, key=lambda x: x.good):
        cells = (f"{n:,}" for n in (line.planted, line.found, line.located))
        table.add_row(("" if line.good else "✖ ") + line.name, line.group, *cells)
    out.print(table)
    table = Table("benign change", title="benign changes", title_justify="left")
    for title in ("records", "false alarms"):
        table.add_column(title, justify="right")
    for line in sorted((x for x in matrix.lines if x.benign), key=lambda x: x.good):
        table.add_row(line.name, f"{line.planted:,}" if line.planted else "·", f"{line.found:,}")
    out.print(table)


def _print_catalogue(json: bool) -> None:
    from migration_platform.fault.catalogue import (
        BENIGN,
        DOCUMENT_FAULTS,
        FAULTS,
        NOT_IN_CATALOGUE,
    )

    if not json:
        for line in catalogue_markdown():
            out.print(line, markup=False)
        return
    print_json(
        {
            "faults": [
                {"name": f.name, "group": f.group, "sentence": f.sentence, "covers": f.covers}
                for f in FAULTS
            ]
            + [
                {"name": f.name, "group": f.group, "sentence": f.sentence, "covers": f.covers}
                for f in DOCUMENT_FAULTS
            ],
            "benign": [
                {"name": c.name, "level": c.level, "sentence": c.sentence, "covers": c.covers}
                for c in BENIGN
            ],
            "not_in_catalogue": NOT_IN_CATALOGUE,
        }
    )


def catalogue_markdown() -> Iterator[str]:
    """The catalogue as the page about faults prints it."""
    from migration_platform.fault.catalogue import (
        BENIGN,
        DOCUMENT_FAULTS,
        FAULTS,
        NOT_IN_CATALOGUE,
    )

    yield f"### Faults ({len(FAULTS) + len(DOCUMENT_FAULTS)})\n"
    yield "| fault | group | what happens |\n|---|---|---|"
    for fault in FAULTS:
        yield f"| {fault.name} | {fault.group} | {fault.sentence} |"
    for document in DOCUMENT_FAULTS:
        yield f"| {document.name} | {document.group} | {document.sentence} |"
    yield f"\n### Benign changes ({len(BENIGN)})\n"
    yield "| change | where | what happens |\n|---|---|---|"
    for change in BENIGN:
        yield f"| {change.name} | {change.level} | {change.sentence} |"
    yield f"\n### Not in the catalogue ({len(NOT_IN_CATALOGUE)})\n"
    reasons = dict.fromkeys(NOT_IN_CATALOGUE.values())
    for reason in reasons:
        names = [name for name, why in NOT_IN_CATALOGUE.items() if why == reason]
        yield f"- {reason}: {', '.join(names)}."
