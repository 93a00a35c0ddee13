"""Code row: a row added to a code map because a record waits with a code that has none.

The row resolves every record with that code. How a code map is read stands in
`translation.code_map`.
"""

from __future__ import annotations

import csv
import io
import os
from dataclasses import dataclass
from pathlib import Path

from migration_platform.entity import Translation
from migration_platform.errors import ConfigurationError
from migration_platform.exception.resolution import (
    Waiting,
    find_waiting,
    record_code,
    require_owner,
    require_text,
)
from migration_platform.exception.ruling import Act
from migration_platform.platform import Platform
from migration_platform.source_record import find_source_id, read_source

UNMAPPED = "unmapped code"


@dataclass(frozen=True, slots=True)
class MissingCode:
    """A source code without a row, the file that lacks it, and the codes that its rows become."""

    entity: str
    field: str
    file: Path
    source_code: str
    becomes: tuple[str, ...]


def find_missing_code(platform: Platform, token: str) -> tuple[Waiting, MissingCode]:
    """The code that a record waits with. Raises ConfigurationError if it waits for something else."""
    from migration_platform.translation.code_map import read_code_map

    waiting = find_waiting(platform, token, "transform")
    if waiting.kind != UNMAPPED:
        raise ConfigurationError(
            f"record {token} waits as {waiting.kind}, and not with a code that no code map has"
        )
    declared = platform.entity(waiting.entity)
    origin = next(f.origin for f in declared.fields if f.name == waiting.field)
    if not isinstance(origin, Translation) or len(origin.files) != 1 or len(origin.columns) != 1:
        raise ConfigurationError(
            f"{waiting.entity}.{waiting.field} is not one column through one code map: add the row by "
            "hand"
        )
    source_id = find_source_id(platform, waiting.cohort, waiting.entity, token)
    text = read_source(platform, waiting.cohort, waiting.entity, source_id)
    [file] = origin.files
    return waiting, MissingCode(
        waiting.entity,
        waiting.field,
        file,
        text.get(origin.columns[0], "").strip(),
        tuple(sorted(set(read_code_map(file).values()))),
    )


def add_code(
    platform: Platform, token: str, *, becomes: str, person: str, reason: str
) -> tuple[Act, MissingCode]:
    """Add the row that the record lacks. It counts from the next run on.

    Raises ConfigurationError for a code that no row of the map becomes (a new one is added by hand,
    with the suite that must know it), GateClosedError unless the person has the owner's role.
    """
    waiting, missing = find_missing_code(platform, token)
    require_owner(platform, person, waiting)
    require_text(reason)
    if becomes not in missing.becomes:
        raise ConfigurationError(
            f"no row of {missing.file.name} becomes '{becomes}'. Its rows become: "
            f"{', '.join(missing.becomes)}. If the destination has the code all the same, add the row "
            "by hand"
        )
    _append(missing.file, [missing.source_code, becomes, reason])
    name = f"code_maps/{missing.file.name}"
    act = record_code(platform, waiting, file=name, becomes=becomes, person=person, reason=reason)
    return act, missing


def _append(file: Path, row: list[str]) -> None:
    """Put a row at the end of a code map, if it is a code map with it."""
    from migration_platform.translation.code_map import read_code_map

    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow(row)
    text = file.read_text(encoding="utf-8")
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        draft.write_text(text + ("" if text.endswith("\n") else "\n") + line.getvalue(), "utf-8")
        read_code_map(draft)
        draft.chmod(file.stat().st_mode & 0o777)
        os.replace(draft, file)
    finally:
        draft.unlink(missing_ok=True)
