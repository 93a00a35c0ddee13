"""People: who may decide about waves, by role, as `people.toml` names them.

Reading and validation only. Which roles a wave asks to sign stands in `criteria`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
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
    """The people of each role. One person may have several roles. `emails` says under which address
    the company's own sign-on knows a person."""

    roles: Mapping[str, tuple[str, ...]]
    emails: Mapping[str, str] = field(default_factory=dict)

    def require(self, person: str) -> None:
        """Raise ConfigurationError unless the file names this person."""
        names = sorted({name for named in self.roles.values() for name in named})
        if person not in names:
            raise ConfigurationError(
                f"people.toml names nobody '{person}'. It has: {', '.join(names)}"
            )

    def holds(self, person: str, role: str) -> bool:
        return person in self.roles.get(role, ())

    def find_by_email(self, email: str) -> str | None:
        """The person of that address, None if it is nobody's."""
        asked = email.casefold()
        return next((p for p, given in self.emails.items() if given.casefold() == asked), None)

    def named(self, role: str) -> str:
        """The people of a role, for a sentence."""
        return " or ".join(self.roles.get(role, ())) or "nobody"


def load_people(path: Path) -> People:
    """Read `people.toml`. Raises ConfigurationError with file and line for what is not right."""
    file = TomlFile(path, "It names the people of each role: see docs/adapt.md.")
    file.known(file.raw, {"roles", "emails"}, 0, "this file")
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
    found = {role: tuple(roles[role]) for role in ROLES}
    return People(found, _read_emails(file, {name for names in found.values() for name in names}))


def _read_emails(file: TomlFile, people: set[str]) -> dict[str, str]:
    emails = file.raw.get("emails", {})
    if not emails:
        return {}
    at = file.line("[emails]")
    for person, email in emails.items():
        line = file.line(person, after=at)
        if person not in people:
            raise file.fail(line, f"'{person}' is in no role: name a person of [roles]")
        if not isinstance(email, str) or email.count("@") != 1 or email.strip() != email:
            raise file.fail(line, f"'{person}' needs one e-mail address, without spaces around it")
    if len({email.casefold() for email in emails.values()}) < len(emails):
        raise file.fail(at, "two people have one address")
    return dict(emails)
