"""Trigger: figures from operation, the rollback triggers over them, and what follows when one trips."""
