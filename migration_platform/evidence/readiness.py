"""Readiness: what must be done before a wave may go on that no query can see (`readiness.toml`).

Reading and validation, and the verdict's part. That an item is done is an entry of the decision log.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from migration_platform.decision.people import ROLES
from migration_platform.toml_file import TomlFile


@dataclass(frozen=True, slots=True)
class Item:
    """Something to be done for a wave by a day, and the role that says when it is."""

    wave: str
    name: str
    says: str
    owner: str
    due: date


def load_readiness(path: Path, waves: Sequence[str]) -> tuple[Item, ...]:
    """Read `readiness.toml`; a file that is not there declares nothing.

    Raises ConfigurationError with file and line for what is not right.
    """
    if not path.exists():
        return ()
    file = TomlFile(path, "")
    file.known(file.raw, {"item"}, 0, "this file")
    found: list[Item] = []
    for raw, line in zip(file.raw.get("item", []), file.tables("[[item]]"), strict=True):
        found += _items(file, raw, line, waves)
    for item in found:
        twins = [i for i in found if (i.wave, i.name) == (item.wave, item.name)]
        if len(twins) > 1:
            first = file.line("name", f'"{item.name}"')
            again = file.line("name", f'"{item.name}"', after=first)
            raise file.fail(again, f"a second item of wave {item.wave} is named '{item.name}'")
    return tuple(found)


def _items(file: TomlFile, raw: dict[str, Any], at: int, waves: Sequence[str]) -> list[Item]:
    """An item, once for each of its waves."""
    name = raw.get("name")
    if not isinstance(name, str) or not name.replace("-", "").isalnum():
        raise file.fail(at, "an [[item]] needs a name of letters, digits and -")
    file.known(raw, {"name", "waves", "owner", "due", "says"}, at, f"item '{name}'")

    def line(key: str) -> int:
        return file.line(key, after=at) if key in raw else at

    named = raw.get("waves")
    if not isinstance(named, list) or not named:
        raise file.fail(line("waves"), f"item '{name}' needs waves = [...]: those it is for")
    for wave in named:
        if wave not in waves:
            raise file.fail(
                line("waves"), f"no wave is named '{wave}'. There are: {', '.join(waves)}"
            )
    if raw.get("owner") not in ROLES:
        raise file.fail(line("owner"), f"item '{name}' needs an owner, one of: {', '.join(ROLES)}")
    due = raw.get("due")
    if not isinstance(due, date) or isinstance(due, datetime):
        raise file.fail(line("due"), f"item '{name}' needs a day, as in due = 2026-12-01")
    says = raw.get("says")
    if not isinstance(says, str) or not says.strip():
        raise file.fail(
            line("says"), f"item '{name}' needs says = \"…\": what is true once it is done"
        )
    return [Item(wave, name, says, raw["owner"], due) for wave in named]


def find_undone(document: Mapping[str, Any], at: datetime) -> Iterator[str]:
    """Items of an evidence document that nobody has said are done, by owner, the latest first."""
    if not document["readiness"]:
        yield (
            f"no readiness item is declared for wave {document['wave']}: say in readiness.toml what "
            "must be done beforehand"
        )
    undone = [i for i in document["readiness"] if i["done"] is None]
    undone.sort(key=lambda i: (i["due"], i["name"]))
    for owner in dict.fromkeys(i["owner"] for i in undone):
        theirs = [i for i in undone if i["owner"] == owner]
        late = sum(date.fromisoformat(i["due"]) < at.date() for i in theirs)
        when = (
            f"{late} late, the first was due {theirs[0]['due']}"
            if late
            else f"due {theirs[0]['due']}"
        )
        names = " ".join(i["name"] for i in theirs)
        yield (
            f"not ready: {names.replace(' ', ', ')} ({owner}, {when}): `migration ready "
            f"{document['wave']} {names}`"
        )
