"""The tiny migration as a code location of its own: what Dagster's daemon and its run processes load.

Where it is stands in the environment, as for the real one. No test stands here.
"""

import dagster as dg

from assets.definitions import build_definitions
from migration_platform.platform import Platform
from migration_platform.settings import Settings
from migration_platform.wave import load_plan
from tests.assets.conftest import ENTITIES, ObedientSuites, name_suite


@dg.definitions
def defs() -> dg.Definitions:
    """Everything Dagster sees of it."""
    settings = Settings.load()
    platform = Platform(settings, load_plan(settings.waves_file), ENTITIES, suites=name_suite)
    return build_definitions(lambda: platform, ObedientSuites({}))


def define_cohort_job() -> dg.JobDefinition:
    """The job that moves a cohort."""
    return defs().resolve_job_def("cohort")
