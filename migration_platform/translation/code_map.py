"""Code maps: a source code to a destination code, through a CSV file that an adapter edits.

Columns source_code, destination_code, note. Letter case and surrounding space of the source code
are ignored. A code without a row is a problem, so that nobody guesses: add a row on purpose.
"""

from __future__ import annotations

import csv
from pathlib import Path

import polars as pl

from migration_platform.entity import Reading, Translation
from migration_platform.errors import ConfigurationError
from migration_platform.translation.word import filled, problem_unless

HEADER = ["source_code", "destination_code", "note"]

_TRUE, _FALSE = ("true", "t", "yes", "y", "1"), ("false", "f", "no", "n", "0")


def read_code_map(path: Path) -> dict[str, str]:
    """Destination code by source code (trimmed, lower case).

    Raises ConfigurationError with file and line for a missing file, another header, an empty code
    or a source code that stands twice.
    """
    found: dict[str, str] = {}
    lines: dict[str, int] = {}
    try:
        with path.open(encoding="utf-8", newline="") as file:
            reader = csv.reader(file)
            if next(reader, None) != HEADER:
                raise ConfigurationError(f"{path}:1: the header must be {','.join(HEADER)}")
            for row in reader:
                if not row:
                    continue
                line = reader.line_num
                if len(row) != len(HEADER) or not row[0].strip() or not row[1].strip():
                    raise ConfigurationError(
                        f"{path}:{line}: a row needs a source code, a destination code and a note "
                        "(the note may be empty); quote a field that holds a comma"
                    )
                source = row[0].strip().lower()
                if source in found:
                    raise ConfigurationError(
                        f"{path}:{line}: source code {row[0].strip()!r} stands on line "
                        f"{lines[source]} already (letter case is ignored); remove one"
                    )
                found[source], lines[source] = row[1].strip(), line
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path}: code map cannot be read: {error}") from error
    if not found:
        raise ConfigurationError(f"{path}: the code map has no rows; every value would be refused")
    return found


def code(column: str, code_map: Path) -> Translation:
    """A code, through the CSV file `code_map`."""
    codes = read_code_map(code_map)
    given = filled(column)
    value = given.str.to_lowercase().replace_strict(
        list(codes), list(codes.values()), default=None, return_dtype=pl.String
    )
    name = f"code_maps/{code_map.name}"
    return Translation(
        sentence=f"{column} through {name}, letter case ignored, empty is no value",
        columns=(column,),
        value=value,
        problem=problem_unless(value, given, f"no translation in {name}"),
        reading=Reading(
            "code",
            (column,),
            (("code_map", str(code_map)),),
            loss=f"letter case; {len(codes)} codes of {name} become {len(set(codes.values()))}"
            if len(set(codes.values())) < len(codes)
            else "letter case",
        ),
        files=(code_map,),
        kind="unmapped code",
    )


def boolean(column: str) -> Translation:
    """Yes or no, in the usual spellings."""
    given = filled(column)
    value = given.str.to_lowercase().replace_strict(
        [*_TRUE, *_FALSE],
        [True] * len(_TRUE) + [False] * len(_FALSE),
        default=None,
        return_dtype=pl.Boolean,
    )
    return Translation(
        sentence=f"{column}: {', '.join(_TRUE)} is true; {', '.join(_FALSE)} is false",
        columns=(column,),
        value=value,
        problem=problem_unless(value, given, "neither yes nor no"),
        reading=Reading("boolean", (column,), loss="which word for yes or no was written"),
    )
