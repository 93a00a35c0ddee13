"""Criterion: what a wave must fulfil as a go/no-go list, with threshold, measured value and proof.

Pure, over the evidence document. What is fulfilled is judged in `threshold` and `promotion`: here it
is set out, each line with the reasons that those two give.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from migration_platform.room.table import Cell, Table, make_table
from migration_platform.threshold import find_tripped, find_unfulfilled, read

BOUNDS = {
    "at_most": "at most {value}",
    "at_least": "at least {value}",
    "at_most_percent": "at most {value} % {of}",
    "at_least_percent": "at least {value} % {of}",
}


def list_criteria(document: Mapping[str, Any], at: datetime) -> Table:
    """Every criterion and trigger that was decided beforehand, one line for each value measured."""
    wave = document["wave"]
    return make_table(
        "criteria",
        "Decided before the wave opened, and sealed then",
        ("What is measured", "Asked for", "Measured #", "", "Proof"),
        [*_declared(document, at), *_limits(document)],
        empty="No criteria are decided for this wave: give it a [[wave]] in criteria.toml.",
        url=f"/waves/{wave}/criteria.csv",
    )


def _declared(document: Mapping[str, Any], at: datetime) -> Iterator[tuple[Any, ...]]:
    for kind, find in (("go", find_unfulfilled), ("triggers", find_tripped)):
        for threshold in document["criteria"][kind]:
            one = {**document["criteria"], "go": [], "triggers": [], kind: [threshold]}
            said = list(find({**document, "criteria": one}, at))
            for reading in read(document, threshold["measure"], at):
                bad = any(reading.where in reason for reason in said)
                asked = BOUNDS[threshold["bound"]].format(value=threshold["value"], of=reading.of)
                if kind == "triggers":
                    asked = f"rolls back unless {asked}"
                yield (
                    reading.where,
                    asked,
                    Cell(reading.value, note=_share(threshold, reading.value, reading.whole)),
                    _state(kind, bad, reading.value),
                    Cell("see", link=_proof(document["wave"], threshold["measure"])),
                )


def _state(kind: str, bad: bool, value: Decimal | None) -> Cell:
    if value is None:
        return Cell("not recorded", "not-run")
    if kind == "triggers":
        return Cell("tripped", "failed") if bad else Cell("clear", "passed")
    return Cell("no-go", "held") if bad else Cell("go", "passed")


def _share(threshold: Mapping[str, str], value: Decimal | None, whole: Decimal) -> str:
    """Of what, where a percentage is asked for. Nothing is divided: nothing is rounded."""
    if value is None or not threshold["bound"].endswith("_percent"):
        return ""
    return f"of {whole:,f}"


def _proof(wave: str, measure: str) -> str:
    return {
        "differing records": "#accounting",
        "failed expectations": "#cohorts",
        "open exceptions": f"/exceptions?wave={wave}",
        "overdue exceptions": f"/exceptions?wave={wave}&late=yes",
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
