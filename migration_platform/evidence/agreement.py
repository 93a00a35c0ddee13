"""Agreement: where the two platforms do not say the same, and what of that is waived, as reasons.

The mapping leg, control totals and waivers, over the evidence document. `promotion` puts the reasons of
all kinds together.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


def mapped_otherwise(document: dict[str, Any]) -> Iterator[str]:
    """Sent otherwise than reconciliation reads the source, and not waived."""
    for each in document["reconciliation"]:
        clusters = [c for c in each["clusters"] if c["leg"] == "mapping" and not c["waived"]]
        if clusters:
            yield (
                f"{each['entity']} in {each['cohort']} was mapped otherwise than the source reads: "
                f"{each['round_trip']['differing']:,} records "
                f"({', '.join(dict.fromkeys(c['field'] for c in clusters))})"
            )


def is_waived(document: dict[str, Any], line: dict[str, Any]) -> bool:
    """Every difference of an entity in a cohort is waived. A difference without a cluster is not."""
    clusters = [
        cluster
        for each in document["reconciliation"]
        if (each["cohort"], each["entity"]) == (line["cohort"], line["entity"])
        for cluster in each["clusters"]
    ]
    return bool(clusters) and all(cluster["waived"] for cluster in clusters)


def waived_differences(document: dict[str, Any]) -> Iterator[str]:
    """What is different and accepted, by whom and until when."""
    for each in document["reconciliation"]:
        for cluster in each["clusters"]:
            if waived := cluster["waived"]:
                where = f"{cluster['entity']}.{cluster['field']}".rstrip(".")
                yield (
                    f"{cluster['count']:,} {cluster['kind']} in {where} of {each['cohort']} "
                    f"(by {waived['person']}, until {waived['until'][:10]})"
                )


def differing_totals(document: dict[str, Any]) -> Iterator[str]:
    """Control totals on which the two platforms do not agree."""
    for each in document["reconciliation"]:
        for total in each.get("totals", []):
            if total["outcome"] != "differs":
                continue
            first = total["differing"][0]
            group = ", ".join("none" if v is None else v for v in first["group"])
            sums = " against ".join(
                f"{side['count']:,} records" + (f" with {side['total']}" if side["total"] else "")
                for side in (first["source"], first["destination"])
            )
            yield (
                f"the control total '{total['name']}' of {each['entity']} in {each['cohort']} "
                f"differs in {total['differing_groups']:,} of {total['groups']:,} groups, first in "
                f"({group or 'all'}): {sums} at the destination"
                + (f" ({total['reason']})" if total["reason"] else "")
            )
