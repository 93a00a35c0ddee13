"""Address: where the room shows a thing, for links from Dagster and from the command line."""

from __future__ import annotations

from urllib.parse import quote

from migration_platform.settings import Settings


def cohort_address(settings: Settings, cohort: str, part: str = "") -> str:
    """The page of a cohort, of one of its entities, or another part of it."""
    return f"{settings.room_url}/cohorts/{quote(cohort)}" + (f"/{quote(part)}" if part else "")


def wave_address(settings: Settings, wave: str) -> str:
    return f"{settings.room_url}/waves/{quote(wave)}"
