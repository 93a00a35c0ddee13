"""The asset of the rollback triggers: each look at them, with what was measured. Its history is theirs.

A tripped one holds its wave. What that means, and who is told, is decided in the engine.
"""

from collections.abc import Callable, Sequence

import dagster as dg

from assets.asset_event import Materialized, safe_errors
from assets.cohort_assets import stage_key
from migration_platform.entity import Entity
from migration_platform.exception.breach import describe_breaches, find_breaches
from migration_platform.platform import Platform
from migration_platform.trigger import trip
from migration_platform.trigger.notifier import find_undelivered
from migration_platform.trigger.trigger import STATES
from migration_platform.trigger.watch import WaveWatch

TRIGGERS = dg.AssetKey(["trigger", "look"])


def build_trigger_asset(
    open_platform: Callable[[], Platform], entities: Sequence[Entity]
) -> dg.AssetsDefinition:
    """One asset, materialized every few minutes, with a check that fails when one has tripped."""

    @dg.asset(
        key=TRIGGERS,
        deps=[stage_key("reconcile", entity.name) for entity in entities],
        check_specs=[
            dg.AssetCheckSpec(
                "clear",
                asset=TRIGGERS,
                description="Every rollback trigger of every live wave is known to be clear.",
            )
        ],
        group_name="gate",
        kinds={"postgres"},
        description=(
            "The rollback triggers of every live wave against what is measured: tripped, clear, or "
            "nobody can tell. A tripped one holds its wave at once."
        ),
    )
    def triggers(context: dg.AssetExecutionContext) -> Materialized:
        with safe_errors("the rollback triggers"):
            platform = open_platform()
            watches = trip.evaluate(platform)
            overdue = find_breaches(platform)
            said = " ".join(watch.sentence for watch in watches) or "No wave is live."
            return Materialized(
                metadata={
                    **describe_watches(watches),
                    "overdue": dg.MetadataValue.md(
                        "\n".join(f"- {n.sentence}" for n in describe_breaches(overdue))
                        or "nothing"
                    ),
                    "not told": dg.MetadataValue.md(
                        "\n".join(f"- {each.sentence}" for each in find_undelivered(platform.store))
                        or "nothing"
                    ),
                },
                check_results=[
                    dg.AssetCheckResult(
                        check_name="clear",
                        passed=bool(watches) and all(w.outcome == "clear" for w in watches),
                        severity=dg.AssetCheckSeverity.ERROR
                        if watches
                        else dg.AssetCheckSeverity.WARN,
                        description=said,
                    )
                ],
            )

    return triggers


def describe_watches(watches: Sequence[WaveWatch]) -> dict[str, dg.MetadataValue]:
    """A look as asset metadata: counts and sentences."""
    states = [trigger.state for watch in watches for trigger in watch.triggers]
    lines = [
        f"- {watch.wave} ({watch.state.name}), **{trigger.state}**: {trigger.said}"
        for watch in watches
        for trigger in watch.triggers
    ]
    return {
        "result": dg.MetadataValue.text(
            " ".join(w.sentence for w in watches) or "No wave is live."
        ),
        "triggers": dg.MetadataValue.md("\n".join(lines) or "none"),
        **{state: dg.MetadataValue.int(states.count(state)) for state in STATES},
    }
