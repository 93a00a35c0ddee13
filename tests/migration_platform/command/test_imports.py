"""What the commands that only read may import: with these they would take seconds, not half of one."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

SLOW = ("polars", "duckdb", "pyarrow", "sqlalchemy", "alembic", "jinja2", "dagster", "numpy",
        "great_expectations", "assets.entities")  # fmt: skip

RUN = f"""\
import sys
from migration_platform.command import main
try:
    main()
except SystemExit:
    pass
sys.exit("imported: " + ", ".join(n for n in {SLOW!r} if n in sys.modules))
"""


def imported_by(*words: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", RUN, *words],
        cwd=Path(__file__).parents[3], capture_output=True, text=True, check=False,
    )  # fmt: skip
    return done.stderr.splitlines()[-1].strip()


@pytest.mark.parametrize(
    "words",
    [
        ("--help",),
        ("up",),
        ("status",),
        ("accounting",),
        ("exceptions",),
        ("duplicates", "list"),
        ("promote", "active"),
        ("promote", "pilot"),
    ],
    ids=" ".join,
)
def test_a_command_that_reads_imports_nothing_slow(home: Path, words: tuple[str, ...]) -> None:
    imported_by("status")  # the first one makes the tables, and learns which entities there are

    assert imported_by(*words) == "imported:"


def test_what_only_explains_itself_imports_no_database_driver_either() -> None:
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "migration_platform", "--help"],
        cwd=Path(__file__).parents[3], capture_output=True, text=True, check=True,
    )  # fmt: skip

    assert "migration_platform.command" in done.stderr
    assert "psycopg" not in done.stderr


def test_a_command_that_prints_mappings_imports_them_and_nothing_else(home: Path) -> None:
    assert imported_by("mapping") == "imported: polars, assets.entities"
