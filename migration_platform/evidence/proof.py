"""Proof: whether a reconciliation has shown that it looked, and that it finds what is wrong.

Pure, over counts, certificates and the evidence document; `promotion` puts the reasons of all kinds
together.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any


def unproved(document: dict[str, Any]) -> Iterator[str]:
    """Sent, and not read from the source a second time."""
    sent = {(a["cohort"], a["entity"]): count_sent(a) for a in document["accounting"]}
    for each in document["reconciliation"]:
        total = sent[each["cohort"], each["entity"]]
        compared = (each.get("round_trip") or {}).get("compared", 0)
        if compared < total:
            yield (
                f"the mapping of {total - compared:,} of {total:,} records of {each['entity']} in "
                f"{each['cohort']} was not proved from the source: run the cohort again"
            )


def inconclusive(document: dict[str, Any]) -> Iterator[str]:
    """Reconciled by a comparison that has not shown what it finds."""
    certificates = {(r["cohort"], r["entity"]): r for r in document["reconciliation"]}
    for line in document["accounting"]:
        run = certificates.get((line["cohort"], line["entity"]))
        if run is None:
            continue
        why = explain_inconclusive(run.get("certificate"), count_sent(line))
        if why:
            yield f"the reconciliation of {line['entity']} in {line['cohort']} is inconclusive: {why}"


def count_sent(counts: Mapping[str, Any]) -> int:
    """How many records a reconciliation had to compare, from its counts."""
    return sum(counts.get(name) or 0 for name in ("matched", "mismatched", "missing"))


def explain_inconclusive(certificate: Mapping[str, Any] | None, sent: int) -> str:
    """Why a reconciliation's detection certificate proves nothing, and what to do; empty if it does.

    Where nothing was sent there was nothing to plant a fault in, and nothing to compare.
    """
    if not sent:
        return ""
    if certificate is None:
        return "no faults were planted to test its comparison; run the cohort again"
    planted, found, located = (certificate[n] for n in ("planted", "found", "located"))
    if not planted:
        return (
            "no record agrees on both sides, so there was none to plant a fault in; look into its "
            "differences, and run the cohort again"
        )
    said = []
    if not planted == found == located:
        said.append(
            f"of {planted:,} planted faults {found:,} were found and {located:,} located"
            + _name_few(certificate["missed"], "fault")
        )
    if certificate["false_alarms"]:
        said.append(
            f"{certificate['false_alarms']:,} of {certificate['benign']:,} benign changes were "
            "reported" + _name_few(certificate["alarmed"], "change")
        )
    if not said:
        return ""
    return (
        f"{' and '.join(said)}; the comparison itself is at fault: see what it misses with "
        "`migration faults`, mend it, and run the cohort again"
    )


def _name_few(entries: Any, kind: str) -> str:
    """The first few of them, with their fields."""
    named = [
        f"{each[kind]} in {each['field']}" if each["field"] else each[kind] for each in entries[:3]
    ]
    more = f" and {len(entries) - 3} more" if len(entries) > 3 else ""
    return f" ({', '.join(named)}{more})"
