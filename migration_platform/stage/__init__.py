"""Stage: extract, transform, load and reconcile, as every front door calls them.

Each takes a cohort and an entity (extract several, for one snapshot), does its part through the
modules that know how, and records in the store what came of it. No rule of a migration is decided
here.
"""

from migration_platform.stage.extract import extract, look_at_source
from migration_platform.stage.load import load
from migration_platform.stage.reconcile import Reconciled, reconcile
from migration_platform.stage.record import StageResult
from migration_platform.stage.suite_batch import batch, record_check
from migration_platform.stage.transform import transform

__all__ = [
    "Reconciled",
    "StageResult",
    "batch",
    "extract",
    "load",
    "look_at_source",
    "reconcile",
    "record_check",
    "transform",
]
