"""Sheet: a page that is a first line and tables below it, which most pages are."""

from __future__ import annotations

from dataclasses import dataclass

from migration_platform.room.page.headline import Headline
from migration_platform.room.table import Table


@dataclass(frozen=True, slots=True)
class Part:
    """A table under its heading."""

    title: str
    table: Table
    lead: str = ""


@dataclass(frozen=True, slots=True)
class Sheet:
    """`trail` leads here, `links` on: pairs of an address and words."""

    here: str
    headline: Headline
    parts: tuple[Part, ...]
    trail: tuple[tuple[str, str], ...] = (("/", "Waves"),)
    links: tuple[tuple[str, str], ...] = ()

    @property
    def tables(self) -> tuple[Table, ...]:
        return tuple(part.table for part in self.parts)
