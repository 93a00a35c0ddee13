"""Exception kind: whose an exception is, until when, and how it is resolved.

As `exceptions.toml` declares them, beside `waves.toml`; reading and validation only. What makes a
record an exception is decided in `mapping`, in the entity files and in `reconciliation`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from migration_platform.decision.people import ROLES
from migration_platform.errors import ConfigurationError
from migration_platform.toml_file import TomlFile

BY_FIELD = "owner of the field"
"""Instead of a role: whom `ownership.csv` names."""

MOVING = ("concern", "duplicate")
"""Finders that hold nothing back: the record moves, and somebody must look at it."""

LONGEST_HOURS = 24 * 365


@dataclass(frozen=True, slots=True)
class Kind:
    """A queue: what its exceptions mean, who owns them (a role, or `BY_FIELD`), hours until one is
    due, and the way out in words."""

    name: str
    means: str
    owner: str
    hours: int
    path: str


def load_kinds(path: Path) -> dict[str, Kind]:
    """Read `exceptions.toml`, by name, in its order. Raises ConfigurationError with file and line
    for what is not right."""
    return _Reader(path, "It names owner and hours of each kind: see docs/exceptions.md.").kinds()


def find_kind(kinds: Mapping[str, Kind], name: str) -> Kind:
    """The kind of that name. Raises ConfigurationError if nobody has declared it."""
    if name not in kinds:
        raise ConfigurationError(
            f"exceptions.toml has no kind '{name}', and a record is of it. Add a [[kind]] with owner, "
            f"hours and path. It has: {', '.join(kinds)}"
        )
    return kinds[name]


class _Reader(TomlFile):
    """Validates the parsed file and finds the line to name."""

    def kinds(self) -> dict[str, Kind]:
        self.known(self.raw, {"kind"}, 0, "this file")
        found: dict[str, Kind] = {}
        for raw, at in zip(self.raw.get("kind", []), self.tables("[[kind]]"), strict=True):
            kind = self.kind(raw, at)
            if kind.name in found:
                raise self.fail(self.line("name", after=at), f"'{kind.name}' is declared already")
            found[kind.name] = kind
        if not found:
            raise self.fail(1, "it declares no [[kind]]: what waits would be nobody's")
        return found

    def kind(self, raw: dict[str, Any], at: int) -> Kind:
        self.known(raw, {"name", "means", "owner", "hours", "path"}, at, "a [[kind]]")
        for name in ("name", "means", "owner", "path"):
            if not isinstance(raw.get(name), str) or not raw[name].strip():
                line = self.line(name, after=at) if name in raw else at
                raise self.fail(line, f"a [[kind]] needs a text for '{name}'")
        if raw["owner"] not in (*ROLES, BY_FIELD):
            raise self.fail(
                self.line("owner", after=at),
                f"'{raw['owner']}' is neither a role nor '{BY_FIELD}'. Roles: {', '.join(ROLES)}",
            )
        hours = raw.get("hours")
        if isinstance(hours, bool) or not isinstance(hours, int) or not 1 <= hours <= LONGEST_HOURS:
            line = self.line("hours", after=at) if "hours" in raw else at
            raise self.fail(line, f"'hours' must be a whole number from 1 to {LONGEST_HOURS}")
        return Kind(raw["name"], raw["means"], raw["owner"], hours, raw["path"])
