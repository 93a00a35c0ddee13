"""The asset of the nights: what each of them found, with its page. Its history is the nights'.

It comes after the night's runs, which reconcile the live cohorts, and reads what they recorded: a run
that failed or never started is a cohort that nobody looked at. What that means is decided in the
engine.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

import dagster as dg

from assets.asset_event import Materialized, safe_errors
from assets.cohort_assets import stage_key
from migration_platform.entity import Entity
from migration_platform.night import nightly
from migration_platform.night.night import OUTCOMES, Night
from migration_platform.platform import Platform

NIGHT = dg.AssetKey(["night", "report"])


def build_night_asset(
    open_platform: Callable[[], Platform], entities: Sequence[Entity]
) -> dg.AssetsDefinition:
    """One asset, materialized once a night, with a check that fails when something was found."""

    @dg.asset(
        key=NIGHT,
        deps=[stage_key("reconcile", entity.name) for entity in entities],
        check_specs=[
            dg.AssetCheckSpec(
                "as_sent",
                asset=NIGHT,
                description=(
                    "Every live cohort was looked at, is as it was sent, and its source is as it "
                    "was extracted."
                ),
            )
        ],
        group_name="gate",
        kinds={"postgres"},
        description=(
            "What the night found, cohort by cohort: unchanged, clean, drift, behind its source, or "
            "that nobody could look."
        ),
    )
    def night(context: dg.AssetExecutionContext) -> Materialized:
        with safe_errors("the night"):
            found = nightly.judge(open_platform())
            return Materialized(
                metadata=describe_night(found),
                check_results=[
                    dg.AssetCheckResult(
                        check_name="as_sent",
                        passed=found.fine,
                        severity=dg.AssetCheckSeverity.ERROR,
                        description=found.sentence,
                    )
                ],
            )

    return night


def describe_night(found: Night) -> dict[str, dg.MetadataValue]:
    """A night as asset metadata: counts, fixed sentences and the way to its page."""
    outcomes = [cohort.outcome for cohort in found.cohorts]
    said = [f"- **{c.cohort}**: {f.said}" for c in found.cohorts for f in c.findings]
    return {
        "result": dg.MetadataValue.text(found.sentence),
        "outcome": dg.MetadataValue.text(found.outcome),
        "night": dg.MetadataValue.text(str(found.night)),
        "found": dg.MetadataValue.md("\n".join(said) or "nothing"),
        **{outcome: dg.MetadataValue.int(outcomes.count(outcome)) for outcome in OUTCOMES},
        "the night's page": dg.MetadataValue.path(found.page),
        "open the page": dg.MetadataValue.url(Path(found.page).as_uri()),
    }
