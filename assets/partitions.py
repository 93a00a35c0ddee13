"""Partitions: the cohorts and waves of `waves.toml`, as Dagster counts them.

A cohort is a partition key, and so is a wave; which cohort belongs to which wave is read from the
plan. Who belongs to a cohort is the engine's business.
"""

from dataclasses import dataclass

import dagster as dg

from migration_platform.wave import Plan

WAVE_TAG = "migration/wave"
"""On every run of a cohort or wave, so that the Runs page can be filtered by wave."""


@dataclass(frozen=True, slots=True)
class Partitions:
    """The two kinds of partition, and how the one leads to the other."""

    cohorts: dg.StaticPartitionsDefinition
    waves: dg.StaticPartitionsDefinition
    wave_of_cohort: dict[str, str]

    @property
    def cohorts_to_waves(self) -> dg.StaticPartitionMapping:
        """Gives a wave's partition all of its cohorts: the lineage of the gate."""
        return dg.StaticPartitionMapping(dict(self.wave_of_cohort))


def declare_partitions(plan: Plan) -> Partitions:
    """The partitions of a plan, in its order."""
    return Partitions(
        cohorts=dg.StaticPartitionsDefinition([cohort.name for cohort in plan.cohorts]),
        waves=dg.StaticPartitionsDefinition([wave.name for wave in plan.waves]),
        wave_of_cohort={cohort.name: cohort.wave for cohort in plan.cohorts},
    )
