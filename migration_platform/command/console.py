"""Console: how every command speaks.

Answers go to standard output, and with `--json` one JSON document alone does. Progress, logs and
errors go to standard error.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict, is_dataclass
from datetime import datetime
from typing import Annotated, Any

import typer
from rich.console import Console

WIDE = 160
"""Columns of a table that goes to a file or a pipe, where nothing says how wide it may be."""

out = Console(highlight=False, soft_wrap=True, width=None if sys.stdout.isatty() else WIDE)
err = Console(stderr=True, highlight=False, soft_wrap=True)

MARKS = {
    "promoted": "[green]✔ promoted[/]",
    "promote": "[green]● promote[/]",
    "hold": "[yellow]■ hold[/]",
    "block": "[red]✖ block[/]",
}
"""Each verdict by shape and word; the colour only repeats it."""


def count(value: int | None) -> str:
    """A count for a table: `0` is zero, `·` is not known yet."""
    return "·" if value is None else f"{value:,}"


def count_records(number: int) -> str:
    """`1 record`, `1,204 records`."""
    return f"{number:,} record" + ("" if number == 1 else "s")


Json = Annotated[bool, typer.Option("--json", help="Print one JSON document for a machine.")]
"""The `--json` option, the same for each command that has it."""


def print_json(value: Any) -> None:
    """Write one JSON document to standard output, and nothing else."""
    typer.echo(json.dumps(value, indent=2, ensure_ascii=False, default=_plain))


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    return value.isoformat() if isinstance(value, datetime) else str(value)
