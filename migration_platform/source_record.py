"""Source record: from a token to the record behind it, for who may see it.

It reads patient data in the staging area; nothing of it is kept or logged.
"""

from __future__ import annotations

from migration_platform.errors import ConfigurationError
from migration_platform.platform import Platform
from migration_platform.staging import Kind, quote_name, quote_text
from migration_platform.token import token as token_of

BATCH = 10_000


def find_source_id(platform: Platform, cohort: str, entity: str, token: str) -> str:
    """The source id of a record by its token: those cannot be turned back, only made again and
    compared. Raises ConfigurationError if no staged record of the cohort has it."""
    key, path = platform.settings.token_key(), platform.staging.path(cohort, entity, "ends")
    if path.exists():
        with platform.staging.connect() as duck:
            cursor = duck.execute(f"SELECT source_id FROM read_parquet({quote_text(str(path))})")
            while rows := cursor.fetchmany(BATCH):
                for (source_id,) in rows:
                    if token_of(key, entity, source_id) == token:
                        return str(source_id)
    raise ConfigurationError(
        f"{entity} in cohort {cohort} has no source record {token}: it was found at the destination "
        f"only, or the cohort's staged files are gone (`migration run --cohort {cohort}`)"
    )


def read_source(platform: Platform, cohort: str, entity: str, source_id: str) -> dict[str, str]:
    """The record's source columns that say something, as the snapshot has them."""
    return {
        name: str(value)
        for name, value in _row(platform, cohort, entity, "extract", source_id).items()
        if value is not None and not name.startswith("_")
    }


def read_ruled(platform: Platform, cohort: str, entity: str, number: int) -> str | None:
    """The value behind an entry of the history."""
    path = platform.staging.path(cohort, entity, "rulings")
    if not path.exists():
        return None
    with platform.staging.connect() as duck:
        rows = duck.execute(
            f"SELECT value FROM read_parquet({quote_text(str(path))}) WHERE number = ?", [number]
        ).fetchall()
    return rows[0][0] if rows else None


def _row(
    platform: Platform, cohort: str, entity: str, kind: Kind, source_id: str
) -> dict[str, object]:
    path = platform.staging.path(cohort, entity, kind)
    if not path.exists():
        return {}
    with platform.staging.connect() as duck:
        found = duck.execute(
            f"SELECT * FROM read_parquet({quote_text(str(path))}) WHERE {quote_name('_source_id')} = ?",
            [source_id],
        )
        names = [column[0] for column in found.description]
        rows = found.fetchall()
    return dict(zip(names, rows[0], strict=True)) if rows else {}
