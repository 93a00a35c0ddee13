"""Change: what differs between two documents, section by section, in words.

Pure. Used where something was agreed on and is no longer the same: signed evidence, sealed criteria.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

NAMES = ("wave", "cohort", "entity", "point", "name", "kind", "rule", "field", "measure", "bound")
"""What an entry of a section is known by."""

LONGEST = 60
"""Characters of a value that is shown; of a longer one, and of a digest, just that it changed."""


def describe_changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """Each difference as a phrase: `accounting, pilot-skin encounter: loaded 47 → 48`."""
    return [
        phrase
        for section in sorted(before.keys() | after.keys())
        for phrase in _compare(section, before.get(section), after.get(section))
    ]


def list_changes(changes: Sequence[str], most: int = 8) -> str:
    """For a message: the first of them, each on a line of its own."""
    shown = [f"\n  - {change}" for change in changes[:most]]
    more = [f"\n  - and {len(changes) - most} more"] if len(changes) > most else []
    return "".join([*shown, *more])


def _compare(where: str, before: Any, after: Any) -> Iterator[str]:
    if before == after:
        return
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        told = [
            name
            for name in sorted(before.keys() | after.keys())
            if before.get(name) != after.get(name)
        ]
        flat = [n for n in told if _is_plain(before.get(n)) and _is_plain(after.get(n))]
        if flat:
            yield f"{where}: " + ", ".join(_step(n, before.get(n), after.get(n)) for n in flat)
        for name in told:
            if name not in flat:
                yield from _compare(f"{where}, {name}", before.get(name), after.get(name))
    elif _is_table(before) and _is_table(after):
        old, new = _by_name(before), _by_name(after)
        for name in [*old, *(n for n in new if n not in old)]:
            if name not in new:
                yield f"{where}, {name}: is gone"
            elif name not in old:
                yield f"{where}, {name}: is new"
            else:
                yield from _compare(f"{where}, {name}", old[name], new[name])
    else:
        yield f"{where}: {_step('', before, after).strip()}"


def _is_plain(value: Any) -> bool:
    return value is None or isinstance(value, str | int | float)


def _is_table(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(v, Mapping) for v in value)


def _by_name(entries: Sequence[Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    found: dict[str, Mapping[str, Any]] = {}
    for entry in entries:
        name = " ".join(str(entry[n]) for n in NAMES if entry.get(n) not in (None, ""))
        while name in found:
            name += " again"
        found[name] = entry
    return found


def _step(name: str, before: Any, after: Any) -> str:
    shown = [_show(before), _show(after)]
    if any(len(s) > LONGEST or re.fullmatch(r"[0-9a-f]{32,}", s) for s in shown):
        return f"{name} changed"
    return f"{name} {shown[0]} → {shown[1]}"


def _show(value: Any) -> str:
    if value is None or value == []:
        return "none"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
