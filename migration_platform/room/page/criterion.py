"""Criterion: what a wave must fulfil as a go/no-go list, with threshold, measured value and proof.

Pure, over the evidence document. What is fulfilled is judged in `threshold` and `promotion`: here it
is set out, each line with the reasons that those two give.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from migration_platform.evidence.threshold import Reading, crosses, describe_bound, read
from migration_platform.room.table import Cell, Table, make_table
from migration_platform.trigger.trigger import State, find_triggers

TRIGGERS: dict[State, str] = {"tripped": "failed", "cannot tell": "error", "clear": "passed"}


def list_criteria(document: Mapping[str, Any], at: datetime) -> Table:
    """Every criterion and trigger that was decided beforehand, one line for each value measured."""
    wave = document["wave"]
    return make_table(
        "criteria",
        "Decided before the wave opened, and sealed then",
        ("What is measured", "Asked for", "Measured #", "", "Proof"),
        sorted([*_declared(document, at), *_limits(document)], key=_is_fine),
        empty="No criteria are decided for this wave: give it a [[wave]] in criteria.toml.",
        url=f"/waves/{wave}/criteria.csv",
    )


def _is_fine(line: Sequence[Any]) -> bool:
    """What holds the wave comes first."""
    return line[3].state in ("passed", "not-asked")


def _declared(document: Mapping[str, Any], at: datetime) -> Iterator[tuple[Any, ...]]:
    wave = document["wave"]
    for threshold in document["criteria"]["go"]:
        kind = threshold.get("kind", "")
        for reading in read(document, threshold["measure"], at, kind):
            yield (
                reading.where,
                describe_bound(threshold, reading),
                Cell(reading.shown or None, note=_share(threshold, reading)),
                _go(threshold, reading),
                Cell("see", link=_proof(wave, threshold["measure"], kind)),
            )
    triggers = find_triggers(document, at)
    for trigger in triggers:
        yield (
            Cell(trigger.where, note="rollback trigger"),
            trigger.tolerated,
            trigger.measured or None,
            Cell(trigger.state, TRIGGERS[trigger.state]),
            Cell("see", link=_proof(wave, trigger.measure, "")),
        )
    if not triggers:
        for threshold in document["criteria"]["triggers"]:
            yield (
                Cell(threshold["measure"], note="rollback trigger"),
                f"{threshold['bound'].replace('_', ' ')} {threshold['value']}",
                None,
                Cell("not watched", "not-asked", note="nothing of the wave is live"),
                Cell("see", link=_proof(wave, threshold["measure"], "")),
            )


def _go(threshold: Mapping[str, str], reading: Reading) -> Cell:
    if reading.value is None:
        return Cell("not recorded", "not-run")
    if crosses(threshold, reading):
        return Cell("no-go", "held")
    return Cell("too old to tell", "not-run") if reading.doubt else Cell("go", "passed")


def _share(threshold: Mapping[str, str], reading: Reading) -> str:
    """Of what, where a percentage is asked for. Nothing is divided: nothing is rounded."""
    if reading.value is None or not threshold["bound"].endswith("_percent"):
        return ""
    return f"baseline {reading.baseline}" if reading.baseline else f"of {int(reading.whole):,}"


def _proof(wave: str, measure: str, kind: str) -> str:
    queue = f"/exceptions?{urlencode({'wave': wave, **({'kind': kind} if kind else {})})}"
    return {
        "differing records": "#accounting",
        "failed expectations": "#cohorts",
        "open exceptions": queue,
        "overdue exceptions": f"{queue}&late=yes",
        "hours of the oldest exception": queue,
    }.get(measure, "#metrics")


def _limits(document: Mapping[str, Any]) -> Iterator[tuple[Any, ...]]:
    """The limits of waves.toml. Whether they are kept is among the verdict's reasons."""
    c = document["criteria"]
    accounts = document["accounting"]
    extracted = sum(line["extracted"] or 0 for line in accounts)
    excepted = sum(line["excepted"] or 0 for line in accounts)
    unmapped = sum(e["count"] for e in document["exceptions"] if e["kind"] == "unmapped code")
    wave = document["wave"]
    yield (
        "records in the exception queue",
        f"at most {c['max_excepted_percent']:g} % of the records extracted",
        Cell(excepted if extracted else None, note=f"of {extracted:,}" if extracted else ""),
        _kept(extracted, excepted * 100 <= extracted * Decimal(str(c["max_excepted_percent"]))),
        Cell("see", link=f"/exceptions?wave={wave}"),
    )
    yield (
        "records with a code that no code map translates",
        f"at most {c['max_unmapped_codes']:,}",
        unmapped if extracted else None,
        _kept(extracted, unmapped <= c["max_unmapped_codes"]),
        Cell("see", link=f"/exceptions?wave={wave}&kind=unmapped code"),
    )


def _kept(measured: int, kept: bool) -> Cell:
    if not measured:
        return Cell("not run", "not-run")
    return Cell("go", "passed") if kept else Cell("no-go", "held")
