"""`migration blind-spots`: what this migration's reconciliation cannot see."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from migration_platform.command.console import Json, out, print_json

if TYPE_CHECKING:
    from migration_platform.evidence.blind_spot import BlindSpot
    from migration_platform.platform import Platform


def blind_spots(
    wave: Annotated[
        str | None, typer.Option(help="With the counts of this wave's cohorts.")
    ] = None,
    json: Json = False,
) -> None:
    """Say what the reconciliation cannot see: read it before you sign."""
    from migration_platform.evidence.blind_spot import KINDS
    from migration_platform.platform import Platform

    spots = _read(Platform.open(), wave)
    if json:
        print_json([asdict(spot) for spot in spots])
        return
    for kind, heading in KINDS.items():
        mine = [spot for spot in spots if spot.kind == kind]
        out.print(f"[bold]{heading}[/]" + ("" if mine else ": none"))
        for line in _lines(kind, mine):
            out.print(f"  - {line}", markup=False)
        out.print()


def summarize(platform: Platform, wave: str) -> str:
    """In one sentence, for whoever is about to sign."""
    from migration_platform.evidence.blind_spot import count_blind_spots, summarize_blind_spots

    return summarize_blind_spots(count_blind_spots(_read(platform, wave)))


def _read(platform: Platform, wave: str | None) -> Sequence[BlindSpot]:
    from migration_platform.evidence.governance import read_blind_spots
    from migration_platform.platform import REFERENCE

    waves = [platform.plan.wave(wave)] if wave else platform.plan.waves
    cohorts = [REFERENCE, *[c.name for w in waves for c in w.cohorts]]
    return read_blind_spots(platform, cohorts, platform.store.latest_runs(cohorts))


def _lines(kind: str, spots: Sequence[BlindSpot]) -> Iterable[str]:
    """One line for each, or for each reason where many have the same."""
    if kind in ("loss", "unplanted"):
        for sentence in dict.fromkeys(spot.sentence for spot in spots):
            names = [_name(spot) for spot in spots if spot.sentence == sentence]
            yield f"{sentence}: {', '.join(names)}"
        return
    for spot in spots:
        name, count = _name(spot), "" if spot.count is None else f"{spot.count:,} "
        records = "records " if kind == "left out" and count else ""
        yield f"{count}{records}{name}: {spot.sentence}" if name else spot.sentence


def _name(spot: BlindSpot) -> str:
    return ".".join(part for part in (spot.entity, spot.name) if part)
