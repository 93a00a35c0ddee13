"""Chart verdict: what people found in the charts drawn for them, as reasons of a wave's verdict.

Pure, over the evidence document. How charts are drawn and judged stands in `chart.review`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


def wrong_charts(document: dict[str, Any]) -> Iterator[str]:
    """Charts that a person looked at and found wrong."""
    for cohort, charts in _reviewed(document):
        wrong = [c["token"] for c in charts if c["judgement"] == "wrong"]
        if wrong:
            yield (
                f"cohort {cohort} has {_count_charts(wrong)} judged wrong: look with "
                f"`migration chart {wrong[0]}`"
            )


def unjudged_charts(document: dict[str, Any]) -> Iterator[str]:
    """Charts that were wrong and have changed since, and fewer judged than the wave demands."""
    for cohort, charts in _reviewed(document):
        again = [c["token"] for c in charts if c["judgement"] == "wrong before it changed"]
        if again:
            yield (
                f"cohort {cohort} has {_count_charts(again)} judged wrong and changed since: look again "
                f"with `migration chart {again[0]}`, and judge"
            )
    demanded = document["criteria"]["min_sample_charts"]
    for each in document["charts"] if demanded else ():
        sample, whole = each["sample"], each["completeness"]
        if whole is None:
            yield f"the charts of cohort {each['cohort']} cannot be looked at: run the cohort again"
            continue
        needed = min(demanded, whole["charts"])
        judged = 0
        if sample and not sample["outdated"]:
            judged = sum(
                c["is_random"] and c["judgement"] in ("right", "wrong") for c in sample["charts"]
            )
        if judged < needed:
            yield (
                f"{judged:,} random sample charts of cohort {each['cohort']} are judged, and the wave "
                f"demands {needed:,}: `migration sample-charts --cohort {each['cohort']}`"
            )


def _count_charts(names: list[str]) -> str:
    return f"{len(names):,} chart{'s' if len(names) != 1 else ''}"


def _reviewed(document: dict[str, Any]) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    for each in document["charts"]:
        if each["sample"]:
            yield each["cohort"], [*each["sample"]["charts"], *each["sample"]["earlier"]]
