"""Jobs: which assets are materialized together. Each run is one process.

`reference` once ahead of the cohorts, `cohort` for each cohort, `wave` for each wave, `nightly` and
`nightly_reference` to reconcile again what is live, `nightly_report` to judge the night, `triggers` to
look at the rollback triggers. A job has one kind of partition, because Dagster refuses to mix.
"""

from collections.abc import Sequence
from typing import Any

import dagster as dg

from assets.cohort_assets import LOOK_TAG, NIGHTLY, stage_key
from assets.night_assets import NIGHT
from assets.partitions import WAVE_TAG, Partitions
from assets.trigger_assets import TRIGGERS
from assets.wave_assets import EVIDENCE, PROMOTION
from migration_platform.entity import Entity
from migration_platform.store import STAGES

QUIET: dict[str, Any] = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
"""Everything is in the event log; the console would repeat it, debug messages and all."""


def define_jobs(entities: Sequence[Entity], partitions: Partitions) -> dict[str, Any]:
    """The jobs, by name."""
    reference = [e.name for e in entities if e.is_reference]
    patient = [e.name for e in entities if not e.is_reference]
    by_cohort = dg.PartitionedConfig(
        partitions.cohorts,
        run_config_for_partition_key_fn=lambda _: QUIET,
        tags_for_partition_key_fn=lambda cohort: {WAVE_TAG: partitions.wave_of_cohort[cohort]},
    )
    by_wave = dg.PartitionedConfig(
        partitions.waves,
        run_config_for_partition_key_fn=lambda _: QUIET,
        tags_for_partition_key_fn=lambda wave: {WAVE_TAG: wave},
    )
    jobs = [
        dg.define_asset_job(
            "reference",
            selection=[stage_key(stage, name) for stage in STAGES for name in reference],
            config=QUIET,
            description="Moves the entities that belong to no patient. Run it before any cohort.",
        ),
        dg.define_asset_job(
            "cohort",
            selection=[stage_key(stage, name) for stage in STAGES for name in patient],
            config=by_cohort,
            description="Moves one cohort: extract, transform, load, reconcile, with all suites.",
        ),
        dg.define_asset_job(
            "wave",
            selection=[EVIDENCE, PROMOTION],
            config=by_wave,
            description="Assembles a wave's evidence and shows its promotion, if there is one.",
        ),
        dg.define_asset_job(
            "nightly",
            selection=[stage_key("reconcile", name) for name in patient],
            config=by_cohort,
            tags={LOOK_TAG: NIGHTLY},
            description="Reconciles one cohort that is live. Writes nothing to the destination.",
        ),
        dg.define_asset_job(
            "nightly_reference",
            selection=[stage_key("reconcile", name) for name in reference],
            config=QUIET,
            tags={LOOK_TAG: NIGHTLY},
            description="Reconciles the reference entities. Writes nothing to the destination.",
        ),
        dg.define_asset_job(
            "nightly_report",
            selection=[NIGHT],
            config=QUIET,
            description="Judges the night from what was recorded in it, and asks the source.",
        ),
        dg.define_asset_job(
            "triggers",
            selection=[TRIGGERS],
            config=QUIET,
            tags={"dagster/priority": "10"},  # never behind cohorts that wait for their turn
            description="Looks at the rollback triggers of every live wave; a tripped one holds it.",
        ),
    ]
    return {job.name: job for job in jobs}
