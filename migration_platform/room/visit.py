"""Visit: one request of somebody, and what can be answered to it. No HTTP but the words of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from migration_platform.decision.right import Action, explain_lack, may

if TYPE_CHECKING:
    from migration_platform.platform import Platform
    from migration_platform.room.app import Room


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who reads. `account` is None for who came in without a password of ours; `must_change`
    until its password is one that only its owner knows."""

    person: str
    roles: tuple[str, ...]
    account: str | None
    must_change: bool = False


@dataclass(frozen=True, slots=True)
class Visit:
    """What was asked, by whom. `viewer` is None before signing in. `held` is what the browser holds
    of its session, `address` where it is."""

    room: Room
    platform: Platform
    viewer: Viewer | None
    path: Mapping[str, str]
    query: Mapping[str, str]
    form: Mapping[str, Sequence[str]]
    zone: str
    address: str
    held: str = ""
    signature: str = ""
    """What each form must send back, so that no other site can send it."""
    sent: str = ""
    """What this browser holds since it was sent to the company's sign-on."""

    @property
    def person(self) -> str:
        assert self.viewer is not None
        return self.viewer.person

    def said(self, name: str) -> str:
        """A field of the form, without spaces around it; empty if it was not sent."""
        return (self.form.get(name) or [""])[0].strip()

    def may(self, action: Action) -> bool:
        return self.viewer is not None and may(self.platform.people, self.person, action)

    def lack(self, action: Action) -> str:
        """Why the viewer may not, empty if they may."""
        return explain_lack(self.platform.people, self.person, action)


@dataclass(frozen=True, slots=True)
class Shown:
    """A page: its template and what it says. `cookies` are set with it."""

    template: str
    values: Mapping[str, Any]
    status: int = 200
    cookies: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Moved:
    """See there."""

    url: str
    cookies: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class File:
    """Something to be kept as a file, or shown as it stands if it has no name."""

    content: str | Iterable[str]
    kind: str
    name: str = ""


Answer = Shown | Moved | File
