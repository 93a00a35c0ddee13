"""The code location: assets, jobs and schedules, put together with the suites.

The only file that sees both `assets` and `checks`. Loading it needs `waves.toml`, the entities and
the suites, and no database.
"""

from functools import cache

import dagster as dg

from assets.cohort_assets import Open, StageAssets, Suites
from assets.jobs import define_jobs
from assets.night_assets import build_night_asset
from assets.partitions import declare_partitions
from assets.report_resource import NAME as REPORT
from assets.report_resource import define_report
from assets.schedules import (
    define_nightly,
    define_nightly_reference,
    define_nightly_report,
    define_triggers,
)
from assets.trigger_assets import build_trigger_asset
from assets.wave_assets import build_wave_assets
from checks import suite_process
from migration_platform.platform import Platform


@cache
def open_platform() -> Platform:
    """One platform for this process; it connects when it is first asked for records."""
    return Platform.open()


def build_definitions(open_platform: Open, suites: Suites) -> dg.Definitions:
    """Everything Dagster sees of one migration."""
    platform = open_platform()
    entities = list(platform.entities.values())
    partitions = declare_partitions(platform.plan)
    reference = [entity for entity in entities if entity.is_reference]
    patient = [entity for entity in entities if not entity.is_reference]
    jobs = define_jobs(entities, partitions)
    return dg.Definitions(
        assets=[
            *StageAssets(open_platform, suites, reference, None).build(),
            *StageAssets(open_platform, suites, patient, partitions.cohorts).build(),
            *build_wave_assets(open_platform, entities, partitions),
            build_night_asset(open_platform, entities),
            build_trigger_asset(open_platform, entities),
        ],
        jobs=list(jobs.values()),
        schedules=[
            define_nightly(jobs["nightly"], open_platform, partitions),
            define_nightly_reference(jobs["nightly_reference"], open_platform),
            define_nightly_report(jobs["nightly_report"], open_platform),
            define_triggers(jobs["triggers"], open_platform, platform.settings.trigger_minutes),
        ],
        resources={REPORT: define_report(open_platform)},
        executor=dg.in_process_executor,
    )


defs = build_definitions(open_platform, suite_process)
