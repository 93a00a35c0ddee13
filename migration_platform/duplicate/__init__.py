"""Duplicates: patients who are registered twice. Proposed by a search, decided by a person."""
