"""Rollback: loads taken back, and the drills that rehearse it.

What is done at the destination for it stands in `destination`.
"""
