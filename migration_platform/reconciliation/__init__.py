"""Reconciliation: what was sent compared with what is found at the destination, by its own path.

Nothing here is shared with transform or load (a test keeps it so): the snapshot and the mapped
records are read from staging with DuckDB, the destination over ADBC with the casts written in SQL.
Whether a wave may go on is decided in `promotion`.
"""
