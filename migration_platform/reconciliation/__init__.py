"""Reconciliation: what was sent compared with what is found at the destination, by its own path.

Nothing here is shared with transform or load (a test keeps it so): the snapshot and the mapped
records are read from staging with DuckDB, the destination over ADBC with the casts written in SQL.
Counts and differences only. Whether a wave may go on is decided in `promotion`.

It cannot see: a mapping that is wrong on purpose (sent and found agree), records of the source that
changed after the extract, and destination rows of patients that no cohort has.
"""

from migration_platform.reconciliation.comparison import Reconciliation, reconcile_entity

__all__ = ["Reconciliation", "reconcile_entity"]
