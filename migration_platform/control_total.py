"""Control totals as `control_totals.toml` declares them: sums that both platforms must agree on.

A total is computed twice, in SQL that its author wrote twice: over the source's own text, without
any mapping, and over the destination's tables. Parsing and validation only; running and comparing
them stands in `reconciliation.total`.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from migration_platform.errors import ConfigurationError

PREFIX = "cohort_"
"""In destination SQL: `cohort_payment` is the table `payment`, only the cohort's own rows of it."""

_KEYS = {"name", "entity", "sentence", "source", "destination", "must_be_empty"}
_COHORT_TABLE = re.compile(rf"\b{PREFIX}(\w+)\b")


@dataclass(frozen=True, slots=True)
class ControlTotal:
    """One total. `source` is DuckDB over the snapshots, `destination` Postgres.

    Both return the group's columns, then `count`, then `total`; `source` has `_end` before them.
    With `must_be_empty` a single record in it is wrong, even if both sides agree.
    """

    name: str
    entity: str
    sentence: str
    source: str
    destination: str
    must_be_empty: bool = False

    @property
    def cohort_tables(self) -> tuple[str, ...]:
        """The entities whose rows the destination SQL reads, only the cohort's own."""
        return tuple(dict.fromkeys(_COHORT_TABLE.findall(self.destination)))


def digest_totals(totals: Collection[ControlTotal]) -> str:
    """Digest of what is asked; empty if nothing is."""
    if not totals:
        return ""
    return hashlib.sha256("\n".join(repr(each) for each in totals).encode()).hexdigest()


def load_control_totals(path: Path, entities: Collection[str]) -> tuple[ControlTotal, ...]:
    """Read the file. Raises ConfigurationError with file and line for anything that is not right."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(
            f"{path}: cannot be read ({error.strerror}). Set MIGRATION_CONTROL_TOTALS to your file "
            "of control totals; an empty one asks for none."
        ) from error
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"{path.name}: not valid TOML: {error}") from error
    return _Reader(path, text.splitlines(), entities).totals(raw)


class _Reader:
    """Validates the parsed file and finds the line to name."""

    def __init__(self, path: Path, lines: list[str], entities: Collection[str]) -> None:
        self.path, self.entities = path, entities
        self.lines = lines
        self.heads = [n for n, line in enumerate(lines, 1) if line.strip() == "[[total]]"]

    def totals(self, raw: Mapping[str, Any]) -> tuple[ControlTotal, ...]:
        for key in raw:
            if key != "total":
                raise self.fail(self.line(key, 1), f"this file has [[total]] only, not '{key}'")
        declared = raw.get("total", [])
        if len(declared) != len(self.heads):
            raise self.fail(1, "write each total under a line of its own: [[total]]")
        found: dict[str, ControlTotal] = {}
        for at, each in zip(self.heads, declared, strict=True):
            total = self.total(each, at)
            if total.name in found:
                raise self.fail(self.line("name", at), f"a second total is named '{total.name}'")
            found[total.name] = total
        return tuple(found.values())

    def total(self, raw: Mapping[str, Any], at: int) -> ControlTotal:
        for key in raw:
            if key not in _KEYS:
                raise self.fail(
                    self.line(key, at),
                    f"a total has no setting '{key}'. It has: {', '.join(sorted(_KEYS))}",
                )
        for key in ("name", "entity", "sentence", "source", "destination"):
            if not isinstance(raw.get(key), str) or not raw[key].strip():
                raise self.fail(self.line(key, at), f"a total needs '{key}', as a text")
        empty = raw.get("must_be_empty", False)
        if not isinstance(empty, bool):
            raise self.fail(self.line("must_be_empty", at), "must_be_empty is true or false")
        total = ControlTotal(
            name=raw["name"].strip(),
            entity=raw["entity"].strip(),
            sentence=raw["sentence"].strip(),
            source=raw["source"].strip().rstrip(";"),
            destination=raw["destination"].strip().rstrip(";"),
            must_be_empty=empty,
        )
        if total.entity not in self.entities:
            raise self.unknown(total, total.entity, self.line("entity", at))
        for name in total.cohort_tables:
            if name not in self.entities:
                raise self.unknown(total, name, self.line(PREFIX + name, at))
        if f"{PREFIX}{total.entity}" not in total.destination:
            raise self.fail(
                self.line("destination", at),
                f"total '{total.name}': read the cohort's own rows, {PREFIX}{total.entity}: other "
                "cohorts' rows stand in the same table",
            )
        if "_end" not in total.source:
            raise self.fail(
                self.line("source", at),
                f"total '{total.name}': return _end first, so that only records that moved are "
                "compared and the others are shown",
            )
        return total

    def unknown(self, total: ControlTotal, name: str, line: int) -> ConfigurationError:
        known = ", ".join(self.entities)
        return self.fail(
            line, f"total '{total.name}': no entity is named '{name}'. There are: {known}"
        )

    def line(self, needle: str, after: int) -> int:
        """The first line from `after` on, and before the next total, that holds the word."""
        until = next((head for head in self.heads if head > after), len(self.lines) + 1)
        for number in range(after, until):
            if re.search(
                rf"(?<!\w){re.escape(needle)}(?!\w)", self.lines[number - 1].split("#")[0]
            ):
                return number
        return after

    def fail(self, line: int, message: str) -> ConfigurationError:
        return ConfigurationError(f"{self.path.name}, line {line}: {message}")
