"""The assets of a wave: its evidence and its promotion, downstream of its cohorts.

They show in the graph what the platform's own store holds. The verdict is computed in the engine,
and a promotion is recorded by a person (`migration promote`), never by materializing an asset.
"""

from collections.abc import Callable, Sequence

import dagster as dg

from assets.asset_event import Materialized, safe_errors
from assets.cohort_assets import stage_key
from assets.partitions import Partitions
from migration_platform.entity import Entity
from migration_platform.evidence.governance import assemble_evidence
from migration_platform.platform import Platform
from migration_platform.room.address import wave_address

EVIDENCE = dg.AssetKey(["wave", "evidence"])
PROMOTION = dg.AssetKey(["wave", "promotion"])
GROUP = "gate"
MAY_GO_ON = ("promote", "promoted")


def build_wave_assets(
    open_platform: Callable[[], Platform], entities: Sequence[Entity], partitions: Partitions
) -> list[dg.AssetsDefinition]:
    """Evidence over the reconciliation of every entity, and the promotion that rests on it."""

    @dg.asset(
        key=EVIDENCE,
        partitions_def=partitions.waves,
        deps=[_reconciliation(entity, partitions) for entity in entities],
        check_specs=[
            dg.AssetCheckSpec(
                "verdict",
                asset=EVIDENCE,
                description="Whether the wave may be promoted. Hold and block both fail.",
            )
        ],
        group_name=GROUP,
        kinds={"postgres"},
        description=(
            "The evidence of a wave, under one digest: checks, accounting and reconciliation of "
            "all its cohorts. From it follows the verdict: promote, hold or block."
        ),
    )
    def evidence(context: dg.AssetExecutionContext) -> Materialized:
        with safe_errors(f"evidence of wave {context.partition_key}"):
            platform = open_platform()
            found = assemble_evidence(platform, context.partition_key)
            page = wave_address(platform.settings, context.partition_key)
            reasons = "\n".join(f"- {reason}" for reason in found.reasons) or "none"
            return Materialized(
                metadata={
                    "result": dg.MetadataValue.text(found.sentence),
                    "verdict": dg.MetadataValue.text(found.verdict),
                    "reasons": dg.MetadataValue.md(reasons),
                    "open the page": dg.MetadataValue.url(page),
                },
                data_version=dg.DataVersion(found.digest),
                check_results=[
                    dg.AssetCheckResult(
                        check_name="verdict",
                        passed=found.verdict in MAY_GO_ON,
                        severity=dg.AssetCheckSeverity.ERROR,
                        description=found.sentence,
                        metadata={"reasons": dg.MetadataValue.md(reasons)},
                    )
                ],
            )

    @dg.asset(
        key=PROMOTION,
        partitions_def=partitions.waves,
        deps=[EVIDENCE],
        group_name=GROUP,
        kinds={"postgres"},
        description=(
            "The recorded promotion of a wave, after which the next wave may load. Materialized "
            "only when the decision log has one: record it with `migration promote WAVE`."
        ),
    )
    def promotion(context: dg.AssetExecutionContext) -> Materialized:
        wave = context.partition_key
        with safe_errors(f"promotion of wave {wave}"):
            decision = open_platform().store.promotion(wave)
            if decision is None:
                raise dg.Failure(
                    f"Wave {wave} is not promoted: the decision log has no promotion of it. Read "
                    f"`migration status`, then record one with `migration promote {wave}`.",
                    allow_retries=False,
                )
            return Materialized(
                metadata={
                    "result": dg.MetadataValue.text(f"Wave {wave} is promoted."),
                    "promoted at": dg.MetadataValue.timestamp(decision.decided_at),
                    "by": dg.MetadataValue.text(decision.person),
                    "because": dg.MetadataValue.text(decision.reason),
                    "evidence digest": dg.MetadataValue.text(decision.evidence_digest),
                },
                data_version=dg.DataVersion(decision.evidence_digest),
            )

    return [evidence, promotion]


def _reconciliation(entity: Entity, partitions: Partitions) -> dg.AssetDep:
    mapping = None if entity.is_reference else partitions.cohorts_to_waves
    return dg.AssetDep(stage_key("reconcile", entity.name), partition_mapping=mapping)
