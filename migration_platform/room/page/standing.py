"""Standing: where each cohort of a wave is, from its evidence: stages, records, expectations, charts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from migration_platform.platform import REFERENCE
from migration_platform.room.page.ledger import FOUND
from migration_platform.room.table import Cell, Table, make_table


def list_standing(document: Mapping[str, Any]) -> Table:
    checks: dict[str, list[Mapping[str, Any]]] = {}
    for check in document["checks"]:
        checks.setdefault(check["cohort"], []).append(check)
    charts = {c["cohort"]: c["completeness"] for c in document["charts"]}
    differing: dict[str, int] = {}
    waiting: dict[str, int] = {}
    for line in document["accounting"]:
        name = line["cohort"]
        differing[name] = differing.get(name, 0) + sum(line[f] or 0 for f in FOUND[1:])
        waiting[name] = waiting.get(name, 0) + (line["excepted"] or 0)
    return make_table(
        "cohorts",
        "Who moves together",
        ("Cohort", "State", "Patients #", "Loaded #", "Waiting #", "Differing #",
         "Expectations", "Whole charts", "Reconciled"),
        [
            (
                Cell(c["name"], link=f"/cohorts/{c['name']}"),
                _state(c, differing.get(c["name"], 0)),
                c["patients"] if c["name"] != REFERENCE else Cell("", note="of no patient"),
                c["loaded"] if "load" not in c["missing_stages"] else None,
                Cell(waiting.get(c["name"], 0) if "transform" not in c["missing_stages"] else None,
                     link=f"/exceptions?cohort={c['name']}"),
                Cell(differing.get(c["name"], 0) if not c["missing_stages"] else None,
                     link=f"/cohorts/{c['name']}/differences"),
                _checked(checks.get(c["name"], []), c["name"]),
                _whole(charts.get(c["name"])),
                _instant(c["reconciled_at"]),
            )
            for c in document["cohorts"]
        ],
        empty="The wave has no cohort.",
        url=f"/waves/{document['wave']}/cohorts.csv",
    )  # fmt: skip


def _state(cohort: Mapping[str, Any], differing: int) -> Cell:
    missing = cohort["missing_stages"]
    if len(missing) == 4:
        return Cell("not run", "not-run")
    if missing:
        return Cell("not finished", "not-run", note=", ".join(missing))
    if differing:
        return Cell("differs", "failed")
    if cohort["outdated"]:
        return Cell("stale", "held", note=f"{len(cohort['outdated'])} to run again")
    if not cohort["loaded"]:
        return Cell("nothing loaded", "not-asked")
    return Cell("reconciled", "passed")


def _checked(checks: Sequence[Mapping[str, Any]], cohort: str) -> Cell:
    link = f"/cohorts/{cohort}/expectations"
    if not checks:
        return Cell("not run", "not-run", link)
    bad = sum(c["bad"] for c in checks)
    asked = sum(c["expectations"] for c in checks)
    if bad:
        return Cell(f"{bad:,} of {asked:,} not met", "failed", link)
    return Cell(f"all {asked:,} held or had nothing to check", "passed", link)


def _whole(completeness: Mapping[str, Any] | None) -> Cell:
    if completeness is None:
        return Cell(None)
    return Cell(f"{completeness['whole']:,} of {completeness['charts']:,}")


def _instant(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
