"""People: who may decide about waves, by role, as `people.toml` names them.

Reading and validation only. Which roles a wave asks to sign stands in `criteria`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from migration_platform.errors import ConfigurationError
from migration_platform.toml_file import TomlFile

ROLES = (
    "executive sponsor",
    "clinical lead",
    "operations lead",
    "technical lead",
    "compliance",
)


@dataclass(frozen=True, slots=True)
class People:
    """The people of each role. One person may have several roles."""

    roles: Mapping[str, tuple[str, ...]]

    def require(self, person: str) -> None:
        """Raise ConfigurationError unless the file names this person."""
        names = sorted({name for named in self.roles.values() for name in named})
        if person not in names:
            raise ConfigurationError(
                f"people.toml names nobody '{person}'. It has: {', '.join(names)}"
            )

    def holds(self, person: str, role: str) -> bool:
        return person in self.roles.get(role, ())

    def named(self, role: str) -> str:
        """The people of a role, for a sentence."""
        return " or ".join(self.roles.get(role, ())) or "nobody"


def load_people(path: Path) -> People:
    """Read `people.toml`. Raises ConfigurationError with file and line for what is not right."""
    file = TomlFile(path, "It names the people of each role: see docs/adapt.md.")
    file.known(file.raw, {"roles"}, 0, "this file")
    roles = file.raw.get("roles", {})
    at = file.line("[roles]")
    file.known(roles, set(ROLES), at, "[roles]")
    for role in ROLES:
        names = roles.get(role)
        line = file.line(role, after=at) if role in roles else at
        if not isinstance(names, list) or not names:
            raise file.fail(line, f"'{role}' needs a list with at least one person")
        if not all(isinstance(n, str) and n.strip() == n and n for n in names):
            raise file.fail(line, f"'{role}': a name is a text without spaces around it")
        if len(set(names)) < len(names):
            raise file.fail(line, f"'{role}' names somebody twice")
    return People({role: tuple(roles[role]) for role in ROLES})
