"""Waiver: differences that a named person accepts for a while."""
