"""TOML file: one that an adapter edits, and how a mistake in it is told, with its line.

What a file may say stands with the words it declares (`wave`, `criteria`, `readiness`, `people`).
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from migration_platform.errors import ConfigurationError


class TomlFile:
    """A file as its reader sees it: the text for the lines, `raw` for what it says."""

    def __init__(
        self, path: Path, advice: str, *, parse_float: Callable[[str], Any] = float
    ) -> None:
        """Read it. Raises ConfigurationError if it cannot be read (with `advice`) or is no TOML."""
        try:
            text = path.read_text(encoding="utf-8")
        except OSError as error:
            raise ConfigurationError(
                f"{path}: cannot be read ({error.strerror}). {advice}"
            ) from error
        try:
            self.raw: dict[str, Any] = tomllib.loads(text, parse_float=parse_float)
        except tomllib.TOMLDecodeError as error:
            raise ConfigurationError(f"{path.name}: not valid TOML: {error}") from error
        self.path, self.lines = path, text.splitlines()

    def line(self, *needles: str, after: int = 0) -> int:
        """The first line, after that number of lines, which has all of the needles."""
        for number, text in enumerate(self.lines[after:], after + 1):
            code = text.split("#")[0]
            if all(n in code for n in needles):
                return number
        return after or 1

    def tables(self, header: str, after: int = 0) -> list[int]:
        """The lines on which a table with that header begins (`[[wave]]`), in order."""
        return [
            number
            for number, text in enumerate(self.lines, 1)
            if number > after and text.split("#")[0].strip() == header
        ]

    def fail(self, line: int, message: str) -> ConfigurationError:
        return ConfigurationError(f"{self.path.name}, line {line}: {message}")

    def known(self, table: dict[str, Any], names: set[str], after: int, where: str) -> None:
        """Raise ConfigurationError for a setting that there is not."""
        for key in table:
            if key not in names:
                raise self.fail(
                    self.line(key, after=max(after - 1, 0)),
                    f"{where} has no setting '{key}'. It has: {', '.join(sorted(names))}",
                )
