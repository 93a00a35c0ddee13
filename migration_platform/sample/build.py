"""Building the sample: the generated rows into the source database, the files beside it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import polars as pl

from migration_platform.sample.documents import store_files
from migration_platform.sample.generate import digest_of, generate
from migration_platform.sample.rebuild import Rebuild, SourceBuild, rebuild_source
from migration_platform.sample.schema import SAMPLE
from migration_platform.settings import Settings, make_private

_MARK = ".migration-sample"
"""Stands in each folder of files that we wrote: no other folder is ever removed."""


def build_sample(
    settings: Settings,
    *,
    patients: int = 300,
    seed: int = 7,
    progress: Callable[[int, int], None] | None = None,
) -> SourceBuild:
    """Rebuild the source with that many generated patients. The same call yields the same source.

    `progress` is told patients done and patients in all. A process killed on the way leaves the
    previous source as it was.
    """
    reference, chunks = generate(patients, seed)
    digest = digest_of(patients, seed)
    folder = make_private(settings.source_documents) / digest[:8]
    make_private(folder)
    (folder / _MARK).touch()
    done = 0
    with rebuild_source(settings) as rebuild:
        for table, columns in SAMPLE.items():
            rebuild.create(table, columns)
        _copy(rebuild, reference)
        for chunk in chunks:
            _copy(rebuild, chunk.tables)
            store_files(settings.source_documents, chunk.files)
            done += chunk.patients
            if progress:
                progress(done, patients)
    remove_sample_files(settings.source_documents, but=folder.name)
    return SourceBuild(
        kind="sample",
        tables=rebuild.tables,
        missing=(),
        unmoved=(),
        digest=digest,
        patients=patients,
    )


def remove_sample_files(documents: Path, but: str = "") -> None:
    """Remove the files of samples that the source no longer speaks of."""
    if documents.is_dir():
        for folder in documents.iterdir():
            if folder.name != but and (folder / _MARK).is_file():
                shutil.rmtree(folder)


def _copy(rebuild: Rebuild, tables: dict[str, pl.DataFrame]) -> None:
    for table, rows in tables.items():
        rebuild.copy(table, [rows.write_csv(include_header=False).encode()])
