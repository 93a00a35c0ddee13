"""Migration Platform's engine: mapping, load, reconciliation, evidence and promotion.

Plain Python, Polars, DuckDB and SQL. It imports neither the orchestrator nor the expectation
library, and nothing from `assets` or `checks`: what it needs of those is handed to it.
"""
