"""Importing a Synthea CSV export: the same source, built from somebody's real files.

Tables and columns of any year come in under their names of 2024. What an export lacks is named,
never invented; a torn file changes nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

from migration_platform.errors import SourceError
from migration_platform.sample.build import remove_sample_files
from migration_platform.sample.csv_file import CsvFile
from migration_platform.sample.rebuild import Rebuild, SourceBuild, rebuild_source
from migration_platform.sample.schema import (
    ADDED,
    KNOWN,
    OWN,
    SYNTHEA,
    UNMOVED,
    patient_column,
    spell,
)
from migration_platform.settings import Settings


def import_synthea(
    settings: Settings, folder: Path, *, progress: Callable[[int, int], None] | None = None
) -> SourceBuild:
    """Rebuild the source from an export's folder. `progress` is told bytes done and bytes in all.

    Raises SourceError that names file and line when a file is torn; the previous source stays.
    """
    known, unknown = find_files(folder)
    total = sum(path.stat().st_size for path in known.values())
    reader = _Reader(total, progress)
    columns: dict[str, tuple[str, ...]] = {}
    with rebuild_source(settings) as rebuild:
        for table, path in known.items():
            columns[table] = reader.load(rebuild, table, path)
    remove_sample_files(settings.source_documents)
    return SourceBuild(
        kind="synthea",
        tables=rebuild.tables,
        missing=describe_missing(columns),
        unmoved=(
            *(table for table in UNMOVED if table in known),
            *(f"{name} (not a table that we know; not imported)" for name in unknown),
        ),
        digest=reader.digest.hexdigest(),
        patients=rebuild.tables["patients"],
    )


def find_files(folder: Path) -> tuple[dict[str, Path], tuple[str, ...]]:
    """The export's files by table, and the names of CSV files that are none of its tables."""
    if not folder.is_dir():
        raise SourceError(
            f"{folder}: no such folder. Name the folder that holds a Synthea export's CSV files."
        )
    known: dict[str, Path] = {}
    unknown = []
    for path in sorted(folder.iterdir()):
        if path.suffix.lower() != ".csv" or not path.is_file():
            continue
        table = path.stem.lower()
        if table in known:
            raise SourceError(
                f"{folder}: both {known[table].name} and {path.name} hold {table}. Remove one."
            )
        if table in KNOWN:
            known[table] = path
        else:
            unknown.append(path.name)
    if "patients" not in known:
        raise SourceError(
            f"{folder}: no patients.csv. Name the folder that holds a Synthea export's CSV files "
            "(patients.csv, encounters.csv, conditions.csv …), usually output/csv."
        )
    return known, tuple(unknown)


def describe_missing(columns: dict[str, tuple[str, ...]]) -> tuple[str, ...]:
    """What the export lacks, one sentence a table, the export's own tables first."""
    sentences = [f"The export has no table {table}." for table in SYNTHEA if table not in columns]
    for table, found in columns.items():
        if lacking := [name for name in SYNTHEA.get(table, ()) if name not in found]:
            sentences.append(f"The export's table {table} lacks {', '.join(lacking)}.")
    for table, added in ADDED.items():
        if lacking := [name for name in added if name not in columns.get(table, added)]:
            sentences.append(
                f"The telehealth company's own columns are not in table {table}: "
                f"{', '.join(lacking)}."
            )
    sentences += [
        f"The telehealth company's own table {table} is not there."
        for table in OWN
        if table not in columns
    ]
    return tuple(sentences)


def spell_header(table: str, file: str, header: tuple[str, ...]) -> tuple[str, ...]:
    """The header as the source spells it. Raises SourceError if it is none of that table."""
    spelled = tuple(spell(table, name) for name in header)
    if twice := sorted({name for name in spelled if spelled.count(name) > 1}):
        raise SourceError(f"{file}, line 1: two columns are named {', '.join(twice)}. Remove one.")
    needed = patient_column(table) or "Id"
    if needed not in spelled:
        raise SourceError(
            f"{file}, line 1: no column {needed}, so this is not a header of {table}. "
            f"Expected: {', '.join(SYNTHEA.get(table, KNOWN[table]))}."
        )
    return spelled


class _Reader:
    """Loads files into a rebuild, with one digest and one progress over all of them."""

    def __init__(self, total: int, progress: Callable[[int, int], None] | None) -> None:
        self.digest = hashlib.sha256()
        self._total, self._progress, self._done = total, progress, 0

    def load(self, rebuild: Rebuild, table: str, path: Path) -> tuple[str, ...]:
        self.digest.update(f"{table} {path.stat().st_size}\n".encode())
        file = CsvFile(path, self._take)
        try:
            columns = spell_header(table, file.name, file.header)
            rebuild.create(table, columns)
            rebuild.copy(table, file.records())
        finally:
            file.close()
        return columns

    def _take(self, data: bytes) -> None:
        self.digest.update(data)
        self._done += len(data)
        if self._progress and data:
            self._progress(self._done, self._total)
